//! The README cannot disagree with the program.

use std::fmt::Write;

use netbird_authentik_init::config::variables::VARIABLES;

#[test]
fn the_readmes_table_is_the_programs_table() {
    let mut table = String::from("| variable | default | meaning |\n|---|---|---|\n");
    for v in VARIABLES {
        let secret = if v.secret { "; secret" } else { "" };
        let _ = writeln!(table, "| `{}` | {} | {}{secret} |", v.name, v.default, v.meaning);
    }
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&table), "the README's table should be:\n{table}");
}
