//! Tools of Debian that judge what is shipped, where a machine has them. `.ci/run` installs them and does without none.

use std::process::{Command, Output};

/// What the tool says; nothing, and a line that says so, where it is not installed.
pub fn run(package: &str, tool: &str, args: &[&str]) -> Option<Output> {
    match Command::new(tool).args(args).output() {
        Ok(output) => Some(output),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let missing = format!("{tool} is not installed (apt-get install {package})");
            assert!(std::env::var_os("REQUIRE_TOOLS").is_none(), "{missing}");
            eprintln!("NOT RUN: {missing}");
            None
        }
        Err(e) => panic!("{tool}: {e}"),
    }
}

/// What it said, for people.
pub fn words(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}
