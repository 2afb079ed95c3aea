//! Takes JSON apart without changing a byte of it. The grammar is serde_json's to check; after that it is enough to split.

use serde::de::IgnoredAny;

use super::Node;

/// Deeper documents are refused: NetBird's have five levels, and reading is recursive.
const DEEPEST: usize = 100;

/// Documents of more values are refused: NetBird's have a hundred, and each value takes a hundred times the memory of its
/// two brackets.
const MOST: usize = 20_000;

impl Node {
    /// Reads a document.
    ///
    /// # Errors
    /// Where it is wrong, and nothing of what is there: files hold secrets.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|e| format!("at line {}, column {}", e.line(), e.column()))?;
        Splitter { text: text.as_bytes(), at: 0, nodes: 0 }.value(0)
    }
}

/// Takes apart what is known to be JSON.
struct Splitter<'a> {
    text: &'a [u8],
    at: usize,
    nodes: usize,
}

impl Splitter<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels"));
        }
        self.nodes += 1;
        if self.nodes > MOST {
            return Err(format!("it has more than {MOST} values"));
        }
        match self.next() {
            b'{' => {
                let mut members = Vec::new();
                while self.has_more(b'}') {
                    let name = self.token();
                    // The colon.
                    self.next();
                    self.at += 1;
                    members.push((name, self.value(depth + 1)?));
                }
                Ok(Node::Object(members))
            }
            b'[' => {
                let mut items = Vec::new();
                while self.has_more(b']') {
                    items.push(self.value(depth + 1)?);
                }
                Ok(Node::Array(items))
            }
            _ => Ok(Node::Scalar(self.token())),
        }
    }

    /// The byte behind white space.
    fn next(&mut self) -> u8 {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or_default()
    }

    /// Steps over the opening bracket or a comma, and over the closing bracket if that is next.
    fn has_more(&mut self, closing: u8) -> bool {
        if self.next() != closing {
            self.at += 1;
        }
        let more = self.next() != closing && self.at < self.text.len();
        if !more {
            self.at += 1;
        }
        more
    }

    fn token(&mut self) -> String {
        let start = if self.next() == b'"' { self.text_end() } else { self.word_end() };
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    fn text_end(&mut self) -> usize {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                break;
            }
        }
        start
    }

    fn word_end(&mut self) -> usize {
        let start = self.at;
        let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b']' | b'}');
        while self.text.get(self.at).is_some_and(|byte| !ends(byte)) {
            self.at += 1;
        }
        start
    }
}
