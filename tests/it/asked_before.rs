//! What keeps the files from being written is asked before Authentik is changed, and by `plan` too; and what only somebody
//! else may change about a file of this container is no reason to go on with it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, mknodat};

use crate::support::{Case, Ended};
use crate::volumes::{as_nobody, is_root};

fn ended(case: &Case, args: &[&str]) -> Ended {
    let output = as_nobody(case, args).output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_lock_that_cannot_be_had_ends_plan_and_init_before_anything_is_changed() {
    let case = Case::new("2026.2");
    let lock = case.path(".netbird-authentik-init.lock");
    type Thing = (fn(&Path), &'static str);
    let things: [Thing; 3] = [
        (|path| symlink("secrets.json", path).unwrap(), "a symbolic link"),
        (|path| mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).unwrap(), "a named pipe"),
        (|path| fs::create_dir(path).unwrap(), "a directory"),
    ];
    for (make, kind) in things {
        make(&lock);
        for args in [&["plan"][..], &[]] {
            case.run(args).expect(73).says(&[".netbird-authentik-init.lock", kind]);
        }
        fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock)).unwrap();
    }
    assert!(case.sim.requests().is_empty());
    case.init();
}

#[test]
fn an_owner_that_may_not_be_given_ends_plan_and_init_before_anything_is_changed() {
    if !is_root() {
        return;
    }
    for (name, value) in [("SETUP_FILE_UID", "0"), ("SETUP_FILE_GID", "12345")] {
        let mut case = Case::new("2026.2");
        case.env(name, value);
        for args in [&["plan"][..], &[]] {
            ended(&case, args).expect(73).says(&["SETUP_FILE_UID or SETUP_FILE_GID", "CHOWN"]);
        }
        assert!(case.sim.requests().is_empty());
        assert_eq!(fs::read_dir(case.path("")).unwrap().count(), 0);
    }
    // What is made in a directory with this bit gets the directory's group.
    let mut case = Case::new("2026.2");
    case.env("SETUP_FILE_GID", "12345");
    drop(as_nobody(&case, &[]));
    chown(case.path(""), Some(65534), Some(12345)).unwrap();
    fs::set_permissions(case.path(""), Permissions::from_mode(0o2770)).unwrap();
    let script = "exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\"";
    let mut command = case.command(&[]);
    let binary = command.get_program().to_owned();
    let mut by_shell = std::process::Command::new("bash");
    by_shell.args(["-c", script]).arg(binary);
    for (name, value) in command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").get_envs() {
        by_shell.env(name, value.unwrap());
    }
    fs::set_permissions(case.dir.path(), Permissions::from_mode(0o755)).unwrap();
    let output = by_shell.output().unwrap();
    // The program may lie where nobody else may go; then there is nothing to see.
    if output.status.code() != Some(126) && output.status.code() != Some(127) {
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fs::metadata(case.path("relay.env")).unwrap().gid(), 12345);
    }
    // A lock of somebody else's.
    let case = Case::new("2026.2");
    drop(as_nobody(&case, &[]));
    let lock = case.path(".netbird-authentik-init.lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, Permissions::from_mode(0o600)).unwrap();
    for args in [&["plan"][..], &[]] {
        ended(&case, args).expect(73).says(&["cannot lock"]);
    }
    assert!(case.sim.requests().is_empty());
}

#[test]
fn a_secrets_or_state_file_with_another_owner_or_mode_is_put_right_as_planned() {
    for name in ["secrets.json", "state.json"] {
        let case = Case::new("2026.2");
        case.init();
        fs::set_permissions(case.path(name), Permissions::from_mode(0o644)).unwrap();
        let plan = case.run(&["plan"]).expect(2);
        assert!(plan.out.contains(&format!("~ {name}: mode")), "{}", plan.out);
        case.init();
        assert_eq!(fs::metadata(case.path(name)).unwrap().mode() & 0o777, 0o600);
        case.run(&["plan"]).expect(0);
    }
    if !is_root() {
        return;
    }
    for name in ["secrets.json", "state.json"] {
        let case = Case::new("2026.2");
        ended(&case, &[]).expect(0);
        let content = case.read(name);
        chown(case.path(name), Some(0), Some(0)).unwrap();
        fs::set_permissions(case.path(name), Permissions::from_mode(0o644)).unwrap();
        ended(&case, &["plan"]).expect(2);
        ended(&case, &[]).expect(0);
        let meta = fs::metadata(case.path(name)).unwrap();
        assert_eq!((meta.uid(), meta.mode() & 0o777), (65534, 0o600));
        assert_eq!(case.read(name), content);
        ended(&case, &["plan"]).expect(0);
    }
}
