//! Texts for users are plain modern English: a list of words that stay out of pages, examples, help and messages.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

/// Private words of this project, and old-fashioned ones. Whole words, whatever their case.
const BANNED: &[&str] = &[
    "rung",
    "rungs",
    "stranger",
    "strangers",
    "mend",
    "mends",
    "mended",
    "mending",
    "shall",
    "thereof",
    "whence",
    "hitherto",
    "hereby",
    "nobody's",
    "proven",
    "unproven",
    "as it must be",
    "as they must be",
    "as they shall be",
    "as it shall be",
    "may not be touched",
    "something is there",
    "cure",
    "cures",
    "for want of",
    "in vain",
    "hence",
    "lest",
    "wished",
    "well again",
];

/// A text for users speaks of this container, not of the people who wrote it.
const SPEAKERS: &[&str] = &["we", "our", "ours", "us"];

/// TEMPORARY: files that are rewritten elsewhere at this moment and still hold banned words. Empty this list as soon as
/// that work is in; a file here that has become clean fails the test.
const NOT_YET: &[&str] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => files(&path, ending),
        false => vec![path],
    });
    found.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

/// The words and phrases of the lists in a text, each with its line (from 1); a phrase may run over a line's end.
fn found(text: &str) -> Vec<(usize, &'static str)> {
    let mut flat = String::new();
    let mut line_at = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in line.split_whitespace() {
            let word = format!("{} ", word.to_lowercase());
            line_at.extend(std::iter::repeat_n(number + 1, word.len()));
            flat.push_str(&word);
        }
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut hits: Vec<_> = [BANNED, SPEAKERS]
        .concat()
        .into_iter()
        .flat_map(|phrase| flat.match_indices(phrase))
        .filter(|(at, phrase)| {
            let before = flat[..*at].chars().next_back();
            let after = flat[at + phrase.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
        .map(|(at, _)| at)
        .collect();
    hits.sort_unstable();
    let phrase_at = |at: usize| {
        let fits = |phrase: &&&str| flat[at..].starts_with(**phrase);
        *[BANNED, SPEAKERS]
            .iter()
            .flat_map(|list| list.iter())
            .filter(fits)
            .max_by_key(|p| p.len())
            .unwrap()
    };
    hits.into_iter().map(|at| (line_at[at], phrase_at(at))).collect()
}

fn complaints(path: &Path, text: &str) -> Vec<String> {
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    found(text).iter().map(|(line, phrase)| format!("{name}:{line}: {phrase:?}")).collect()
}

#[test]
fn pages_and_examples_are_in_plain_words() {
    let mut pages = files(&root().join("docs"), ".md");
    pages.extend(
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ".env.example"].map(|f| root().join(f)),
    );
    pages.push(root().join("examples/quickstart.rs"));
    for ending in [".yaml", ".yml", ".json"] {
        pages.extend(files(&root().join("deploy"), ending));
    }
    let top = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let examples: Vec<PathBuf> =
        top.filter(|path| path.to_str().unwrap().ends_with(".example.yml")).collect();
    assert!(examples.len() > 3, "the example stacks are among the pages: {examples:?}");
    pages.extend(examples);
    let text = |page: &PathBuf| std::fs::read_to_string(page).unwrap();
    check(pages.iter().map(|page| (page.clone(), text(page))), "docs/");
}

/// Asserts that these texts are clean, but for the files that are not yet, which begin so.
fn check(texts: impl Iterator<Item = (PathBuf, String)>, of: &str) {
    let mut not_yet: Vec<&str> =
        NOT_YET.iter().copied().filter(|path| path.starts_with(of)).collect();
    let mut all = Vec::new();
    for (path, text) in texts {
        let found = complaints(&path, &text);
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        match not_yet.iter().position(|listed| *listed == name && !found.is_empty()) {
            Some(at) => drop(not_yet.remove(at)),
            None => all.extend(found),
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    assert!(not_yet.is_empty(), "these are clean, take them out of NOT_YET: {not_yet:?}");
}

/// What stands in the string literals of a source, at the lines where it stands; comments are for developers.
fn literals(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source.chars().peekable();
    let mut last = ' ';
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            // A character, not a lifetime: a quotation mark in one opens nothing.
            '\'' if rest.peek() == Some(&'"') => drop(rest.next()),
            '\'' if rest.peek() == Some(&'\\') => drop((rest.next(), rest.next())),
            '"' => {
                let raw = matches!(last, 'r' | '#');
                while let Some(c) = rest.next_if(|c| *c != '"') {
                    match c {
                        // An escape stands for one character, or for a line's end and the blanks after it.
                        '\\' if !raw => match rest.next() {
                            Some('\n') => text.push('\n'),
                            _ => text.push(' '),
                        },
                        c => text.push(c),
                    }
                }
                rest.next();
                text.push(' ');
            }
            '\n' => text.push('\n'),
            _ => {}
        }
        last = c;
    }
    text
}

#[test]
fn messages_are_in_plain_words() {
    let sources = files(&root().join("src"), ".rs").into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests at the end of a file are no messages.
        let messages = literals(text.split("#[cfg(test)]").next().unwrap());
        (path, messages)
    });
    check(sources, "src/");
}

#[test]
fn a_banned_word_is_found_as_a_word_only() {
    assert_eq!(found("It was Mended,\nand our own."), [(1, "mended"), (2, "our")]);
    assert_eq!(found("all is as it\n  must be"), [(1, "as it must be")]);
    assert_eq!(found("recommend, hours, bus, we-they, amend"), []);
}

#[test]
fn literals_are_read_and_comments_are_not() {
    let source =
        "say(\"one \\\" two \\\n    three\", '\"', 'a'); // we \"us\"\nlet x = r\"four\\\";";
    assert_eq!(found(&literals(source)), []);
    let words: Vec<String> = literals(source).split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["one", "two", "three", "four\\"]);
    assert_eq!(found(&literals("\n\"it is \\\n  ours\"")), [(3, "ours")]);
}
