//! The simulator as a process: it says where it listens, starts again at SIGHUP, and ends as NetBird does.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use netbird_sim::browser::send;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(config: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netbird-sim"));
    command.args(["--listen", "127.0.0.1:0", "--config"]).arg(config);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn it_serves_what_its_file_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("config.yaml");
    std::fs::write(&path, common::COMBINED).expect("written");
    let mut program = Program(command(&path).spawn().expect("it runs"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("output")).lines();
    let first = lines.next().expect("a line").expect("text");
    let url = first.strip_prefix("netbird-sim listens on ").expect("where it listens");
    let answer = send(url, "GET", "/api/instance", &[], "").expect("an answer");
    assert_eq!(answer.body, r#"{"setup_required":true}"#);
    let pid = program.0.id().to_string();
    let killed = Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs");
    assert!(killed.success());
    let again = lines.next().expect("a line").expect("text");
    assert_eq!(again, first, "the same port");
    let killed = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    assert!(killed.success());
    assert!(program.0.wait().expect("it ends").success());
}

#[test]
fn it_ends_where_netbird_ends() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("management.json");
    std::fs::write(&path, "{{").expect("written");
    let ended = command(&path).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("FATL failed reading provided config file"), "{said}");
}
