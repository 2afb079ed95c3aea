//! What a run costs Authentik: how many requests, and in how many rounds. Rounds are told by what the simulator has in
//! flight at the same time, never by a clock; how long a real server would take is tests/faults/cost.rs.

use authentik_sim::{Advance, Request, Sim, Stage};

use crate::connect::world;
use crate::support::{Case, everywhere, release, side_by_side};

/// A separate public URL, and that alone.
fn plain(profile: &str) -> Case {
    let mut case = Case::with(Sim::start(profile));
    let ca = case.side_file("ca.pem", case.sim.ca_pem());
    let public = case.sim.https_url();
    case.env("AUTHENTIK_HOST_BROWSER", public).env("AUTHENTIK_CA_FILE", ca);
    case
}

/// The same with the user list, two groups and the device code.
fn with_everything(profile: &str) -> Case {
    let mut case = plain(profile);
    case.env("NETBIRD_MGMT_IDP", "authentik").env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
    if release(profile) >= (2024, 2) {
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer");
    }
    case
}

fn told(requests: &[Request]) -> String {
    let line = |r: &Request| format!("{} {}?{} {}", r.method, r.path, r.query, r.status);
    requests.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A run of a case that has converged, expected in these rounds.
#[track_caller]
fn converged(case: &Case, what: &str, rounds: &[usize]) -> Vec<Request> {
    case.sim.clear_requests();
    case.sim.gather(rounds);
    case.init().says(&["created=0", "changed=0", "files_written=0"]);
    let requests = case.sim.requests();
    assert_eq!(case.sim.rounds(), rounds, "{what}:\n{}", told(&requests));
    assert!(case.sim.writes().is_empty(), "{what}:\n{}", told(&requests));
    assert_eq!(logins(case), 0, "{what}:\n{}", told(&requests));
    requests
}

#[test]
fn a_converged_run_takes_three_rounds_and_no_login() {
    everywhere(|profile| {
        let case = plain(profile);
        case.init();
        // Who asks and which release answers; provider, mappings, keys, brand and bindings; discovery and keys.
        let requests = converged(&case, profile, &[2, 5, 2]);
        assert!(case.sim.dear_reads().is_empty(), "{profile}:\n{}", told(&requests));
    });
}

#[test]
fn with_everything_a_converged_run_takes_no_more_rounds() {
    everywhere(|profile| {
        if release(profile) < (2023, 2) {
            return;
        }
        let case = with_everything(profile);
        case.init();
        // Application, two groups, account and app password beside the others, and what gives the account its right: a
        // role, before 2025.12 by a group. The application is a dear question, and the only one that tells whether all
        // bindings must agree.
        let rights = match release(profile) {
            before if before < (2024, 2) => 0,
            before if before < (2025, 12) => 2,
            _ => 1,
        };
        let requests = converged(&case, profile, &[2, 10 + rights, 2]);
        assert_eq!(case.sim.dear_reads().len(), 1, "{profile}:\n{}", told(&requests));
    });
}

#[test]
fn one_url_for_all_takes_the_same() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        converged(&case, profile, &[2, 5, 2]);
    });
}

#[test]
fn a_public_url_that_does_not_answer_costs_the_server_nothing() {
    for (url, ca) in [("https://127.0.0.1:1", true), ("https://127.0.0.1:1", false)] {
        let mut case = Case::new("2026.2");
        case.env("AUTHENTIK_HOST_BROWSER", url);
        if ca {
            let ca = case.side_file("ca.pem", case.sim.ca_pem());
            case.env("AUTHENTIK_CA_FILE", ca);
        }
        case.init();
        converged(&case, url, &[2, 5, 2]);
    }
}

#[test]
fn with_a_provider_of_netbirds_own_it_is_no_more_either() {
    for kind in ["embedded", "combined"] {
        everywhere(|profile| {
            let case = world::case(profile, kind);
            case.init();
            // No brand; but whether Authentik knows the client's secret, which nothing else tells.
            converged(&case, profile, &[2, 4, 3]);
        });
    }
}

#[test]
fn without_state_it_is_one_round_more() {
    everywhere(|profile| {
        let case = plain(profile);
        case.init();
        std::fs::remove_file(case.path("state.json")).unwrap();
        case.sim.clear_requests();
        // From 2026.5 on, whether applications without bindings are open is a setting.
        let second = if release(profile) < (2026, 5) { 5 } else { 6 };
        case.sim.gather(&[2, second, 3]);
        case.init();
        let (rounds, requests) = (case.sim.rounds(), case.sim.requests());
        assert_eq!(rounds[..3], [2, second, 3], "{profile}:\n{}", told(&requests));
        // After them everything is verified, side by side.
        let verified = requests[second + 5..].iter().all(|r| !r.path.contains("/api/"));
        assert!(verified, "{profile}:\n{}", told(&requests));
        converged(&case, profile, &[2, 5, 2]);
    });
}

