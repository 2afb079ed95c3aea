//! A step of the plan for files: what changes in one of them, in words and without secrets.

/// One key of a file, before and after, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key, or what it is about.
    pub key: String,
    /// What is there; nothing where the key is new.
    pub before: Option<String>,
    /// What will be there; nothing where the key goes.
    pub after: Option<String>,
}

impl KeyChange {
    /// What is there, and what will be.
    pub fn told(key: &str, before: &str, after: &str) -> Self {
        Self { key: key.to_owned(), before: Some(before.to_owned()), after: Some(after.to_owned()) }
    }

    /// Of a file's mode, if it is another one.
    pub fn mode(is: u32, wanted: u32) -> Option<Self> {
        (is != wanted).then(|| Self::told("mode", &format!("{is:04o}"), &format!("{wanted:04o}")))
    }

    /// For people.
    pub fn line(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        format!("{}: {} -> {}", self.key, text(&self.before), text(&self.after))
    }
}

/// One file that is made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStep {
    /// Its name.
    pub name: String,
    /// Whether it is new.
    pub create: bool,
    /// What changes in it; of a new file nothing is listed.
    pub changes: Vec<KeyChange>,
}

impl FileStep {
    /// What changes in what the file says, and not only in who may read it or how it is laid out.
    pub fn said(&self) -> impl Iterator<Item = &KeyChange> {
        const ATTRIBUTES: &[&str] = &["mode", "owner", "group", LAYOUT];
        self.changes.iter().filter(|change| !ATTRIBUTES.contains(&change.key.as_str()))
    }

    /// The lines that `plan` prints for it.
    pub fn lines(&self) -> Vec<String> {
        match self.create {
            true => vec![format!("+ {}", self.name)],
            false => {
                self.changes.iter().map(|c| format!("~ {}: {}", self.name, c.line())).collect()
            }
        }
    }
}

/// Comments, blanks, or the order of lines.
pub const LAYOUT: &str = "layout";
