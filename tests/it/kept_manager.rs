//! A manager of type authentik that management.json has while no variable asks for one: it stays, and NetBird uses it, so
//! whether it works is examined and told.

use serde_json::{Value, json};

use crate::reported::{LISTS, works};
use crate::support::Case;
use crate::watch::Watch;

const TOKEN_ENDPOINT: &str = "/application/o/token/";

/// A set-up whose user list nobody asks for any more.
fn kept() -> Case {
    let mut case = works("2026.2", &[LISTS]);
    case.unset(LISTS.0);
    case.init();
    case
}

/// Log-ins as the service account.
fn log_ins(case: &Case) -> Vec<String> {
    let requests = case.sim.requests();
    let forms = requests.iter().filter(|r| r.path == TOKEN_ENDPOINT).map(|r| r.body.to_string());
    forms.filter(|form| form.contains("client_credentials")).collect()
}

fn line<'a>(text: &'a str, check: &str) -> &'a str {
    let named = |line: &&str| line.split_whitespace().nth(1) == Some(check);
    text.lines().find(named).unwrap_or_else(|| panic!("no {check} in {text}"))
}

fn without_account(case: &Case) {
    let mut state = case.sim.state();
    state.users.retain(|user| user["username"] != "Netbird");
    state.tokens.retain(|token| token["identifier"] != "service-account-netbird-password");
}

#[test]
fn one_that_works_passes_and_is_not_logged_in_at_each_run() {
    let case = kept();
    let manager: Value = serde_json::from_str(&case.read("management.json")).unwrap();
    let password = manager["IdpManagerConfig"]["ExtraConfig"]["Password"].as_str().unwrap();
    let setup = case.read("setup.env");
    assert!(setup.contains("\nNETBIRD_MGMT_IDP='authentik'\n"), "{setup}");
    assert!(setup.contains("\nNETBIRD_IDP_MGMT_EXTRA_USERNAME='Netbird'\n"), "{setup}");
    assert!(!setup.contains(password), "it is in management.json alone");

    let check = case.run(&["check"]).expect(0);
    assert!(line(&check.out, "user-list").starts_with("PASS  user-list"), "{}", check.out);
    assert!(line(&check.out, "foreign-manager").starts_with("PASS"), "{}", check.out);
    case.sim.clear_requests();
    case.init().says(&["in sync"]);
    assert_eq!(log_ins(&case), [""; 0], "each leaves an event and a token in Authentik");
    let requests = case.sim.requests().len();
    assert!(requests <= 12, "{requests} requests, as of a plain run");
}

#[test]
fn one_that_is_shut_out_is_a_failure_of_check_and_a_warning_of_init() {
    let states: [(&str, fn(&Case)); 3] = [
        ("cannot log in", without_account),
        ("cannot log in", |case| {
            case.sim.state().token_mut("service-account-netbird-password").unwrap()["key"] =
                "another".into();
        }),
        ("may not list users", |case| {
            let mut state = case.sim.state();
            let account = state.user_mut("Netbird").unwrap();
            account["roles"] = json!([]);
            account["groups"] = json!([]);
            drop(state);
        }),
    ];
    for (what, shut_out) in states {
        let case = kept();
        shut_out(&case);
        let before = case.read("management.json");
        let check = case.run(&["check"]).expect(77);
        let told = line(&check.out, "user-list");
        assert!(told.starts_with("FAIL  user-list") && told.contains(what), "{}", check.out);
        assert!(check.out.contains("set NETBIRD_MGMT_IDP=authentik"), "{}", check.out);
        assert!(check.out.contains(", 1 fail, "), "{}", check.out);
        // It was there before, so it is no reason to keep NetBird from starting; each run says it.
        std::fs::remove_file(case.path("state.json")).unwrap();
        for _ in 0..2 {
            let init = case.init();
            init.says(&["user-list", what, "NETBIRD_MGMT_IDP=none"]);
        }
        assert_eq!(case.read("management.json"), before);
    }
}

#[test]
fn watch_warns_in_its_first_cycle_and_its_page_says_so() {
    let mut case = kept();
    without_account(&case);
    let watch = Watch::start(&mut case);
    let (_, page) = watch.page("/");
    let row = "<a href=\"#user-list\">user-list</a></td><td class=\"warn\">a warning</td>";
    assert!(page.contains(row), "{page}");
}

#[test]
fn a_password_for_another_server_is_not_sent_to_this_one() {
    let case = kept();
    let foreign = case.read("management.json");
    let mut file: Value = serde_json::from_str(&foreign).unwrap();
    let client = &mut file["IdpManagerConfig"]["ClientConfig"];
    client["Issuer"] = "https://elsewhere.example.com/application/o/netbird/".into();
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
    case.sim.clear_requests();
    case.init_as_planned();
    let check = case.run(&["check"]).expect(0);
    let told = line(&check.out, "foreign-manager");
    assert!(told.starts_with("WARN") && told.contains("elsewhere.example.com"), "{}", check.out);
    assert!(line(&check.out, "user-list").starts_with("SKIP"), "{}", check.out);
    assert_eq!(log_ins(&case), [""; 0]);
}
