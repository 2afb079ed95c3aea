//! A server that publishes one key, and signs whatever it is given.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

const KEY: &str = include_str!("../../keys/dex.key.pem");

/// Seconds since 1970.
pub fn now() -> i64 {
    authentik_sim::plumbing::now(0)
}

#[derive(Default)]
struct Inner {
    fetches: AtomicUsize,
    silent: AtomicBool,
    stop: AtomicBool,
    cache: Mutex<String>,
}

pub struct Issuer {
    address: SocketAddr,
    pair: RsaKeyPair,
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Issuer {
    pub fn start() -> Self {
        let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).expect("base64")).expect("a key");
        let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let keys = json!({"keys": [{
            "kty": "RSA", "kid": "key", "n": URL_SAFE_NO_PAD.encode(parts.n), "e": URL_SAFE_NO_PAD.encode(parts.e),
        }]});
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner::default());
        let shared = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    answer(stream, &shared, &keys.to_string());
                }
            }
        });
        Self { address, pair, inner, thread: Mutex::new(Some(thread)) }
    }

    /// With the final slash that Authentik's issuers have.
    pub fn url(&self) -> String {
        format!("http://{}/application/o/netbird/", self.address)
    }

    pub fn fetches(&self) -> usize {
        self.inner.fetches.load(Ordering::SeqCst)
    }

    /// Whether it answers at all.
    pub fn answers(&self, answers: bool) {
        self.inner.silent.store(!answers, Ordering::SeqCst);
    }

    /// The Cache-Control of its keys.
    pub fn cache(&self, value: &str) {
        value.clone_into(&mut self.inner.cache.lock().expect("the lock"));
    }

    pub fn stop(&self) {
        if let Some(thread) = self.thread.lock().expect("the lock").take() {
            self.inner.stop.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(self.address);
            let _ = thread.join();
        }
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "RS256", "kid": "key"}), claims)
    }

    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        signed.expect("a signature");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn answer(mut stream: TcpStream, inner: &Inner, keys: &str) {
    let mut head = vec![];
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    if inner.silent.load(Ordering::SeqCst) {
        return;
    }
    inner.fetches.fetch_add(1, Ordering::SeqCst);
    let cache = inner.cache.lock().expect("the lock").clone();
    let cache = if cache.is_empty() { cache } else { format!("Cache-Control: {cache}\r\n") };
    let length = keys.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{cache}Content-Length: {length}\r\nConnection: close\r\n\r\n{keys}"
    );
}
