//! The tables as they are asked: which one stands for a release, and what it says of an operation or a model.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::release::Release;

/// What a value may be.
#[derive(Debug)]
pub(super) enum Kind {
    Any,
    Bool,
    Int,
    Number,
    Text,
    Uuid,
    Time,
    Object,
    List(Box<Kind>),
    Named(String),
}

impl Kind {
    fn parse(text: &str) -> Self {
        let inner = |open, close| text.strip_prefix(open)?.strip_suffix(close);
        if let Some(item) = inner('[', ']') {
            return Self::List(Box::new(Self::parse(item)));
        }
        match text {
            "any" => Self::Any,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "number" => Self::Number,
            "text" => Self::Text,
            "uuid" => Self::Uuid,
            "time" => Self::Time,
            "object" => Self::Object,
            name => Self::Named(name.to_owned()),
        }
    }
}

/// A field of a model, or the body of a request.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) nullable: bool,
}

impl Field {
    fn parse(text: &str) -> Self {
        let nullable = text.ends_with('?');
        let text = text.trim_end_matches('?');
        let kind = Kind::parse(text.trim_end_matches('!'));
        Self { kind, required: text.ends_with('!'), nullable }
    }
}

/// A method of a path.
#[derive(Debug)]
pub(super) struct Operation {
    method: String,
    /// The path with names in braces.
    pub(super) path: String,
    pub(super) query: BTreeMap<String, Kind>,
    pub(super) body: Option<Field>,
    /// What each status comes with; nothing where there is no body.
    pub(super) answers: BTreeMap<String, Option<Kind>>,
}

/// What one release documents.
#[derive(Debug)]
pub struct Table {
    /// The release that the table was made from.
    pub release: String,
    /// Where it comes from.
    pub source: String,
    pub(super) number: Release,
    operations: Vec<Operation>,
    pub(super) models: BTreeMap<String, BTreeMap<String, Field>>,
    pub(super) enums: BTreeMap<String, Vec<Value>>,
}

const FILES: &[&str] = &[
    include_str!("../../schema/2024.12.5.json"),
    include_str!("../../schema/2025.2.4.json"),
    include_str!("../../schema/2025.4.4.json"),
    include_str!("../../schema/2025.6.4.json"),
    include_str!("../../schema/2025.8.4.json"),
    include_str!("../../schema/2025.10.3.json"),
    include_str!("../../schema/2025.12.4.json"),
    include_str!("../../schema/2026.2.2.json"),
    include_str!("../../schema/2026.5.6.json"),
    include_str!("../../schema/2026.8.5.json"),
];

/// What was compared by name of field alone, for releases that no package was published for.
static COMPARED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schema/compared.json")).unwrap_or_default()
});

static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| FILES.iter().map(|file| Table::parse(file)).collect());

/// Every table, oldest release first.
#[must_use]
pub fn tables() -> &'static [Table] {
    &TABLES
}

/// The table of this very release, else the one of its line: within the lines that have one, patch releases differ in
/// nothing that a table holds. A release candidate or snapshot is not of its line.
pub(super) fn table(release: &str) -> Option<&'static Table> {
    let line = |text: &str| text.rsplit_once('.').map(|(line, _)| line.to_owned());
    let same = |table: &&Table| table.release == release || line(&table.release) == line(release);
    TABLES.iter().find(same).filter(|_| !release.contains('-'))
}

/// Which release's table judges this one, if any does.
#[must_use]
pub fn judged_by(release: &str) -> Option<&'static str> {
    table(release).map(|table| table.release.as_str())
}

/// The names of fields that the schema of this very release gives each model, where they were compared by name alone.
pub(super) fn compared(release: &str) -> BTreeMap<String, Vec<&'static str>> {
    let models = COMPARED["releases"][release].as_object().into_iter().flatten();
    models.map(|(name, keys)| (name.clone(), text(keys).split(' ').collect())).collect()
}

/// Whether names of fields, and nothing else, were compared with the schema of this very release.
#[must_use]
pub fn compared_by_name(release: &str) -> bool {
    !compared(release).is_empty()
}

fn map<T>(value: &Value, each: impl Fn(&Value) -> T) -> BTreeMap<String, T> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), each(value))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Table {
    fn parse(file: &str) -> Self {
        let value: Value = serde_json::from_str(file).unwrap_or_default();
        let release = text(&value["release"]).to_owned();
        let numbers: Vec<u16> = release.split('.').filter_map(|part| part.parse().ok()).collect();
        let [year, month, patch] = numbers[..] else { panic!("a table of {release:?}") };
        let operations = value["operations"].as_object().into_iter().flatten();
        Self {
            source: text(&value["source"]).to_owned(),
            number: Release(
                year,
                u8::try_from(month).unwrap_or_default(),
                i8::try_from(patch).unwrap_or_default(),
            ),
            operations: operations.map(|(name, value)| Operation::parse(name, value)).collect(),
            models: map(&value["models"], |model| map(model, |field| Field::parse(text(field)))),
            enums: map(&value["enums"], |values| values.as_array().cloned().unwrap_or_default()),
            release,
        }
    }

    /// The operation of a method and a path below `/api/v3`; a path that is spelled out goes before one with names.
    pub(super) fn operation(&self, method: &str, route: &str) -> Option<&Operation> {
        let matching = self.operations.iter().filter(|operation| operation.matches(method, route));
        matching.min_by_key(|operation| operation.path.matches('{').count())
    }
}

impl Operation {
    fn parse(name: &str, value: &Value) -> Self {
        let (method, path) = name.split_once(' ').unwrap_or_default();
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: map(&value["query"], |kind| Kind::parse(text(kind))),
            body: value["body"].as_str().map(Field::parse),
            answers: map(&value["answers"], |kind| kind.as_str().map(Kind::parse)),
        }
    }

    fn matches(&self, method: &str, route: &str) -> bool {
        let (wanted, given) = (self.path.split('/'), route.split('/'));
        self.method == method
            && wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
    }
}
