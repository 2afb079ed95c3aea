//! How much of what the simulator serves is known from somewhere else than reading: from the release's own recording,
//! from its schema as a table, from a comparison with its schema that was made once (`schema/compared.json`), or because
//! the nearest releases before and after it that are known otherwise both serve the key.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::known::PENDING;
use super::table;
use crate::features::Feature;
use crate::model::Model;
use crate::profile::{Profile, profiles};
use crate::shapes;

/// Of 1000 keys, how many are known by recording or schema at least.
const TARGET: usize = 950;

const MODELS: &[(Model, &str, &str)] = &[
    (Model::Provider, "OAuth2Provider", "/providers/oauth2/"),
    (Model::Application, "Application", "/core/applications/"),
    (Model::Flow, "Flow", "/flows/instances/"),
    (Model::ScopeMapping, "ScopeMapping", "/propertymappings/"),
    (Model::Brand, "Brand", "/core/brands/"),
    (Model::Brand, "Tenant", "/core/tenants/"),
    (Model::KeyPair, "CertificateKeyPair", "/crypto/certificatekeypairs/"),
    (Model::User, "User", "/core/users/"),
    (Model::Group, "Group", "/core/groups/"),
    (Model::Token, "Token", "/core/tokens/"),
    (Model::Binding, "PolicyBinding", "/policies/bindings/"),
    (Model::Role, "Role", "/rbac/roles/"),
];

/// How a key of a release is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Recorded,
    Schema,
    Compared,
    Between,
    Read,
}

fn keys(object: &Value) -> impl Iterator<Item = String> {
    object.as_object().into_iter().flatten().map(|(key, _)| key.clone())
}

/// The keys that a recorded server of this release gave objects of the kind.
fn recorded(profile: &Profile, model: Model) -> BTreeSet<String> {
    let file = format!("fixtures/{}.jsonl", profile.version_current);
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let mut found = BTreeSet::new();
    for line in text.unwrap_or_default().lines() {
        let exchange: Value = serde_json::from_str(line).unwrap_or_default();
        let path = exchange["request"]["path"].as_str().unwrap_or_default();
        let of_kind = MODELS.iter().any(|(kind, _, part)| *kind == model && path.contains(part));
        let body = &exchange["response"]["body"];
        // Answers about something else below the same path have neither key.
        let primary = |object: &Value| {
            object.get("pk").or(object.get("brand_uuid")).or(object.get("tenant_uuid")).is_some()
        };
        if of_kind && exchange["response"]["status"].as_u64().is_some_and(|status| status < 300) {
            let objects =
                body["results"].as_array().map_or(std::slice::from_ref(body), Vec::as_slice);
            found.extend(objects.iter().filter(|object| primary(object)).flat_map(keys));
        }
    }
    found
}

/// The keys that this release's schema gives the kind.
fn documented(profile: &Profile, model: Model) -> BTreeSet<String> {
    let model =
        table::table(profile.version_current).and_then(|table| table.models.get(name(model)));
    model.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
}

/// The keys that the comparison found.
fn compared(profile: &Profile, model: Model) -> BTreeSet<String> {
    let keys = table::compared(profile.version_current).remove(name(model));
    keys.unwrap_or_default().into_iter().map(str::to_owned).collect()
}

/// The keys that the simulator serves.
fn served(profile: &Profile, model: Model) -> Vec<&'static str> {
    if model == Model::Role && !profile.has(Feature::Rbac) {
        return vec![];
    }
    let keys = shapes::keys(model).into_iter();
    keys.filter(|(_, range)| profile.within(*range)).map(|(key, _)| key).collect()
}

/// What the schema calls a kind.
fn name(model: Model) -> &'static str {
    MODELS.iter().find(|(kind, ..)| *kind == model).map_or("", |(_, name, _)| name)
}

/// Every key that every release serves of a kind, with its source.
fn sources(model: Model) -> Vec<(&'static str, &'static str, Source)> {
    let all = profiles();
    let known: Vec<_> =
        all.iter().map(|profile| (recorded(profile, model), documented(profile, model))).collect();
    let of = |index: usize, key: &str| {
        known
            .get(index)
            .map(|(recorded, documented)| recorded.contains(key) || documented.contains(key))
    };
    let informed =
        |index: &usize| known.get(*index).is_some_and(|(a, b)| !a.is_empty() || !b.is_empty());
    let mut found = vec![];
    for (index, profile) in all.iter().enumerate() {
        let compared = compared(profile, model);
        for key in served(profile, model) {
            let before = (0..index).rev().find(informed).and_then(|index| of(index, key));
            let after = (index + 1..all.len()).find(informed).and_then(|index| of(index, key));
            let source = match &known[index] {
                (recorded, _) if recorded.contains(key) => Source::Recorded,
                (_, documented) if documented.contains(key) => Source::Schema,
                _ if compared.contains(key) => Source::Compared,
                _ if before == Some(true) && after == Some(true) => Source::Between,
                _ => Source::Read,
            };
            found.push((profile.version_current, key, source));
        }
    }
    found
}

#[test]
fn older_releases_serve_what_was_compared_with_their_schema() {
    let mut count = 0;
    for profile in profiles() {
        for (model, ..) in MODELS {
            let wanted = compared(profile, *model);
            if wanted.is_empty() {
                continue;
            }
            count += 1;
            let served: BTreeSet<String> =
                served(profile, *model).into_iter().map(str::to_owned).collect();
            let pending = |key: &&String| {
                PENDING.iter().any(|known| {
                    known.model == name(*model)
                        && known.field == *key
                        && known.range.holds(profile.release)
                })
            };
            let differing = served.symmetric_difference(&wanted);
            let differing: Vec<_> = differing.filter(|key| !pending(key)).collect();
            assert!(differing.is_empty(), "{} {model:?}: {differing:?}", profile.version_current);
        }
    }
    assert!(count > 90, "only {count} kinds were compared");
}

#[test]
// The figures are for whoever runs the test with its output shown.
#[allow(clippy::disallowed_macros)]
fn nearly_all_keys_are_known_by_recording_or_schema() {
    let kinds: Vec<Model> = MODELS.iter().map(|(kind, ..)| *kind).collect();
    let mut all = vec![];
    for (index, model) in kinds.iter().enumerate() {
        if kinds.iter().position(|kind| kind == model) == Some(index) {
            let of_kind = sources(*model);
            let read = |found: &&(_, _, Source)| found.2 == Source::Read;
            for (release, key, _) in of_kind.iter().filter(read) {
                println!("read alone: {release} {model:?} {key}");
            }
            all.extend(of_kind);
        }
    }
    for source in
        [Source::Recorded, Source::Schema, Source::Compared, Source::Between, Source::Read]
    {
        let count = all.iter().filter(|found| found.2 == source).count();
        println!("{source:?}: {count} of {}", all.len());
    }
    let known =
        all.iter().filter(|found| !matches!(found.2, Source::Between | Source::Read)).count();
    assert!(known * 1000 >= all.len() * TARGET, "{known} of {} are known", all.len());
}
