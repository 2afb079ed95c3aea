//! Configuration: everything wrong at once, by name, and without a secret.

use crate::support::Case;

#[test]
fn all_errors_come_at_once_with_what_was_found_and_what_is_right() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_HOST", "http://authentik_server:9000")
        .env("AUTHENTIK_TOKEN", "two words")
        .env("NETBIRD_DOMAIN", "https://netbird.example.com")
        .env("AUTHENTIK_SUB_MODE", "uid")
        .env("SETUP_TIMEOUT", "90")
        .env("SETUP_OUTPUTS", "setup.env,setup.json")
        .env("SETUP_FILE_MODE", "rw-r-----")
        .env("AUTHENTIK_INSECURE", "perhaps")
        .env("AUTHENTIK_REDIRECT_URIS", "https://a.example/x,nonsense")
        .env("NETBIRD_DATASTORE_ENC_KEY", "c2hvcnQ=")
        .env("NETBIRD_MGMT_DISABLE_DEFAULT_POLICY", "yes please")
        .env("NETBIRD_AUTH_REDIRECT_URI", "/#callback")
        .env("SETUP_LOG", "verbose")
        .env("NETBIRD_SIGNAL_PORT", "10\n000");
    let ended = case.run(&[]).expect(78).says(&[
        "AUTHENTIK_HOST: found 'http://authentik_server:9000', wanted a host name without underscore",
        "AUTHENTIK_TOKEN: wanted",
        "NETBIRD_DOMAIN: found 'https://netbird.example.com'",
        "AUTHENTIK_SUB_MODE: found 'uid', wanted one of: user_id",
        "SETUP_TIMEOUT: found '90', wanted a number with a unit",
        "SETUP_OUTPUTS: found",
        "SETUP_FILE_MODE: found 'rw-r-----'",
        "AUTHENTIK_INSECURE: found 'perhaps', wanted true or false",
        "AUTHENTIK_REDIRECT_URIS: found",
        "NETBIRD_DATASTORE_ENC_KEY: wanted base64 of exactly 32 bytes",
        "NETBIRD_MGMT_DISABLE_DEFAULT_POLICY: found 'yes please', wanted exactly true or false",
        "NETBIRD_SIGNAL_PORT: wanted one line",
        "NETBIRD_AUTH_REDIRECT_URI: found '/#callback', wanted a path such as /auth",
        "SETUP_LOG: found 'verbose', wanted a level",
        "15 configuration errors",
    ]);
    assert!(!ended.err.contains("two words") && !ended.err.contains("c2hvcnQ="), "{}", ended.err);
    assert_eq!(case.sim.requests().len(), 0);
}

#[test]
fn missing_variables_are_named() {
    let mut case = Case::new("2026.2");
    case.unset("AUTHENTIK_HOST").unset("AUTHENTIK_TOKEN").env("NETBIRD_DOMAIN", "");
    case.run(&[]).expect(78).says(&[
        "AUTHENTIK_HOST is not set",
        "AUTHENTIK_TOKEN is not set",
        "NETBIRD_DOMAIN is not set",
    ]);
}

#[test]
fn a_secret_may_be_a_file_but_not_both() {
    let mut case = Case::new("2026.2");
    let file = case.side_file("token", format!("{}\n", authentik_sim::DEFAULT_TOKEN));
    case.unset("AUTHENTIK_TOKEN").env("AUTHENTIK_TOKEN_FILE", &file);
    case.init();

    case.env("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN);
    case.run(&[]).expect(78).says(&["AUTHENTIK_TOKEN_FILE", "not both"]);

    case.unset("AUTHENTIK_TOKEN").env("AUTHENTIK_TOKEN_FILE", "/nowhere/token");
    case.run(&[]).expect(78).says(&["AUTHENTIK_TOKEN_FILE: found '/nowhere/token'"]);

    let empty = case.side_file("empty", "\n");
    case.env("AUTHENTIK_TOKEN_FILE", empty);
    case.run(&[]).expect(78).says(&["AUTHENTIK_TOKEN_FILE", "it is empty"]);
}

#[test]
fn a_typo_in_a_name_is_a_warning_with_the_nearest_name() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_TIMOUT", "1s").env("AUTHENTIK_PROVIDER_NAM", "x");
    case.env("AUTHENTIK_POSTGRESQL__HOST", "db").env("AUTHENTIK_SECRET_KEY", "x");
    let ended =
        case.init().says(&["did you mean SETUP_TIMEOUT?", "did you mean AUTHENTIK_PROVIDER_NAME?"]);
    assert!(!ended.err.contains("POSTGRESQL") && !ended.err.contains("SECRET_KEY"));
}

