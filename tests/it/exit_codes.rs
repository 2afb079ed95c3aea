//! Every exit code, by the way that leads to it; and that its message names what it must.

use authentik_sim::{Fault, FaultRule, Match, Sim, Stage, TlsMode};
use serde_json::json;

use crate::support::{Case, everywhere};

#[test]
fn wrong_command_lines_end_in_64() {
    let case = Case::new("2026.2");
    for (args, text) in [
        (&["plam"][..], "did you mean plan?"),
        (&["init", "--force"], "does not take"),
        (&["plan", "--format", "xml"], "text or json"),
        (&["help", "SETUP_TIMOUT"], "did you mean SETUP_TIMEOUT?"),
    ] {
        let ended = case.run(args).expect(64).says(&[text]);
        assert_eq!(ended.out, "");
    }
    assert_eq!(case.sim.requests().len(), 0);
}

#[test]
fn what_is_not_ours_ends_in_65_and_names_the_variable() {
    let case = Case::new("2026.2");
    let pk = case.sim.state().add_provider(json!({"name": "NetBird", "client_id": "other"}));
    case.sim.state().add_application(json!({"name": "X", "slug": "x", "provider": pk}));
    case.run(&[]).expect(65).says(&["application x", "AUTHENTIK_PROVIDER_NAME"]);
    assert_eq!(case.sim.writes().len(), 0);

    let case = Case::new("2026.2");
    let pk = case.sim.state().add_provider(json!({"name": "other", "client_id": "netbird"}));
    case.sim.state().add_application(json!({"name": "X", "slug": "x", "provider": pk}));
    case.run(&[]).expect(65).says(&["client id netbird", "NETBIRD_AUTH_CLIENT_ID"]);

    let case = Case::new("2026.2");
    case.sim.state().add_provider(json!({"name": "NetBird", "client_id": "one"}));
    case.sim.state().add_provider(json!({"name": "other", "client_id": "netbird"}));
    case.run(&[]).expect(65).says(&["several providers", "AUTHENTIK_PROVIDER_NAME"]);
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn an_ec_signing_key_that_was_asked_for_ends_in_65() {
    everywhere(|profile| {
        let mut case = Case::new(profile);
        case.sim.state().add_ec_key_pair("elliptic");
        case.env("AUTHENTIK_SIGNING_KEY", "elliptic");
        case.run(&[]).expect(65).says(&["elliptic", "AUTHENTIK_SIGNING_KEY"]);
        assert_eq!(case.sim.writes().len(), 0);
        // Also where the provider has it already.
        case.unset("AUTHENTIK_SIGNING_KEY").init();
        let pk = case.sim.state().key_pair("elliptic").unwrap()["pk"].clone();
        case.sim.state().provider_mut("NetBird").unwrap()["signing_key"] = pk;
        case.env("AUTHENTIK_SIGNING_KEY", "elliptic");
        case.refused(&["elliptic", "AUTHENTIK_SIGNING_KEY"]);
    });
}

#[test]
fn unwritable_output_ends_in_73_before_anything_is_changed() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_DIR", "/proc/nowhere");
    case.run(&[]).expect(73).says(&["SETUP_DIR /proc/nowhere", "as user"]);
    let file = case.side_file("plain", "");
    case.env("SETUP_DIR", file);
    case.run(&[]).expect(73).says(&["what to do:"]);
    assert_eq!(case.sim.requests().len(), 0);
    case.env("SETUP_DIR", "/proc/nowhere");
    let check = case.run(&["check"]).expect(73).out;
    assert!(check.contains("SETUP_DIR /proc/nowhere"), "{check}");
    assert!(!check.contains("there is no /proc/nowhere"), "one finding, not one a file: {check}");

    let case = Case::new("2026.2");
    std::fs::create_dir(case.path("setup.env")).unwrap();
    case.run(&[]).expect(73).says(&["setup.env"]);
}

#[test]
fn answers_that_do_not_fit_end_in_76() {
    // HTML wherever one looks: not Authentik.
    let case = Case::new("2026.2");
    case.sim.fault(FaultRule::always(Match::Any, Fault::Html(200)));
    case.run(&[]).expect(76).says(&["AUTHENTIK_HOST", "an HTML page"]);

    // A redirect elsewhere: the token stays.
    let case = Case::new("2026.2");
    case.sim.fault(FaultRule::always(Match::Any, Fault::Redirect("https://evil.example/".into())));
    case.run(&[]).expect(76).says(&["https://evil.example/", "never sent after a redirect"]);
    assert_eq!(case.sim.requests().len(), 2, "the probe's two questions, once");

    // A field that Authentik refuses.
    let case = Case::new("2026.2");
    let body = json!({"access_code_validity": ["No such unit."]}).to_string();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let fault = Fault::Status(400, headers, body);
    case.sim.fault(FaultRule::always(Match::path("POST", "/api/v3/providers"), fault));
    case.run(&[]).expect(76).says(&["access_code_validity: No such unit."]);
}

#[test]
fn an_issuer_that_differs_ends_in_76_and_says_why() {
    // From 2026.8 on, forwarded headers count from trusted networks only: the scheme falls back to http.
    let sim = Sim::builder("2026.8").trusted_proxy(false).start();
    let mut case = Case::with(sim);
    case.env("AUTHENTIK_HOST_BROWSER", "https://127.0.0.1:1");
    case.run(&[]).expect(76).says(&["issuer", "TRUSTED_PROXY_CIDRS"]);
}

#[test]
fn untrusted_certificates_end_at_once_and_name_the_cure() {
    for mode in [
        TlsMode::SelfSigned,
        TlsMode::Expired,
        TlsMode::NotYetValid,
        TlsMode::WrongName,
        TlsMode::Valid,
    ] {
        let sim = Sim::builder("2026.2").tls(mode).start();
        let mut case = Case::with(sim);
        let url = case.sim.https_url();
        case.env("AUTHENTIK_HOST", &url);
        let cure = match mode {
            TlsMode::Expired => "renew the certificate",
            TlsMode::NotYetValid => "set this machine's clock",
            _ => "AUTHENTIK_CA_FILE",
        };
        // The clock may be set soon.
        let waits = mode == TlsMode::NotYetValid;
        case.env("SETUP_TIMEOUT", if waits { "2s" } else { "60s" });
        let ended = case.run(&[]).expect(if waits { 69 } else { 76 }).says(&["certificate", cure]);
        assert_eq!(ended.err.contains("waiting"), waits, "{}", ended.err);
        assert_eq!(case.sim.requests().len(), 0);
    }
    let mut case = Case::new("2026.2");
    let (url, ca) = (case.sim.https_url(), case.side_file("ca.pem", case.sim.ca_pem()));
    case.env("AUTHENTIK_HOST", &url).env("AUTHENTIK_CA_FILE", ca);
    case.init();
    let mut case = Case::new("2026.2");
    let url = case.sim.https_url();
    case.env("AUTHENTIK_HOST", &url).env("AUTHENTIK_INSECURE", "yes");
    case.init();
}

#[test]
fn a_rejected_token_ends_in_77_after_the_grace() {
    let sim = Sim::builder("2026.2").stage(Stage::TokenUnknown).start();
    let mut case = Case::with(sim);
    case.env("SETUP_AUTH_GRACE", "1s");
    case.run(&[]).expect(77).says(&["AUTHENTIK_BOOTSTRAP_TOKEN", "worker"]);
    assert!(case.sim.requests().len() > 2, "it was tried again within the grace");
}
