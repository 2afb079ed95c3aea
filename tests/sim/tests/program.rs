//! The program: it says where it listens, and ends when told to.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use common::send;

#[test]
fn the_program_listens_where_it_says_and_ends_on_sigterm() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_authentik-sim"))
        .args(["--listen", "127.0.0.1:0", "--profile", "2024.2", "--startup", "ready"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("an output");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap_or_default()
        .to_owned();
    assert_eq!(send(&url, "GET", "/-/health/live/", &[], "").expect("an answer").status, 204);
    let told =
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    assert!(child.wait().expect("an end").success());
}

#[test]
fn unknown_options_and_profiles_are_named() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_authentik-sim"))
            .args(arguments)
            .output()
            .expect("the program runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (fine, text) = run(&["--profile", "1.0"]);
    assert!(!fine && text.contains("2026.2"));
    let (fine, text) = run(&["--nonsense", "1"]);
    assert!(!fine && text.contains("--nonsense"));
}
