//! A manager of type authentik that management.json has while no variable asks for one: it stays, and NetBird uses it, so
//! whether it works is examined and told.

use authentik_sim::{Fault, FaultRule, Match};
use serde_json::{Value, json};

use crate::reported::{LISTS, works};
use crate::support::{Case, side_by_side};
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

fn file(case: &Case) -> Value {
    serde_json::from_str(&case.read("management.json")).unwrap()
}

fn edit(case: &Case, edit: impl Fn(&mut Value)) {
    let mut file = file(case);
    edit(&mut file["IdpManagerConfig"]);
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
}

#[test]
fn one_that_works_passes_and_is_not_logged_in_at_each_run() {
    let case = kept();
    let password = file(&case)["IdpManagerConfig"]["ExtraConfig"]["Password"].clone();
    let setup = case.read("setup.env");
    assert!(!setup.contains(password.as_str().unwrap()), "it is in management.json alone");
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
fn one_that_does_not_work_is_a_failure_of_check_and_a_warning_of_init() {
    type State = (i32, &'static str, fn(&Case));
    let states: [State; 5] = [
        (77, "cannot log in", without_account),
        (77, "cannot log in", |case| {
            case.sim.state().token_mut("service-account-netbird-password").unwrap()["key"] =
                "another".into();
        }),
        (77, "may not list users", |case| {
            let mut state = case.sim.state();
            let account = state.user_mut("Netbird").unwrap();
            account["roles"] = json!([]);
            account["groups"] = json!([]);
        }),
        (77, "knows users by number, and the provider by hashed_user_id", |case| {
            case.sim.state().provider_mut("NetBird").unwrap()["sub_mode"] = "hashed_user_id".into();
        }),
        (69, "500", |case| {
            let busy = Fault::Status(500, vec![], r#"{"detail": "no"}"#.to_owned());
            case.sim
                .fault(FaultRule::always(Match::regex("GET", r"/core/users/\?page_size=1$"), busy));
        }),
    ];
    side_by_side(&states, |(code, what, put)| {
        let case = kept();
        put(&case);
        let before = case.read("management.json");
        let check = case.run(&["check"]).expect(*code);
        let told = line(&check.out, "user-list");
        assert!(told.starts_with("FAIL  user-list") && told.contains(what), "{}", check.out);
        assert!(check.out.contains(", 1 fail, "), "{}", check.out);
        // It was there before, so it is no reason to keep NetBird from starting.
        std::fs::remove_file(case.path("state.json")).unwrap();
        case.init().says(&["user-list", what]);
        case.run(&["plan"]).expect(0);
        case.init().says(&["in sync"]);
        assert_eq!(case.read("management.json"), before);
    });
}

#[test]
fn watch_warns_in_its_first_cycle_and_its_page_says_so() {
    let mut case = kept();
    without_account(&case);
    let mut watch = Watch::start(&mut case);
    let row = |word: &str| format!("<a href=\"#user-list\">user-list</a></td><td class=\"{word}");
    let (_, page) = watch.page("/");
    assert!(page.contains(&row("warn\">a warning")), "{page}");
    watch.cycle();
    let (_, page) = watch.page("/");
    assert!(page.contains(&row("none\">not asked")), "{page}");
}

/// Nothing that Authentik is asked has this text in it.
fn never_sent(case: &Case, secret: &str) {
    let sent = |r: &authentik_sim::Request| r.body.to_string().contains(secret);
    assert!(!case.sim.requests().iter().any(sent), "{:?}", case.sim.requests());
}

#[test]
fn a_password_for_another_server_is_not_sent_to_this_one() {
    const THEIRS: &str = "a-password-for-another-server";
    for field in ["Issuer", "TokenEndpoint"] {
        let mut case = kept();
        edit(&case, |manager| {
            manager["ClientConfig"][field] =
                "https://elsewhere.example.com/application/o/x/".into();
            manager["ExtraConfig"]["Password"] = THEIRS.into();
        });
        std::fs::remove_file(case.path("secrets.json")).unwrap();
        std::fs::remove_file(case.path("state.json")).unwrap();
        case.env(
            "NETBIRD_DATASTORE_ENC_KEY",
            file(&case)["DataStoreEncryptionKey"].as_str().unwrap(),
        );
        case.sim.clear_requests();
        case.init_as_planned();
        let check = case.run(&["check"]).expect(0);
        assert!(line(&check.out, "foreign-manager").starts_with("WARN"), "{}", check.out);
        assert!(line(&check.out, "user-list").starts_with("SKIP"), "{}", check.out);
        assert_eq!(log_ins(&case), [""; 0]);
        // Asked for, the manager becomes one of this Authentik, with a password of its own.
        case.env(LISTS.0, LISTS.1);
        case.run(&["check"]);
        case.init_as_planned();
        case.run(&["check"]).expect(0);
        never_sent(&case, THEIRS);
        assert!(!case.read("secrets.json").contains(THEIRS));
    }
}

#[test]
fn what_cannot_be_told_is_not_tried() {
    let edits: [fn(&mut Value); 4] = [
        |manager| manager["ExtraConfig"]["Username"] = json!(5),
        |manager| manager["ExtraConfig"]["Password"] = "".into(),
        |manager| manager["ExtraConfig"]["Username"] = "{{ .NETBIRD_USER }}".into(),
        |manager| manager["ClientConfig"]["GrantType"] = "password".into(),
    ];
    side_by_side(&edits, |change| {
        let case = kept();
        edit(&case, change);
        case.sim.clear_requests();
        let check = case.run(&["check"]);
        assert!(line(&check.out, "user-list").starts_with("SKIP"), "{}", check.out);
        assert_eq!(log_ins(&case), [""; 0], "{}", check.out);
        assert!(!line(&check.out, "foreign-manager").starts_with("PASS"), "{}", check.out);
    });
}
