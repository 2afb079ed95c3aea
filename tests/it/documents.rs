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

#[test]
fn the_plan_on_the_page_is_the_one_that_a_test_pins() {
    let snapshot = include_str!("snapshots/it__planning__drifted_plan.snap");
    let plan = snapshot.rsplit("---\n").next().unwrap();
    let page = include_str!("../../docs/operating.md");
    assert!(page.contains(&format!("```text\n{plan}```")), "docs/operating.md shows another plan");
}