#[test]
fn a_first_run_stays_within_its_budget() {
    everywhere(|profile| {
        let within = |case: &Case, most: usize| {
            case.init();
            let requests = case.sim.requests();
            eprintln!("{profile}: a first run took {} of {most} requests", requests.len());
            assert!(requests.len() <= most, "{profile}, {}:\n{}", requests.len(), told(&requests));
        };
        within(&plain(profile), 25);
        if release(profile) < (2023, 2) {
            return;
        }
        // Before 2025.12 group names are not unique, so each new one is looked at once more: beside that, a public URL
        // of its own is too much by its discovery and keys.
        let apart = match release(profile) {
            before if before < (2024, 6) => 3,
            before if before < (2025, 12) => 2,
            _ => 0,
        };
        within(&with_everything(profile), 45 + apart);
        let mut case = with_everything(profile);
        let url = case.sim.url();
        case.env("AUTHENTIK_HOST_BROWSER", url);
        within(&case, 45);
    });
}

/// Log-ins of the service account.
fn logins(case: &Case) -> usize {
    let grants = |r: &Request| {
        r.path.ends_with("/token/") && r.body.to_string().contains("client_credentials")
    };
    case.sim.requests().iter().filter(|r| grants(r)).count()
}

#[test]
fn the_service_account_logs_in_when_something_has_changed() {
    everywhere(|profile| {
        if release(profile) < (2023, 2) {
            return;
        }
        let mut case = with_everything(profile);
        case.init();
        assert_eq!(logins(&case), 1, "{profile}: the first run");
        let ran = |case: &Case, args: &[&str]| {
            case.sim.clear_requests();
            case.run(args).expect(0);
            logins(case)
        };
        assert_eq!(ran(&case, &[]), 0, "{profile}: nothing has changed");
        assert_eq!(ran(&case, &["plan"]), 0, "{profile}: nothing has changed for plan either");
        assert!(ran(&case, &["check"]) >= 1, "{profile}: check always asks");
        case.env("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "another-password-of-the-account");
        assert!(ran(&case, &[]) >= 1, "{profile}: the password has changed");
        assert_eq!(ran(&case, &[]), 0, "{profile}: and was seen to work");
        // Somebody takes a binding away: it is made again, and tried.
        let pk = case.sim.state().user("Netbird").unwrap()["pk"].clone();
        case.sim.state().policy_bindings.retain(|binding| binding["user"] != pk);
        assert!(ran(&case, &[]) >= 1, "{profile}: a binding has changed");
        std::fs::remove_file(case.path("state.json")).unwrap();
        assert_eq!(ran(&case, &[]), 1, "{profile}: nothing is remembered");
        assert_eq!(ran(&case, &[]), 0, "{profile}: and is again");
    });
}

#[test]
fn a_server_that_is_starting_is_asked_for_what_is_missing_alone() {
    side_by_side(&["2022.12", "2024.2", "2026.2"], |profile| {
        // Long enough for some questions of each kind; then the objects come one by one, a question each.
        let longer = |(advance, stage)| match stage {
            Stage::Starting | Stage::TokenUnknown => (Advance::Requests(4), stage),
            Stage::Empty => (Advance::Requests(16), stage),
            stage => (advance, stage),
        };
        let ladder = Stage::cold_start(profile).into_iter().map(longer).collect();
        let case = Case::with(Sim::builder(profile).startup(ladder).start());
        case.init();
        let requests = case.sim.requests();
        let asked = |part: &str| requests.iter().filter(|r| r.path.contains(part)).count();
        let all = told(&requests);
        // At first, when the token is accepted, and when everything is there.
        assert!(asked("/admin/version/") <= 3, "{profile}:\n{all}");
        // When the token is accepted, when everything is there, and where it is made.
        assert!(asked("/providers/oauth2/") <= 5, "{profile}:\n{all}");
        assert!(asked("/users/me/") <= 4 + 4 + 2, "{profile}:\n{all}");
        let waiting = 4 + 4 + 16 + Stage::cold_start(profile).len();
        assert!(requests.len() <= waiting + 30, "{profile}, {}:\n{all}", requests.len());
    });
}
