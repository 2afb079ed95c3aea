//! Puts files where others read them: whole or not at all, with mode and owner, and untouched when nothing
//! would change.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::error::{Error, Exit, Result};

/// Mode and owner of what is written.
#[derive(Clone, Copy, Debug)]
pub struct Ownership {
    /// Permission bits.
    pub mode: u32,
    /// Numeric owner, if it is to be changed.
    pub uid: Option<u32>,
    /// Numeric group, if it is to be changed.
    pub gid: Option<u32>,
}

/// A file to be.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub content: Vec<u8>,
}

/// What publishing a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is new, or its content is.
    Written,
    /// Its bytes are as they were: it was not touched.
    Unchanged,
}

/// Whether files can be written into a directory, without writing one: asked before anything is changed in
/// Authentik, so that a run does not end half done.
///
/// # Errors
/// [`Exit::Output`], naming the user that this runs as.
pub fn check_directory(variable: &str, dir: &Path) -> Result<()> {
    let problem = match fs::metadata(dir) {
        Err(e) => Some(e),
        Ok(meta) if !meta.is_dir() => Some(io::Error::from(io::ErrorKind::NotADirectory)),
        Ok(_) => access(dir, Access::WRITE_OK | Access::EXEC_OK).err().map(io::Error::from),
    };
    problem.map_or(Ok(()), |e| Err(unwritable(&format!("{variable} {}", dir.display()), &e)))
}

/// Publishes one file: a temporary file beside it, mode and owner, fsync, rename, fsync of the directory.
///
/// # Errors
/// [`Exit::Output`]; what was there before is still there then.
pub fn publish(document: &Document, ownership: Ownership) -> Result<Published> {
    let path = &document.path;
    let fail = |e: io::Error| unwritable(&path.display().to_string(), &e);
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => {
            return Err(fail(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        // A link is replaced by the file: whoever mounts the volume would look for its target in vain.
        Ok(meta) if meta.is_file() && fs::read(path).is_ok_and(|old| old == document.content) => {
            return own_existing(path, ownership).map(|()| Published::Unchanged).map_err(fail);
        }
        _ => {}
    }
    replace(path, &document.content, ownership).map_err(fail)?;
    Ok(Published::Written)
}

/// Mode and owner of a file whose bytes stay: changed only if they differ, which leaves its mtime alone.
///
/// # Errors
/// The system's, as when the file is somebody else's.
pub fn own_existing(path: &Path, ownership: Ownership) -> io::Result<()> {
    // A link that has taken the file's place since must not lead to another file's mode.
    let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    let meta = file.metadata()?;
    let uid = ownership.uid.filter(|uid| *uid != meta.uid());
    let gid = ownership.gid.filter(|gid| *gid != meta.gid());
    if uid.is_some() || gid.is_some() {
        fchown(&file, uid, gid)?;
    }
    if meta.mode() & 0o7777 != ownership.mode {
        file.set_permissions(fs::Permissions::from_mode(ownership.mode))?;
    }
    Ok(())
}

fn replace(path: &Path, content: &[u8], ownership: Ownership) -> io::Result<()> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (temporary, mut file) = create_beside(path)?;
    let written = (|| {
        file.write_all(content)?;
        if ownership.uid.is_some() || ownership.gid.is_some() {
            fchown(&file, ownership.uid, ownership.gid)?;
        }
        // After the owner: changing the owner may clear bits. Explicitly: the umask does not count then.
        file.set_permissions(fs::Permissions::from_mode(ownership.mode))?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // Best effort: the error that matters is the one that is returned.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    File::open(dir)?.sync_all()
}

/// A new file in the same directory, readable by its owner only until it has its mode. The name is random,
/// so that runs side by side do not meet, and recognisable, so that what a killed run leaves can be told.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let suffix = u64::from_ne_bytes(crate::random::random().map_err(io::Error::other)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = path.with_file_name(format!(".{name}.{suffix:016x}.tmp"));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    Ok((temporary, file))
}

/// Removes what killed runs have left of a file: their temporary files; one in use lives for milliseconds.
pub fn sweep(dir: &Path, names: &[&str]) {
    const STALE: std::time::Duration = std::time::Duration::from_secs(600);
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else {
            continue;
        };
        let ours = file_name.ends_with(".tmp")
            && names.iter().any(|n| file_name.starts_with(&format!(".{n}.")));
        let stale = entry
            .metadata()
            .and_then(|m| m.modified())
            .is_ok_and(|t| t.elapsed().is_ok_and(|age| age > STALE));
        if ours && stale {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn unwritable(what: &str, error: &io::Error) -> Error {
    unusable("write", what, error)
}

/// The error of a file or directory that cannot be read or written, with who we are and the cure.
pub fn unusable(verb: &str, what: &str, error: &io::Error) -> Error {
    let uid = rustix::process::geteuid().as_raw();
    let gid = rustix::process::getegid().as_raw();
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "mount a volume there, or set the variable to where it is mounted".into(),
        io::ErrorKind::ReadOnlyFilesystem => "mount the volume without :ro in this container".into(),
        io::ErrorKind::StorageFull => "free some space on the volume".into(),
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
    };
    Error::new(Exit::Output, format!("cannot {verb} {what} as user {uid}:{gid}"))
        .because(error)
        .remedy(remedy)
}
