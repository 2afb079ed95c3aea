//! What was asked for, on its way to a terminal or to a machine: everything passes the filter for text here.

use std::io::Write;

use serde_json::Value;

use crate::text::printable;

/// Prints lines.
pub fn lines(out: &mut dyn Write, text: &str) {
    write(out, &printable::lines(text));
}

/// Prints lines in colours, which `paint` adds when nothing of a server can pass for one any more.
pub fn painted(out: &mut dyn Write, text: &str, paint: impl Fn(&str) -> String) {
    write(out, &paint(&printable::lines(text)));
}

/// Prints a document for machines.
pub fn document(out: &mut dyn Write, document: Value) {
    write(out, &format!("{:#}\n", printable::document(document)));
}

/// A reader that went away (`plan | head`) is nobody to complain to.
fn write(out: &mut dyn Write, text: &str) {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
