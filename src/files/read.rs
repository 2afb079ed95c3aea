//! Reads what is on the volumes.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use super::publish::unusable;
use crate::error::{Error, Exit, Result};

/// A file that holds one JSON object; nothing if there is no such file.
///
/// # Errors
/// [`Exit::Refused`] if it is something else; [`Exit::Output`] if it cannot be read.
pub fn read_object(path: &Path) -> Result<Option<Map<String, Value>>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unusable("read", &path.display().to_string(), &e)),
    };
    // Where the error is, and not what is there: the file is full of secrets.
    let at = |e: &serde_json::Error| format!("at line {}, column {}", e.line(), e.column());
    let why = match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => return Ok(Some(object)),
        Ok(_) => "it holds something else".to_owned(),
        Err(e) => at(&e),
    };
    Err(Error::new(Exit::Refused, format!("{} is not a JSON object", path.display()))
        .because(why)
        .remedy("repair it or put it back from a backup; if nothing is lost with it, remove it"))
}
