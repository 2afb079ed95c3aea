//! The README cannot disagree with the program.

use std::fmt::Write;

use netbird_authentik_init::config::declare::Group;
use netbird_authentik_init::config::variables::VARIABLES;

/// A table a group, as the README has them.
fn tables() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let _ = write!(
            text,
            "### {}\n\n| variable | default | meaning |\n|---|---|---|\n",
            group.name()
        );
        for v in VARIABLES.iter().filter(|v| v.group == group) {
            let secret = if v.secret { "; secret" } else { "" };
            let _ = writeln!(text, "| `{}` | {} | {}{secret} |", v.name, v.default, v.meaning);
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_readmes_tables_are_the_programs_declaration() {
    let tables = tables();
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&tables), "the README's tables should be:\n{tables}");
}

#[test]
fn the_plan_on_the_page_is_the_one_that_a_test_pins() {
    let snapshot = include_str!("snapshots/it__planning__drifted_plan.snap");
    let plan = snapshot.rsplit("---\n").next().unwrap();
    let page = include_str!("../../docs/operating.md");
    assert!(page.contains(&format!("```text\n{plan}```")), "docs/operating.md shows another plan");
}
