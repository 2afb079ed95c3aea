//! The lock of a state directory: one run at a time works with what is in it.
//!
//! Not the directory itself is locked, as version 0.1.0 did: whoever may read a directory may lock it, and so keep every
//! run from its work. A file of mode 0600 is opened by its owner only. Who may write the directory can still put another
//! file in its place; a run then holds a lock that nobody else meets, and that is looked after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use tokio::time::sleep;
use tracing::warn;

use crate::error::{Error, Exit, Result};
use crate::files::read::kind;
use crate::files::trouble::{errno, in_the_way, unusable};

/// The file's name.
pub const FILE_NAME: &str = ".netbird-authentik-init.lock";

/// A lock, until it is dropped. A killed run's lock goes with its process.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

/// What trying to lock came to.
#[derive(Debug)]
pub enum Attempt {
    /// This process has it now.
    Locked(Lock),
    /// Somebody else has it: who, as far as they say.
    Held(String),
    /// The file system knows no locks: the system's words.
    Impossible(String),
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nothing is left behind. Whoever waits finds that the file it has open is not the one of this name any more.
        if self.file.metadata().is_ok_and(|meta| is_at(&self.path, &meta)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// How often a lock is tried that somebody else holds.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until nobody else works with the directory; `held` is told who does, each time it is looked. Nothing where the
/// file system knows no locks: two runs at the same moment are not kept apart then, and that is said.
///
/// # Errors
/// See [`attempt`].
pub async fn wait(dir: &Path, held: impl Fn(&str)) -> Result<Option<Lock>> {
    loop {
        let place = dir.to_owned();
        let abnormal = |_| Error::new(Exit::Bug, "locking ended abnormally");
        let attempt = tokio::task::spawn_blocking(move || attempt(&place)).await;
        match attempt.map_err(abnormal)?? {
            Attempt::Locked(lock) => return Ok(Some(lock)),
            Attempt::Held(holder) => {
                held(&format!("the lock of {} is held by {holder}", dir.display()));
                sleep(PAUSE).await;
            }
            Attempt::Impossible(why) => {
                let dir = dir.display();
                warn!(
                    stage = "files",
                    "{dir} cannot be locked ({why}): see that one run at a time uses it"
                );
                return Ok(None);
            }
        }
    }
}

/// Tries to lock the directory, without waiting.
///
/// # Errors
/// [`crate::error::Exit::Output`] where the lock's file cannot be made or opened, or something else is in its place.
pub fn attempt(dir: &Path) -> Result<Attempt> {
    check(dir)?;
    let path = dir.join(FILE_NAME);
    let shown = path.display().to_string();
    let fail = |e: io::Error| match errno(&e) {
        Some(Errno::LOOP) => in_the_way(&shown, "a symbolic link"),
        Some(Errno::NXIO) => in_the_way(&shown, "a named pipe or a socket"),
        _ => unusable("lock", &shown, &e),
    };
    // It may vanish again and again while others end; a few looks are enough to be told apart from that.
    for _ in 0..LOOKS {
        let mut file = open(&path).map_err(fail)?;
        let meta = file.metadata().map_err(fail)?;
        if !meta.is_file() {
            return Err(in_the_way(&shown, "no regular file"));
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Attempt::Held(holder(&mut file))),
            Err(e) => return Ok(Attempt::Impossible(io::Error::from(e).to_string())),
        }
        if is_at(&path, &meta) {
            // For whoever waits. A full disk is no reason not to hold the lock.
            let _ = file.set_len(0).and_then(|()| file.write_all(own_name().as_bytes()));
            return Ok(Attempt::Locked(Lock { path, file }));
        }
    }
    Ok(Attempt::Held("runs that come and go".to_owned()))
}

/// Whether the lock's file could be opened if it is there, without locking or making anything.
///
/// # Errors
/// See [`attempt`].
pub fn check(dir: &Path) -> Result<()> {
    let path = dir.join(FILE_NAME);
    let shown = path.display().to_string();
    let fail = |e: io::Error| unusable("lock", &shown, &e);
    match fs::symlink_metadata(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(fail(e)),
        Ok(meta) => kind(meta.file_type()).map_or(Ok(()), |kind| Err(in_the_way(&shown, kind)))?,
    }
    match options().open(&path) {
        // It went: its run has ended.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        opened => opened.map(drop).map_err(fail),
    }
}

const LOOKS: u32 = 16;

/// Whether the file that is open is still the one of this name.
fn is_at(path: &Path, open: &fs::Metadata) -> bool {
    let same = |now: fs::Metadata| (now.dev(), now.ino()) == (open.dev(), open.ino());
    fs::symlink_metadata(path).is_ok_and(same)
}

fn open(path: &Path) -> io::Result<File> {
    options().create(true).mode(0o600).open(path)
}

fn options() -> OpenOptions {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(flags);
    options
}

/// Who this is, for others: in a container the host's name is the container's.
fn own_name() -> String {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy().into_owned();
    format!("process {} on {host}\n", std::process::id())
}

/// Whose lock it is. What is written there is data from elsewhere.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(NAME_LIMIT).read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => crate::text::excerpt(&text),
        _ => "another run".to_owned(),
    }
}

/// Of what a holder says of itself, in bytes.
const NAME_LIMIT: u64 = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn one_at_a_time_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let Attempt::Locked(lock) = attempt(dir.path()).unwrap() else { panic!("it is free") };
        let Attempt::Held(holder) = attempt(dir.path()).unwrap() else { panic!("it is held") };
        assert!(holder.starts_with(&format!("process {} on ", std::process::id())), "{holder}");
        drop(lock);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(matches!(attempt(dir.path()).unwrap(), Attempt::Locked(_)));
    }

    #[test]
    fn what_others_can_do_to_a_directory_does_not_hold_a_run_up() {
        let dir = tempfile::tempdir().unwrap();
        let reader = File::open(dir.path()).unwrap();
        flock(&reader, FlockOperation::LockExclusive).unwrap();
        let Attempt::Locked(lock) = attempt(dir.path()).unwrap() else { panic!("it is free") };
        let mode = fs::metadata(dir.path().join(FILE_NAME)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(lock);
        let path = dir.path().join(FILE_NAME);
        let made: [fn(&Path); 3] = [
            |path| std::os::unix::fs::symlink("/etc/passwd", path).unwrap(),
            |path| {
                let fifo = rustix::fs::FileType::Fifo;
                rustix::fs::mknodat(rustix::fs::CWD, path, fifo, 0o600.into(), 0).unwrap();
            },
            |path| fs::create_dir(path).unwrap(),
        ];
        for make in made {
            make(&path);
            assert_eq!(attempt(dir.path()).unwrap_err().exit, Exit::Output);
            let _ = fs::remove_file(&path);
            let _ = fs::remove_dir(&path);
        }
    }
}
