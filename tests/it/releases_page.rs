//! `docs/releases.md` cannot disagree with what the tests run against, nor with what the program believes.

use std::fmt::Write;

use authentik_sim::schema::{compared_by_name, judged_by};
use authentik_sim::{Evidence, Feature, Profile, profiles};
use netbird_authentik_init::authentik::release::{NEWEST, OLDEST, Release};

use crate::support::release;
use crate::upgrades::last_reached_by_skipping;

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn row(profile: &Profile) -> String {
    let yes = |feature| if profile.has(feature) { "yes" } else { "no" };
    let version = profile.version_current;
    let schema = match (judged_by(version), compared_by_name(version)) {
        (Some(_), _) => "schema compared",
        (None, true) => "names compared",
        (None, false) => "",
    };
    let evidence = match (profile.evidence, schema) {
        (Evidence::Recorded, "") => "recorded".to_owned(),
        (Evidence::Recorded, schema) => format!("recorded, {schema}"),
        (Evidence::Read, "") => "read".to_owned(),
        (Evidence::Read, schema) => schema.to_owned(),
    };
    let redirects = match (profile.has(Feature::RedirectList), profile.has(Feature::RedirectType)) {
        (false, _) => "text",
        (true, false) => "list",
        (true, true) => "list with types",
    };
    let cells = [
        version,
        &evidence,
        yes(Feature::SubUserId),
        yes(Feature::SubUserUuid),
        yes(Feature::Rbac),
        yes(Feature::JwtOnApi),
        yes(Feature::OfflineAccess),
        redirects,
        yes(Feature::InvalidationFlow),
        yes(Feature::GrantTypes),
        yes(Feature::ForwardedTrusted),
    ];
    cells.join(" | ")
}

#[test]
fn the_table_is_made_from_the_profiles_that_the_tests_run() {
    let mut table = String::from(
        "| Authentik | rests on | `user_id` | `user_uuid` | roles | user list | `offline_access` | redirect URIs | \
         invalidation flow | grant types | trusted networks |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for profile in profiles() {
        let _ = writeln!(table, "| {} |", row(profile));
    }
    assert!(
        read("docs/releases.md").contains(&table),
        "the table in docs/releases.md should be:\n{table}"
    );
}

#[test]
fn the_program_believes_the_same_of_each_release() {
    type Belief = fn(Release) -> bool;
    let beliefs: [(Feature, Belief); 9] = [
        (Feature::RedirectList, Release::lists_redirect_uris),
        (Feature::RedirectType, Release::has_logout_redirects),
        (Feature::MappingsMoved, Release::has_provider_scope_path),
        (Feature::Brands, Release::has_brands),
        (Feature::OfflineAccess, Release::has_offline_access),
        (Feature::InvalidationFlow, Release::has_invalidation_flow),
        (Feature::CheapKeyPairs, |r| !r.has_optional_key_details()),
        (Feature::SubUserId, |r| r >= Release::sub_mode_since("user_id")),
        (Feature::SubUserUuid, |r| r >= Release::sub_mode_since("user_uuid")),
    ];
    for profile in profiles() {
        let release = Release::parse(profile.version_current);
        assert!(!release.is_newer_than_known() && !release.is_older_than_known(), "{release}");
        for (feature, belief) in beliefs {
            assert_eq!(belief(release), profile.has(feature), "{release}: {feature:?}");
        }
    }
}

#[test]
fn the_range_of_releases_is_the_same_everywhere() {
    let range = format!("{} to {}", OLDEST.month(), NEWEST.month());
    assert!(read("README.md").contains(&format!("Authentik {range}")), "README: {range}");
    assert!(read("docs/releases.md").contains(&range), "docs/releases.md: {range}");
}

#[test]
fn the_page_says_which_releases_cannot_be_skipped() {
    let (year, month) = release(last_reached_by_skipping());
    let sentence = format!("from each older one straight to {year}.{month}");
    assert!(read("docs/releases.md").contains(&sentence), "{sentence}");
}

/// The default of a variable in the example, as the image's tag.
fn tag(variable: &str) -> String {
    let example = read("docker-compose.example.yml");
    let start = format!("${{{variable}:-");
    let rest = example.split(&start).nth(1).unwrap();
    rest.split('}').next().unwrap().to_owned()
}

#[test]
fn the_tags_on_the_page_of_netbird_are_those_of_the_example() {
    let page = read("docs/netbird-versions.md");
    let (netbird, dashboard) = (tag("NETBIRD_TAG"), tag("NETBIRD_DASHBOARD_TAG"));
    for image in ["management", "signal", "relay", "netbird-server"] {
        assert!(page.contains(&format!("`netbirdio/{image}:{netbird}`")), "{image}:{netbird}");
    }
    assert!(page.contains(&format!("`netbirdio/dashboard:{dashboard}`")), "{dashboard}");
}
