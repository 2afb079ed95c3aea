//! `plan`: shows everything, writes nothing, and answers by its exit code.

use serde_json::Value;

use crate::support::Case;

#[test]
fn a_first_plan_shows_all_and_writes_nothing() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_HOST_BROWSER", "https://127.0.0.1:1");
    let ended = case.run(&["plan"]).expect(2);
    insta::assert_snapshot!("first_plan", ended.out);
    let json = case.run(&["plan", "--format", "json"]).expect(2);
    insta::assert_snapshot!("first_plan_json", json.out);
    assert_eq!(case.sim.writes().len(), 0);
    let files: Vec<_> = std::fs::read_dir(case.path("")).unwrap().collect();
    assert!(files.is_empty(), "plan writes no file: {files:?}");
}

#[test]
fn a_drifted_plan_shows_before_and_after() {
    let case = Case::new("2026.2");
    case.init();
    {
        let mut state = case.sim.state();
        let provider = state.provider_mut("NetBird").unwrap();
        provider["client_type"] = "confidential".into();
        provider["access_code_validity"] = "minutes=1".into();
        provider["redirect_uris"].as_array_mut().unwrap().pop();
        state.brand_default_mut()["flow_device_code"] = Value::Null;
    }
    let ended = case.run(&["plan"]).expect(2);
    insta::assert_snapshot!("drifted_plan", ended.out);
    let json = case.run(&["plan", "--format", "json"]).expect(2);
    insta::assert_snapshot!("drifted_plan_json", json.out);
}

#[test]
fn a_converged_plan_is_in_sync() {
    let case = Case::new("2026.2");
    case.init();
    case.sim.clear_requests();
    assert_eq!(case.run(&["plan"]).expect(0).out, "= 7 unchanged\n");
    let json = case.run(&["plan", "--format=json"]).expect(0);
    insta::assert_snapshot!("converged_plan_json", json.out);
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn a_plan_that_would_be_refused_says_so_and_shows_the_rest() {
    let mut case = Case::new("2026.2");
    case.init();
    case.env("AUTHENTIK_SUB_MODE", "user_email");
    case.sim.state().brand_default_mut()["flow_device_code"] = Value::Null;
    let ended = case.run(&["plan"]).expect(65).says(&["AUTHENTIK_SUB_MODE"]);
    assert!(ended.out.contains("! refused:") && ended.out.contains("~ brand"), "{}", ended.out);
    let json = case.run(&["plan", "--format=json"]).expect(65);
    insta::assert_snapshot!("refused_plan_json", json.out);
}

#[test]
fn a_plan_shows_no_secret_and_init_logs_the_same_lines() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_IDP", "authentik")
        .env("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "an-app-password-of-mine")
        .env("SETUP_LOG", "debug");
    let plan = case.run(&["plan"]).expect(2);
    assert!(plan.out.contains("key: (secret) -> (secret)"), "{}", plan.out);
    assert!(!plan.out.contains("an-app-password-of-mine"));
    assert!(!plan.out.contains('\u{1b}'), "no colours where nobody looks");
    let log = case.init().err;
    let done = |line: &&str| line.contains("stage=\"apply\"");
    let mut told = log.lines().filter(done);
    let is_file = |line: &str| line.ends_with(".json") || line.ends_with(".env");
    let objects = plan.out.lines().filter(|line| !line.starts_with(['=', '*']) && !is_file(line));
    for line in objects {
        assert!(told.any(|told| told.contains(line.trim_end())), "{line:?} is not in:\n{log}");
    }
    for remark in plan.out.lines().filter_map(|line| line.strip_prefix("* ")) {
        assert!(log.contains(remark), "{remark:?} is not in:\n{log}");
    }
}
