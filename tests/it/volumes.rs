//! A volume that others can write, and a disk that does not answer: nothing hangs, nothing is read that must not be, and
//! nothing is followed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{CWD, FileType, FlockOperation, flock, mknodat};

use crate::support::{Case, Ended};

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).unwrap();
}

/// What may lie where a file is wanted, and the word for it.
type Thing = (fn(&Path), &'static str);

const THINGS: &[Thing] = &[
    (pipe, "a named pipe"),
    (|path| fs::create_dir(path).unwrap(), "a directory"),
    (|path| drop(UnixListener::bind(path).unwrap()), "a socket"),
    (
        // Three gigabytes that take no place.
        |path| File::create(path).unwrap().set_len(3 << 30).unwrap(),
        "larger than 1 MiB",
    ),
];

fn remove(path: &Path) {
    fs::remove_file(path).or_else(|_| fs::remove_dir(path)).unwrap();
}

#[test]
fn what_is_no_file_is_neither_read_nor_waited_for() {
    let case = Case::new("2026.2");
    case.init();
    for name in ["management.json", "secrets.json", "setup.env", "relay.env"] {
        let kept = fs::read(case.path(name)).unwrap();
        for (make, kind) in THINGS {
            remove(&case.path(name));
            make(&case.path(name));
            case.run(&[]).expect(73).says(&[name, kind]);
        }
        remove(&case.path(name));
        fs::write(case.path(name), kept).unwrap();
    }
    case.init();
}

#[test]
fn a_file_that_a_variable_names_may_be_a_link_and_nothing_odd() {
    let mut case = Case::new("2026.2");
    let token = case.token_by_file();
    let link = case.dir.path().join("side/link");
    symlink("token", &link).unwrap();
    case.env("AUTHENTIK_TOKEN_FILE", link.display().to_string());
    case.init();
    remove(Path::new(&token));
    for (make, kind) in THINGS {
        make(Path::new(&token));
        case.run(&[]).expect(78).says(&["AUTHENTIK_TOKEN_FILE", kind]);
        remove(Path::new(&token));
    }
    case.env("AUTHENTIK_TOKEN_FILE", "/dev/zero");
    case.run(&[]).expect(78).says(&["AUTHENTIK_TOKEN_FILE", "a device"]);
    case.unset("AUTHENTIK_TOKEN_FILE").env("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN);
    for (make, kind) in THINGS {
        let path = case.dir.path().join("side/ca.pem");
        make(&path);
        case.env("AUTHENTIK_CA_FILE", path.display().to_string());
        case.run(&[]).expect(78).says(&["AUTHENTIK_CA_FILE", kind]);
        remove(&path);
    }
}

#[test]
fn a_link_is_replaced_and_not_followed() {
    let case = Case::new("2026.2");
    case.init();
    let secrets = case.read("secrets.json");
    for name in ["management.json", "setup.env", "relay.env", "dashboard.env"] {
        let before = case.read(name);
        for target in ["secrets.json", "../outside", "/dev/zero"] {
            remove(&case.path(name));
            symlink(target, case.path(name)).unwrap();
            case.init();
            assert!(fs::symlink_metadata(case.path(name)).unwrap().is_file(), "{name}");
            assert_eq!(case.read(name), before);
            assert!(!case.path("../outside").exists());
        }
    }
    assert_eq!(case.read("secrets.json"), secrets);
    fs::rename(case.path("secrets.json"), case.path("elsewhere")).unwrap();
    symlink("elsewhere", case.path("secrets.json")).unwrap();
    case.run(&[]).expect(73).says(&["secrets.json", "a symbolic link"]);
}

#[test]
fn the_lock_waits_until_the_deadline_and_says_for_whom() {
    let mut case = Case::new("2026.2");
    // Whoever may only read the directory cannot keep anybody waiting.
    let directory = File::open(case.path("")).unwrap();
    flock(&directory, FlockOperation::LockExclusive).unwrap();
    case.init();
    let path = case.path(".netbird-authentik-init.lock");
    assert!(!path.exists(), "nothing is left behind");

    let mut open = OpenOptions::new();
    let held = open.write(true).create_new(true).mode(0o600).open(&path).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    fs::write(&path, "process 7 on \u{1b}[31mhost\n").unwrap();
    case.env("SETUP_TIMEOUT", "300ms");
    let ended = case.run(&[]).expect(69).says(&["waiting for", "held by process 7 on"]);
    assert!(!ended.err.contains('\u{1b}'));
    assert!(path.exists(), "a lock that somebody holds stays");
    case.run(&["plan"]).expect(0);

    case.env("SETUP_TIMEOUT", "60s");
    // Its first line of log says for whom it waits.
    let waiting = || {
        let mut running = case.spawn();
        let mut log = BufReader::new(running.child().stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("held by process 7") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        }
        (running, log)
    };
    let (running, _log) = waiting();
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.wait().code, Some(143));
    let (running, mut log) = waiting();
    drop(held);
    log.read_to_string(&mut String::new()).unwrap();
    running.wait().expect(0);
    assert!(!path.exists());
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_a_run_beyond_its_deadline() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_TIMEOUT", "1s");
    for args in [&["init"][..], &["plan"], &["check"]] {
        let (_reader, mut full) = std::io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&full, true).unwrap();
        while std::io::Write::write(&mut full, &[b'x'; 4096]).is_ok() {}
        rustix::io::ioctl_fionbio(&full, false).unwrap();
        let mut command = case.command(args);
        let status = command.stdout(full.try_clone().unwrap()).stderr(full).status().unwrap();
        assert_eq!(status.code(), Some(69), "{args:?}");
    }
}

