//! What the profiles say rests on recordings, on schemas or on reading, and the shares are told.

use authentik_sim::{Evidence, Feature, Source, profiles};

fn share(of: &[Source], wanted: impl Fn(Source) -> bool) -> f64 {
    let found = of.iter().filter(|source| wanted(**source)).count();
    100.0 * u32::try_from(found).map_or(0.0, f64::from)
        / u32::try_from(of.len()).map_or(1.0, f64::from)
}

#[test]
// The shares are for whoever runs the test with its output shown.
#[allow(clippy::disallowed_macros)]
fn nearly_all_fields_are_known_by_schema_or_recording() {
    let (mut fields, mut others, mut differences) = (vec![], vec![], vec![]);
    for profile in profiles() {
        // Providers of other kinds are in the way of a name only; nobody reads their keys.
        let kinds = ["Proxy", "LDAP", "SAML"];
        let read = |name: &str| !kinds.iter().any(|kind| name.starts_with(kind));
        let all = profile.fields();
        others.extend(all.iter().filter(|(name, _)| !read(name)).map(|(_, source)| *source));
        let of_fields: Vec<Source> =
            all.into_iter().filter(|(name, _)| read(name)).map(|(_, source)| source).collect();
        let of_differences: Vec<Source> =
            profile.differences().into_iter().map(|(.., source)| source).collect();
        let shares = |of: &[Source]| {
            [Source::Recorded, Source::Schema, Source::Read]
                .map(|wanted| share(of, |s| s == wanted))
        };
        println!(
            "{:13} recorded, schema, read, in per cent: fields {:.1?}, differences {:.1?}",
            profile.name,
            shares(&of_fields),
            shares(&of_differences)
        );
        fields.extend(of_fields);
        differences.extend(of_differences);
    }
    let known = |of: &[Source]| share(of, |source| source != Source::Read);
    println!(
        "known by schema or recording, in per cent: fields {:.1}, of other providers {:.1}, differences {:.1}",
        known(&fields),
        known(&others),
        known(&differences)
    );
    assert!(known(&fields) > 95.0, "{:.1} per cent of the fields", known(&fields));
}

#[test]
fn a_recorded_profile_is_known_by_its_recording_where_that_shows_it() {
    for profile in profiles() {
        let recorded = profile.evidence == Evidence::Recorded;
        let source = profile.source_of(Feature::RedirectList);
        assert_eq!(source == Source::Recorded, recorded, "{}", profile.name);
        // No recording asked for this, so every profile rests on the same.
        assert_eq!(profile.source_of(Feature::NineMappings), Source::Read);
        assert_eq!(profile.source_of(Feature::ExpiringBindings), Source::Schema);
    }
}
