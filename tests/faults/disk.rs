//! The write path on disks that refuse, by real means: a full tmpfs, a read-only one, and a limit of the kernel that
//! kills the process in the middle of a write. Old file or new file, never half; secrets stay.

use std::path::Path;
use std::process::{Command, Output};

use authentik_sim::Sim;

use crate::world::FILES;

const BINARY: &str = env!("CARGO_BIN_EXE_netbird-authentik-init");

fn shell(script: &str, sim: &Sim, dir: &Path) -> Output {
    Command::new("bash")
        .args(["-uc", script])
        .env("BINARY", BINARY)
        .env("AUTHENTIK_HOST", sim.url())
        .env("AUTHENTIK_HOST_BROWSER", sim.url())
        .env("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN)
        .env("NETBIRD_DOMAIN", "netbird.example.com")
        .env("SETUP_DIR", dir)
        .output()
        .unwrap()
}

/// Each file is absent or whole.
fn whole_or_absent(dir: &Path) {
    for name in FILES {
        let Ok(text) = std::fs::read_to_string(dir.join(name)) else { continue };
        assert!(text.ends_with('\n'), "{name} is half a file");
        if name.ends_with(".json") {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}

fn secrets(dir: &Path) -> Option<String> {
    std::fs::read_to_string(dir.join("secrets.json")).ok()
}

/// SIGXFSZ ends the process when a write passes the limit: a crash with half a temporary file, at another file for
/// every limit, first run and with an older generation of files in place.
#[test]
fn a_crash_in_the_middle_of_a_write_leaves_old_files_or_new_ones() {
    let mut crashes = 0;
    for limit in 0..6 {
        for before in [false, true] {
            let (sim, dir) = (Sim::start(crate::world::PROFILE), tempfile::tempdir().unwrap());
            let dir = dir.path();
            if before {
                assert!(shell("exec \"$BINARY\"", &sim, dir).status.success());
            }
            let kept = secrets(dir);
            let other = "export NETBIRD_DOMAIN=other.example.com";
            let crash = format!("{other}; ulimit -c 0; ulimit -f {limit}; exec \"$BINARY\"");
            let ended = shell(&crash, &sim, dir);
            crashes += usize::from(ended.status.code().is_none());
            whole_or_absent(dir);
            let meanwhile = secrets(dir);
            assert!(kept.is_none() || kept == meanwhile, "secrets were lost");
            assert!(shell(&format!("{other}; exec \"$BINARY\""), &sim, dir).status.success());
            assert!(meanwhile.is_none() || meanwhile == secrets(dir), "secrets were made anew");
            for name in FILES {
                assert!(dir.join(name).is_file(), "{name}");
            }
            whole_or_absent(dir);
        }
    }
    assert!(crashes >= 4, "only {crashes} runs crashed");
}

/// Whether private mounts can be made; said aloud where not.
fn may_mount() -> bool {
    let try_it = "unshare -m mount -t tmpfs none /mnt";
    let may = Command::new("bash").args(["-c", try_it]).output().is_ok_and(|o| o.status.success());
    if !may {
        eprintln!("SKIPPED: full and read-only disks need the right to mount (run as root)");
    }
    may
}

#[test]
fn a_full_disk_ends_in_73_and_loses_nothing() {
    if !may_mount() {
        return;
    }
    let mut full = 0;
    for pages in 1..9 {
        let (sim, out) = (Sim::start(crate::world::PROFILE), tempfile::tempdir().unwrap());
        let out = out.path();
        for name in ["volume", "first", "second"] {
            std::fs::create_dir(out.join(name)).unwrap();
        }
        // A mount of the script's own: it goes with the script.
        let script = format!(
            "cd \"$SETUP_DIR\"; out=$PWD; export SETUP_DIR=$PWD/volume out; exec unshare -m bash -c '\
             mount -t tmpfs -o size={}k none volume; \"$BINARY\"; echo code=$?; cp -a volume/. first/; \
             mount -o remount,size=1m volume; \"$BINARY\" || exit 9; cp -a volume/. second/; \
             mount -o remount,ro volume; NETBIRD_DOMAIN=other.example.com \"$BINARY\"; echo ro=$?; \
             cmp volume/setup.env second/setup.env'",
            pages * 4
        );
        let ended = shell(&script, &sim, out);
        let said = String::from_utf8_lossy(&ended.stdout);
        let log = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}{log}");
        assert!(said.contains("ro=73"), "{said}{log}");
        assert!(said.contains("code=73") || said.contains("code=0"), "{said}{log}");
        if said.contains("code=73") {
            full += 1;
            assert!(log.contains("free some space"), "{log}");
        }
        whole_or_absent(&out.join("first"));
        whole_or_absent(&out.join("second"));
        let kept = secrets(&out.join("first"));
        assert!(kept.is_none() || kept == secrets(&out.join("second")), "secrets were made anew");
    }
    assert!(full >= 3, "the disk was full {full} times only");
}

/// A file of this container, with the key that it would hold.
const MOUNTED: &str = "# Written by netbird-authentik-init, and mounted\n\
                       export NETBIRD_DATASTORE_ENC_KEY='BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='\n";

/// A file that Compose mounts by itself cannot be replaced whole, and another user's directory cannot be written to.
#[test]
fn a_mounted_file_and_a_foreign_directory_end_in_73_with_the_cure() {
    if !may_mount() {
        return;
    }
    let (sim, out) = (Sim::start(crate::world::PROFILE), tempfile::tempdir().unwrap());
    let out = out.path();
    // Root's rights are given up, else no directory would be foreign.
    let as_nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    std::fs::create_dir(out.join("volume")).unwrap();
    std::fs::write(out.join("single"), MOUNTED).unwrap();
    let script = format!(
        "cd \"$SETUP_DIR\"; export SETUP_DIR=$PWD/volume; exec unshare -m bash -c '\
         touch volume/setup.env; mount --bind single volume/setup.env; \"$BINARY\"; echo busy=$?; \
         cat single; umount volume/setup.env; chmod 755 . volume; \
         cp \"$BINARY\" program; {as_nobody} ./program; echo denied=$?'"
    );
    let ended = shell(&script, &sim, out);
    let said = String::from_utf8_lossy(&ended.stdout);
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("busy=73") && said.contains("and mounted"), "{said}{log}");
    assert!(log.contains("mount the directory, not the single file"), "{log}");
    assert!(said.contains("denied=73"), "{said}{log}");
    assert!(log.contains("chown 65534:65534"), "{log}");
    let left = std::fs::read_dir(out.join("volume")).unwrap().flatten();
    assert!(left.map(|e| e.file_name()).all(|name| !name.to_string_lossy().ends_with(".tmp")));
}

/// Death at every step of publishing: at the nth thing that happens in the directory, for every n that a run has.
/// A killed process may get a step further; whatever it gets to, the files are old or new, and the secrets stay.
#[test]
fn death_at_any_step_of_publishing_leaves_old_files_or_new_ones() {
    use rustix::fs::inotify;
    let mut killed = 0;
    for before in [false, true] {
        for nth in 1.. {
            let (sim, dir) = (Sim::start(crate::world::PROFILE), tempfile::tempdir().unwrap());
            let dir = dir.path();
            if before {
                assert!(shell("exec \"$BINARY\"", &sim, dir).status.success());
            }
            let kept = secrets(dir);
            let events = inotify::init(inotify::CreateFlags::empty()).unwrap();
            let kinds = inotify::WatchFlags::CREATE
                | inotify::WatchFlags::MODIFY
                | inotify::WatchFlags::ATTRIB
                | inotify::WatchFlags::CLOSE_WRITE
                | inotify::WatchFlags::MOVED_TO;
            inotify::add_watch(&events, dir, kinds).unwrap();
            let mut child = Command::new(BINARY)
                .env_clear()
                .env("AUTHENTIK_HOST", sim.url())
                .env("AUTHENTIK_HOST_BROWSER", sim.url())
                .env("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN)
                .env("NETBIRD_DOMAIN", "other.example.com")
                .env("SETUP_DIR", dir)
                .env("SETUP_LOG", "off")
                .spawn()
                .unwrap();
            let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(&events, &mut buffer);
            let mut seen = 0;
            // setup.env is published last: when it has its name, there is nothing left to interrupt.
            let finished = loop {
                let event = reader.next().unwrap();
                seen += 1;
                let name = event.file_name().map(|n| n.to_string_lossy().into_owned());
                if event.events().contains(inotify::ReadFlags::MOVED_TO)
                    && name.as_deref() == Some("setup.env")
                {
                    break true;
                }
                if seen == nth {
                    break false;
                }
            };
            let _ = child.kill();
            child.wait().unwrap();
            whole_or_absent(dir);
            let meanwhile = secrets(dir);
            assert!(kept.is_none() || kept == meanwhile, "secrets were lost");
            let again = "export NETBIRD_DOMAIN=other.example.com; exec \"$BINARY\"";
            assert!(shell(again, &sim, dir).status.success());
            assert!(meanwhile.is_none() || meanwhile == secrets(dir), "secrets were made anew");
            FILES.iter().for_each(|name| assert!(dir.join(name).is_file(), "{name}"));
            if finished {
                break;
            }
            killed += 1;
        }
    }
    eprintln!("{killed} deaths");
    assert!(killed >= 30, "only {killed} steps were seen");
}