/// Whether mounts and users of the test's own can be had; said aloud where not.
pub fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    let try_it = "unshare -m mount -t tmpfs none /mnt";
    let root =
        root && Command::new("bash").args(["-c", try_it]).status().is_ok_and(|s| s.success());
    if !root {
        eprintln!("SKIPPED: needs the right to mount and to change users (run as root)");
    }
    root
}

/// A command of the case by way of this program.
fn by_way_of(case: &Case, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear();
    for (name, value) in case.command(&[]).get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("BINARY", env!("CARGO_BIN_EXE_netbird-authentik-init"));
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command of the case as a user without rights, to whom the output directory belongs.
pub fn as_nobody(case: &Case, args: &[&str]) -> Command {
    fs::set_permissions(case.dir.path(), Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(case.path(""), Some(65534), Some(65534)).unwrap();
    let program = case.dir.path().join("program");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_netbird-authentik-init"), &program).unwrap();
    }
    let program = program.display().to_string();
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", program.as_str()];
    by_way_of(case, "setpriv", &[&nobody, args].concat())
}

fn output(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A name server that listens and never answers.
#[test]
fn a_name_lookup_that_hangs_keeps_neither_the_deadline_nor_a_signal_waiting() {
    if !is_root() {
        return;
    }
    let silent = std::net::UdpSocket::bind("127.53.53.53:53").unwrap();
    let mut case = Case::new("2026.2");
    let resolver = case.side_file("resolv.conf", "nameserver 127.53.53.53\noptions timeout:30\n");
    case.env("AUTHENTIK_HOST", "http://authentik.example.com:9000").env("SETUP_TIMEOUT", "1s");
    let script = format!("mount --bind '{resolver}' /etc/resolv.conf; exec \"$BINARY\"");
    let looked_up = || silent.recv(&mut [0; 512]).unwrap();
    let ended = output(by_way_of(&case, "unshare", &["-m", "bash", "-c", &script]));
    ended.expect(69).says(&["not ready within 1 s"]);
    looked_up();
    silent.set_nonblocking(true).unwrap();
    while silent.recv(&mut [0; 512]).is_ok() {}
    silent.set_nonblocking(false).unwrap();

    case.env("SETUP_TIMEOUT", "20s");
    let mut running = by_way_of(&case, "unshare", &["-m", "bash", "-c", &script]).spawn().unwrap();
    looked_up();
    let pid = rustix::process::Pid::from_child(&running);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(143));
}

#[test]
fn what_the_system_refuses_is_told_apart() {
    if !is_root() {
        return;
    }
    let mut case = Case::new("2026.2");
    let as_nobody = |case: &Case| output(as_nobody(case, &[]));
    let dir = case.path("");
    as_nobody(&case).expect(0);

    fs::set_permissions(&dir, Permissions::from_mode(0o300)).unwrap();
    as_nobody(&case).expect(73).says(&["cannot be listed", "chmod u+rx"]);
    fs::set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();

    // Another's file with the right bytes and the wrong mode: only its owner could change that.
    std::os::unix::fs::chown(case.path("relay.env"), Some(0), Some(0)).unwrap();
    fs::set_permissions(case.path("relay.env"), Permissions::from_mode(0o644)).unwrap();
    as_nobody(&case).expect(0).says(&["relay.env written"]);
    let meta = fs::metadata(case.path("relay.env")).unwrap();
    assert_eq!((meta.uid(), meta.mode() & 0o777), (65534, 0o640));

    case.env("SETUP_FILE_UID", "0");
    as_nobody(&case).expect(73).says(&["SETUP_FILE_UID", "CHOWN"]);
    case.unset("SETUP_FILE_UID").env("SETUP_TIMEOUT", "2s");

    let limited = |descriptors: u32| {
        let script = format!("ulimit -n {descriptors}; exec \"$BINARY\"");
        output(by_way_of(&case, "bash", &["-c", &script]))
    };
    for descriptors in [4, 6, 8, 13, 20, 30, 63] {
        limited(descriptors).expect(73).says(&["needs 64", "ulimits: nofile"]);
    }
    limited(64).expect(0);
}