#[test]
fn values_that_contradict_the_proof_are_refused_before_anything_is_changed() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_AUTH_AUDIENCE", "something-else");
    case.run(&[])
        .expect(78)
        .says(&["NETBIRD_AUTH_AUDIENCE: found 'something-else', wanted netbird"]);
    assert_eq!(case.sim.writes().len(), 0);
    case.env("NETBIRD_AUTH_AUDIENCE", "netbird");
    case.init();
}

#[test]
fn help_and_version_go_to_standard_output() {
    let case = Case::new("2026.2");
    let help = case.run(&["help"]).expect(0);
    for variable in netbird_authentik_init::config::variables::VARIABLES {
        assert!(help.out.contains(variable.name));
        let one = case.run(&["help", variable.name]).expect(0).out;
        for part in ["  example: ", "  used by: ", "  for: "] {
            assert!(one.contains(part), "{part} in {one}");
        }
        assert!(one.contains("default: ") || one.contains("  required\n"), "{one}");
    }
    let width = help.out.lines().map(|line| line.chars().count()).max();
    assert!(width <= Some(100), "{width:?} columns");
    assert!(case.run(&["help", "setup_timeout"]).expect(0).out.contains("default: 15m"));
    let version = case.run(&["--version"]).expect(0);
    assert_eq!(version.out, concat!("netbird-authentik-init ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn json_logs_are_one_object_a_line() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_LOG_FORMAT", "json").env("SETUP_LOG", "debug");
    let ended = case.init();
    assert!(ended.err.lines().count() > 10);
    for line in ended.err.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(json["level"].is_string() && json["timestamp"].is_string(), "{line}");
    }
}

#[test]
fn a_wrong_command_line_is_answered_with_the_right_one() {
    let case = Case::new("2026.2");
    for (args, says) in [
        (&["health"][..], "did you mean healthcheck?"),
        (&["wacth"][..], "did you mean watch?"),
        (&["plan", "--json"][..], "it takes --format json"),
        (&["check", "--format=xml"][..], "unknown format xml"),
        (&["plan", "--format", "xml"][..], "unknown format xml"),
        (&["watch", "now"][..], "watch does not take: now"),
        (&["help", "SETUP_INTERVALL"][..], "did you mean SETUP_INTERVAL?"),
    ] {
        case.run(args).expect(64).says(&[says]);
    }
    assert!(case.run(&["help", "watch"]).expect(0).out.contains("SIGHUP"));
    assert!(case.run(&["help", "setup_interval"]).expect(0).out.contains("default: 5m"));
}

#[test]
fn every_command_explains_itself() {
    let case = Case::new("2026.2");
    for (args, says) in [
        (&["plan", "--help"][..], "--format json"),
        (&["init", "-h"], "(default)"),
        (&["watch", "--help"], "SIGHUP"),
        (&["--help"], "Exit codes"),
        (&["-h"], "Exit codes"),
        (&["help", "authentik_token_file"], "secret; AUTHENTIK_TOKEN_FILE"),
        (&["help", "SETUP_OWNER_EMAIL"], "SETUP_NETBIRD=embedded and combined"),
        (&["help", "SETUP_LISTEN"], "used by: watch\n"),
        (&["help", "NB_PAT"], "used by: connect, watch"),
    ] {
        let ended = case.run(args).expect(0);
        assert!(ended.out.contains(says) && ended.err.is_empty(), "{args:?}: {}", ended.out);
    }
    let text = case.run(&["help"]).expect(0).out;
    let place = |name: &str| text.find(&format!("\n  {name}")).unwrap();
    assert!(place("AUTHENTIK_TOKEN") < place("AUTHENTIK_HOST_BROWSER"), "required ones first");
    for (args, says) in [
        (&["plan", "--format"][..], "missing argument"),
        (&["init", "--format=json"], "init does not take: --format"),
        (&["version", "--help=x"], "see help"),
    ] {
        case.run(args).expect(64).says(&[says]);
    }
}
