//! One request over a socket of its own: what a test asks beside the program.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// Status and JSON of the answer; `headers` are whole lines, separated by CRLF.
pub fn request(url: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
    let (status, _, body) = exchange(url, method, path, headers, body);
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// Status, head and body of the answer.
pub fn exchange(
    url: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (u16, String, String) {
    let authority = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
         Content-Length: {}\r\n{headers}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, head.to_owned(), body.to_owned())
}
