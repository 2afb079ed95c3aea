//! Puts files where others read them: whole or not at all, with mode and owner, and untouched when nothing
//! would change.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags, access};
use rustix::io::Errno;

use super::read::{Found, look};
use super::trouble::{errno, not_given_away, unlistable, unusable};
use crate::error::Result;

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

impl Ownership {
    fn gives_away(&self) -> bool {
        self.uid.is_some() || self.gid.is_some()
    }
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
/// [`crate::error::Exit::Output`], naming the user that this runs as.
pub fn check_directory(variable: &str, dir: &Path) -> Result<()> {
    let what = format!("{variable} {}", dir.display());
    let allows = |right| access(dir, right).map_err(io::Error::from);
    let problem = match fs::metadata(dir) {
        Err(e) => Some(e),
        Ok(meta) if !meta.is_dir() => Some(io::Error::from(io::ErrorKind::NotADirectory)),
        Ok(_) => allows(Access::WRITE_OK | Access::EXEC_OK).err(),
    };
    if let Some(e) = problem {
        return Err(unusable("write", &what, &e));
    }
    allows(Access::READ_OK).map_err(|e| unlistable(&what, &e))
}

/// Whether a file can be given to its owner, without writing one; asked before anything is changed, too.
///
/// # Errors
/// [`crate::error::Exit::Output`].
pub fn check_owner(path: &Path, ownership: Ownership) -> Result<()> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let dir = path.parent().and_then(|dir| fs::metadata(dir).ok());
    // What is made in a directory with this bit gets the directory's group.
    let of_dir = dir.filter(|dir| dir.mode() & 0o2000 != 0).map(|dir| dir.gid());
    let groups = rustix::process::getgroups().unwrap_or_default();
    let is_of = |wish: u32| {
        wish == gid || of_dir == Some(wish) || groups.iter().any(|group| group.as_raw() == wish)
    };
    let allowed = ownership.uid.is_none_or(|wish| wish == uid) && ownership.gid.is_none_or(is_of);
    let is_there = || {
        let same = |meta: fs::Metadata| {
            ownership.uid.is_none_or(|uid| uid == meta.uid())
                && ownership.gid.is_none_or(|gid| gid == meta.gid())
        };
        fs::symlink_metadata(path).is_ok_and(same)
    };
    if allowed || may_give_away() || is_there() {
        return Ok(());
    }
    Err(not_given_away(&path.display().to_string(), &Errno::PERM.into()))
}

fn may_give_away() -> bool {
    let sets = rustix::thread::capabilities(None);
    // A system that does not say so is asked by doing it.
    sets.is_ok_and(|sets| sets.effective.contains(rustix::thread::CapabilitySet::CHOWN))
}

/// Publishes one file: a temporary file beside it, mode and owner, fsync, rename, fsync of the directory.
///
/// # Errors
/// [`crate::error::Exit::Output`]; what was there before is still there then.
pub fn publish(document: &Document, ownership: Ownership) -> Result<Published> {
    let path = &document.path;
    let shown = path.display().to_string();
    let fail = |e: io::Error| match errno(&e) {
        Some(Errno::PERM) if ownership.gives_away() => not_given_away(&shown, &e),
        _ => unusable("write", &shown, &e),
    };
    // A link is replaced by the file: whoever mounts the volume would look for its target in vain.
    if let Found::File(old) = look(path)?
        && old.bytes == document.content
        && own_existing(path, ownership).is_ok()
    {
        return Ok(Published::Unchanged);
    }
    // So is a file of somebody else's with the same bytes, whose mode or owner only they can change.
    replace(path, &document.content, ownership).map_err(fail)?;
    Ok(Published::Written)
}

/// Mode and owner of a file whose bytes stay: changed only if they differ, which leaves its mtime alone.
///
/// # Errors
/// The system's, as when the file is somebody else's.
pub fn own_existing(path: &Path, ownership: Ownership) -> io::Result<()> {
    // A link that has taken the file's place since must not lead to another file's mode.
    let no_link = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
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
        if ownership.gives_away() {
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
        let own = file_name.ends_with(".tmp")
            && names.iter().any(|n| file_name.starts_with(&format!(".{n}.")));
        let stale = entry
            .metadata()
            .and_then(|m| m.modified())
            .is_ok_and(|t| t.elapsed().is_ok_and(|age| age > STALE));
        if own && stale {
            let _ = fs::remove_file(entry.path());
        }
    }
}
