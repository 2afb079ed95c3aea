//! The one way in which files are read: bounded, and never by opening what could block, or lead elsewhere, on a volume
//! that others can write.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use serde_json::{Map, Value};

use super::trouble::{in_the_way, unusable};
use crate::error::{Error, Exit, Result};

/// The largest file that is read: what NetBird and this container write is a hundredth of it.
pub const LIMIT: u64 = 1024 * 1024;

/// How many values a JSON file may have.
const MOST_VALUES: usize = 20_000;

/// A file on a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner and group.
    pub owner: (u32, u32),
}

/// What is in the place of a file on a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A link, which is never followed: it could lead to any file that this container can read.
    Link,
    /// A file.
    File(Content),
}

impl Found {
    /// The bytes, if it is a file.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::File(content) => Some(&content.bytes),
            Self::Nothing | Self::Link => None,
        }
    }
}

/// What is in the place of a file in `SETUP_DIR`, `SETUP_STATE_DIR` or the directory of an output.
///
/// # Errors
/// [`Exit::Output`] where it is neither a link nor a regular file of at most 1 MiB, or cannot be read.
pub fn look(path: &Path) -> Result<Found> {
    let shown = path.display().to_string();
    let fail = |e: io::Error| unusable("read", &shown, &e);
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(e) => return Err(fail(e)),
        Ok(meta) if meta.is_symlink() => return Ok(Found::Link),
        Ok(meta) => refuse(&meta).map_err(|what| in_the_way(&shown, &what))?,
    }
    let file = match open(path, OFlags::NOFOLLOW) {
        Ok(file) => file,
        // It went, or became a link, between the two looks.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(e) if e.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Ok(Found::Link);
        }
        Err(e) => return Err(fail(e)),
    };
    let meta = file.metadata().map_err(fail)?;
    refuse(&meta).map_err(|what| in_the_way(&shown, &what))?;
    let bytes = bounded(file).map_err(fail)?.ok_or_else(|| in_the_way(&shown, TOO_LARGE))?;
    let (mode, owner) = (meta.mode() & 0o7777, (meta.uid(), meta.gid()));
    Ok(Found::File(Content { bytes, mode, owner }))
}

/// A file that holds one JSON object, in a directory as [`look`] has it; nothing if there is no such file.
///
/// # Errors
/// [`Exit::Refused`] if it is something else; [`Exit::Output`] if it is a link, or as [`look`] says.
pub fn read_object(path: &Path) -> Result<Option<Map<String, Value>>> {
    match look(path)? {
        Found::Nothing => Ok(None),
        Found::Link => Err(in_the_way(&path.display().to_string(), "a symbolic link")),
        Found::File(content) => object(path, &content.bytes).map(Some),
    }
}

/// The JSON object in these bytes of that file.
///
/// # Errors
/// [`Exit::Refused`] if it is something else.
pub fn object(path: &Path, bytes: &[u8]) -> Result<Map<String, Value>> {
    // Where the error is, and not what is there: the file is full of secrets.
    let at = |e: &serde_json::Error| format!("at line {}, column {}", e.line(), e.column());
    // Each value begins behind one of these; a file of nothing else would take a hundred times its size.
    let values = bytes.iter().filter(|b| matches!(b, b',' | b'[' | b'{')).count();
    if values > MOST_VALUES {
        return Err(Error::new(Exit::Refused, format!("{} has too many values", path.display()))
            .because(format!("more than {MOST_VALUES}, where there are a hundred"))
            .remedy("put it back from a backup; if nothing is lost with it, remove it"));
    }
    let why = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => return Ok(object),
        Ok(_) => "it holds something else".to_owned(),
        Err(e) => at(&e),
    };
    Err(Error::new(Exit::Refused, format!("{} is not a JSON object", path.display()))
        .because(why)
        .remedy("repair it or put it back from a backup; if nothing is lost with it, remove it"))
}

/// A file that a variable names. It may be a link: Kubernetes makes links of what it mounts.
///
/// # Errors
/// Why it cannot be read, in words for people.
pub fn given(path: &Path) -> Result<Vec<u8>, String> {
    let told = |e: io::Error| e.to_string();
    // Not by opening it: a pipe would block, and a device may do something.
    refuse(&fs::metadata(path).map_err(told)?).map_err(|what| format!("it is {what}"))?;
    let file = open(path, OFlags::empty()).map_err(told)?;
    refuse(&file.metadata().map_err(told)?).map_err(|what| format!("it is {what}"))?;
    bounded(file).map_err(told)?.ok_or_else(|| format!("it is {TOO_LARGE}"))
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    // Without blocking: another may have put a pipe there since it was looked at.
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Nothing if it is larger than the limit, whatever it says of itself.
fn bounded(file: File) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LIMIT).then_some(bytes))
}

const TOO_LARGE: &str = "larger than 1 MiB";

/// What keeps it from being read, in words.
fn refuse(meta: &Metadata) -> Result<(), String> {
    match kind(meta.file_type()) {
        Some(kind) => Err(kind.to_owned()),
        None if meta.len() > LIMIT => Err(TOO_LARGE.to_owned()),
        None => Ok(()),
    }
}

/// What it is instead of a regular file.
pub fn kind(of: FileType) -> Option<&'static str> {
    [
        (of.is_dir(), "a directory"),
        (of.is_fifo(), "a named pipe"),
        (of.is_socket(), "a socket"),
        (of.is_char_device() || of.is_block_device(), "a device"),
        (of.is_symlink(), "a symbolic link"),
    ]
    .into_iter()
    .find_map(|(is, name)| is.then_some(name))
}
