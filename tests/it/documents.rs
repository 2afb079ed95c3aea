//! The pages cannot disagree with the program.

use std::fmt::Write;

use netbird_authentik_init::config::declare::Group;
use netbird_authentik_init::config::variables::VARIABLES;

/// A table a group, as docs/variables.md has them.
fn tables() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let _ = write!(
            text,
            "## {}\n\n| variable | default | meaning |\n|---|---|---|\n",
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

fn read(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_pages_tables_are_the_programs_declaration() {
    let (tables, page) = (tables(), read("docs/variables.md"));
    assert!(
        page.contains(tables.trim_end()),
        "the tables of docs/variables.md should be:\n{tables}"
    );
}

/// Names of variables that a page may use although this program does not know them: Authentik's own.
const AUTHENTIKS: &[&str] = &["AUTHENTIK_BOOTSTRAP_TOKEN"];

#[test]
fn the_readme_is_short_and_names_only_variables_that_exist() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 200, "{} lines", readme.lines().count());
    let words = readme.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for word in words.filter(|w| w.starts_with("AUTHENTIK_") || w.starts_with("SETUP_")) {
        let known = |name: &str| VARIABLES.iter().any(|v| v.name == name);
        let base = word.trim_end_matches("_FILE");
        assert!(known(word) || known(base) || AUTHENTIKS.contains(&word), "{word}");
    }
}

#[test]
fn every_exit_code_is_on_the_page() {
    use netbird_authentik_init::error::Exit;
    let page = read("docs/exit-codes.md");
    for exit in Exit::ALL {
        let code = (*exit as u8).to_string();
        let row = |line: &str| {
            let cell = line.split('|').nth(1).unwrap_or_default();
            cell.split(',').any(|c| c.trim() == code)
        };
        assert!(page.lines().any(row), "{exit:?} ({code})");
    }
}

#[test]
fn the_plan_on_the_page_is_the_one_that_a_test_pins() {
    let snapshot = include_str!("snapshots/it__planning__drifted_plan.snap");
    let plan = snapshot.rsplit("---\n").next().unwrap();
    let page = include_str!("../../docs/operating.md");
    assert!(page.contains(&format!("```text\n{plan}```")), "docs/operating.md shows another plan");
}
