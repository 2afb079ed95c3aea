//! What to tell people about a file or directory that cannot be used: what is the matter, and the cure for it.

use std::io;

use rustix::io::Errno;

use crate::error::{Error, Exit};

/// The error of a file or directory that cannot be read or written, with the user that this container runs as and the cure.
pub fn unusable(verb: &str, what: &str, error: &io::Error) -> Error {
    let uid = rustix::process::geteuid().as_raw();
    let gid = rustix::process::getegid().as_raw();
    Error::new(Exit::Output, format!("cannot {verb} {what} as user {uid}:{gid}"))
        .because(error)
        .remedy(cure(error, uid, gid))
}

/// The error of something that is in the place of a file, and cannot have been meant.
pub fn in_the_way(what: &str, kind: &str) -> Error {
    Error::new(Exit::Output, format!("{what} is {kind} where a file of at most 1 MiB is wanted"))
        .because("whoever can write the volume can put it there, and it is not read or followed")
        .remedy(match kind {
            "a directory" => format!(
                "remove {what}: a bind mount of a missing file makes a directory of its name"
            ),
            _ => format!("find out who made it, and remove {what} or put the right file there"),
        })
}

fn cure(error: &io::Error, uid: u32, gid: u32) -> String {
    if matches!(errno(error), Some(Errno::MFILE | Errno::NFILE)) {
        return "too many files are open: raise the limit (ulimits: nofile in the compose file), or see which process \
                of this machine holds them"
            .into();
    }
    match error.kind() {
        io::ErrorKind::NotFound => "mount a volume there, or set the variable to where it is mounted".into(),
        io::ErrorKind::ReadOnlyFilesystem => "mount the volume without :ro in this container".into(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space on the volume".into(),
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => {
            "remove what stands in the way: a bind mount of a missing file makes a directory of its name".into()
        }
        io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
            "mount the directory, not the single file: a file that is a mount point cannot be replaced whole".into()
        }
        _ => format!(
            "this container runs as {uid}:{gid}: give the volume to that user (chown {uid}:{gid}), or run the \
             container as the volume's owner (user: in the compose file)"
        ),
    }
}

/// The error of a directory whose names cannot be read: files in it could be written, but not made to last.
pub fn unlistable(what: &str, error: &io::Error) -> Error {
    let uid = rustix::process::geteuid().as_raw();
    Error::new(Exit::Output, format!("{what} cannot be listed by user {uid}"))
        .because(error)
        .remedy("give the directory's owner or group the right to read it (chmod u+rx or g+rx)")
}

/// The error of a file that cannot be given to the user or group that was asked for.
pub fn not_given_away(what: &str, error: &io::Error) -> Error {
    let uid = rustix::process::geteuid().as_raw();
    Error::new(Exit::Output, format!("user {uid} may not give {what} to SETUP_FILE_UID or SETUP_FILE_GID"))
        .because(error)
        .remedy(
            "run this container as that user (user: in the compose file) and unset the two, give it the capability \
             CHOWN, or name a group that its user belongs to",
        )
}

/// The system's number of an error.
pub fn errno(error: &io::Error) -> Option<Errno> {
    Errno::from_io_error(error)
}
