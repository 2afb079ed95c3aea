//! The pages cannot disagree with the program.

use std::collections::BTreeSet;
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

/// The names in backticks of the table row that begins so.
fn names_in_row<'a>(page: &'a str, beginning: &str) -> BTreeSet<&'a str> {
    let row = page.lines().find(|line| line.starts_with(beginning));
    let rest = row.unwrap_or_else(|| panic!("no row {beginning}")).strip_prefix(beginning);
    rest.unwrap().split('`').skip(1).step_by(2).collect()
}

/// Every word that this pattern stands before in the sources, to the next quotation mark.
fn in_sources(pattern: &str) -> BTreeSet<String> {
    fn sources(dir: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, found),
                false => found.push(std::fs::read_to_string(path).unwrap()),
            }
        }
    }
    let mut texts = Vec::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let words = texts.iter().flat_map(|text| text.split(pattern).skip(1));
    words.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn the_log_and_the_plan_on_the_page_are_the_programs() {
    use netbird_authentik_init::converge::plan::Target;
    let page = read("docs/operating.md");
    let stages = in_sources("stage = \"");
    assert_eq!(
        names_in_row(&page, "| `stage` | every line |"),
        stages.iter().map(String::as_str).collect()
    );
    let kinds = Target::ALL.iter().map(|target| target.kind()).chain(["file"]).collect();
    assert_eq!(names_in_row(&page, "| `steps[].object` |"), kinds);
}

/// Files of this project that a page names in backticks, or lists as a room of `src/`.
#[test]
fn every_path_that_a_page_names_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let pages: Vec<_> =
        pages.chain(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name))).collect();
    const FOLDERS: &[&str] =
        &["src/", "tests/", "docs/", "deploy/", "examples/", "benches/", ".ci/", ".github/"];
    let mut seen = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            if FOLDERS.iter().any(|folder| name.starts_with(folder)) && !name.contains(' ') {
                assert!(root.join(name).exists(), "{}: {name}", page.display());
                seen += 1;
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            let file = link.split('#').next().unwrap();
            let place = page.parent().unwrap().join(file);
            assert!(file.contains("://") || place.exists(), "{}: {link}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} paths: the pages are read wrongly");
    let layout = read("docs/development.md");
    let rows = layout.lines().skip_while(|line| *line != "| room | what it is |").skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let rooms = row.split('|').nth(1).unwrap();
        for room in rooms.split('`').skip(1).step_by(2) {
            assert!(root.join("src").join(room).exists(), "docs/development.md: {room}");
        }
    }
}

#[test]
fn every_volume_that_the_page_on_backups_names_is_one_of_the_example() {
    let (page, stack) = (read("docs/backup-and-rotation.md"), read("docker-compose.example.yml"));
    let volumes = stack.split("\nvolumes:\n").nth(1).unwrap();
    let volumes: BTreeSet<&str> =
        volumes.lines().filter_map(|line| line.trim().strip_suffix(':')).collect();
    let is_volume = |name: &&str| {
        let owners = ["netbird_", "authentik_", "caddy_"];
        owners.iter().any(|owner| name.starts_with(owner))
    };
    let named: BTreeSet<&str> = page.split('`').skip(1).step_by(2).filter(is_volume).collect();
    // What can be made anew without a loss is not worth a row.
    let expected: BTreeSet<&str> =
        volumes.into_iter().filter(|name| *name != "caddy_config").collect();
    assert_eq!(named, expected);
}
