//! The rooms of `src/` use each other downwards only: read from the `crate::` paths of the sources, so that a circle
//! cannot come back unseen.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// A room is a folder of `src/`, or a file that lies in `src/` itself.
fn rooms() -> Graph {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut graph = Graph::new();
    for file in sources(&src) {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = room.trim_end_matches(".rs").to_owned();
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let used = graph.entry(room.clone()).or_default();
        used.extend(paths(&text).filter(|other| *other != room));
    }
    graph
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The first word behind each `crate::`, comments and tests included: they tie rooms together too.
fn paths(text: &str) -> impl Iterator<Item = String> {
    text.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        rest[..end].to_owned()
    })
}

/// Some circle, as the rooms along it.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn visit(graph: &Graph, at: &str, way: &mut Vec<String>) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|room| room == at) {
            return Some(way[start..].to_vec());
        }
        way.push(at.to_owned());
        let found = graph.get(at).into_iter().flatten().find_map(|next| visit(graph, next, way));
        way.pop();
        found
    }
    graph.keys().find_map(|room| visit(graph, room, &mut Vec::new()))
}

#[test]
fn no_rooms_use_each_other() {
    let graph = rooms();
    assert!(graph["commands"].contains("converge"), "the sources were read: {graph:?}");
    assert_eq!(circle(&graph), None);
}

/// What each of the lower rooms may know. The upper ones are kept in order by the test above.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("deadline", &[]),
    ("text", &[]),
    ("random", &["error"]),
    ("files", &["error", "random", "text"]),
    ("http", &["error", "text"]),
    ("log", &["deadline", "error", "http", "text"]),
    ("authentik", &["error", "http", "text"]),
    ("config", &["error", "files", "http", "log", "text"]),
];

#[test]
fn the_lower_rooms_know_only_what_is_below_them() {
    let graph = rooms();
    for (room, allowed) in MAY_USE {
        let used: Vec<&String> =
            graph[*room].iter().filter(|other| !allowed.contains(&other.as_str())).collect();
        assert!(used.is_empty(), "{room}/ uses {used:?}");
    }
}

#[test]
fn a_circle_is_found() {
    let graph = |edges: &[(&str, &[&str])]| -> Graph {
        let set = |to: &&[&str]| to.iter().map(|s| (*s).to_owned()).collect();
        edges.iter().map(|(from, to)| ((*from).to_owned(), set(to))).collect()
    };
    assert_eq!(circle(&graph(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
    let found = circle(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).unwrap();
    assert_eq!(found, ["b", "c"]);
}

#[test]
fn every_source_file_says_why_it_exists() {
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} does not begin with a `//!`", file.display());
    }
}

/// Authentik's models may name no text without an end: each field says by which function it is read.
#[test]
fn every_text_of_an_answer_is_bounded() {
    let authentik = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/authentik");
    let mut bounded = 0;
    for file in sources(&authentik) {
        let text = std::fs::read_to_string(&file).unwrap();
        let answers = text.split("Deserialize)]").skip(1);
        // Those of OpenID Connect are short as a whole.
        let answers = answers.filter(|_| !file.components().any(|c| c.as_os_str() == "oidc"));
        for answer in answers.map(|rest| rest.split("\n}").next().unwrap()) {
            let lines: Vec<&str> = answer.lines().map(str::trim).collect();
            for pair in lines.windows(2).filter(|pair| pair[1].contains("String")) {
                let (attribute, field) = (pair[0], pair[1]);
                // Helpers in one line have the attribute beside the type.
                if field.starts_with("//") || field.contains("deserialize_with") {
                    continue;
                }
                let is_bounded =
                    attribute.contains("deserialize_with") && !attribute.contains("or_default");
                assert!(is_bounded, "{}: {field}", file.display());
                bounded += 1;
            }
        }
    }
    assert!(bounded > 40, "the models were found: {bounded} texts");
}
