//! Tools of Debian that judge what is shipped, where a machine has them. `.ci/run` installs them and does without none.

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

/// What the first of these names that is installed says to this input; nothing, and a line that says so, where none is.
pub fn run(package: &str, names: &[&str], args: &[&str], input: &str) -> Option<Output> {
    for name in names {
        let mut command = Command::new(name);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match command.spawn() {
            Ok(mut child) => {
                child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
                return Some(child.wait_with_output().unwrap());
            }
            Err(e) => assert_eq!(e.kind(), ErrorKind::NotFound, "{name}: {e}"),
        }
    }
    let missing = format!("{} is not installed (apt-get install {package})", names[0]);
    assert!(std::env::var_os("REQUIRE_TOOLS").is_none(), "{missing}");
    eprintln!("NOT RUN: {missing}");
    None
}

/// What it said, for people.
pub fn words(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}
