//! The plan covers the files of every kind of NetBird, tells what `init` does, and shows nothing that is secret.

use serde_json::Value;

use super::world::case;
use crate::support::{Case, all_at_once};

const KINDS: [(&str, &str); 3] = [
    ("standalone", "setup.env,management.json,dashboard.env,relay.env,idp-seed-info"),
    ("embedded", "setup.env,management.json,dashboard.env,relay.env"),
    ("combined", "config.yaml,dashboard.env"),
];

fn kinds(test: impl Fn(&Case, &[&str]) + Sync) {
    all_at_once(&KINDS, |(kind, outputs)| {
        let mut case = case("2026.2", kind);
        case.env("SETUP_OUTPUTS", *outputs);
        test(&case, &outputs.split(',').collect::<Vec<_>>());
    });
}

/// Every secret that this container keeps or Authentik made.
fn secrets(case: &Case) -> Vec<String> {
    let path = case.dir.path().join("state/secrets.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let kept = kept.as_object().unwrap().iter().filter(|(key, _)| *key != "owner_email");
    let kept = kept.filter_map(|(_, value)| value.as_str().map(str::to_owned));
    let client = case.sim.state().providers[0]["client_secret"].as_str().map(str::to_owned);
    kept.chain(client).collect()
}

#[test]
fn it_names_every_file_before_the_first_run_and_nothing_after_it() {
    kinds(|case, outputs| {
        let plan = case.run(&["plan"]).expect(2);
        for name in outputs.iter().chain(&["secrets.json", "state.json"]) {
            assert!(plan.out.lines().any(|line| line == format!("+ {name}")), "{}", plan.out);
        }
        case.init_as_planned();
        let plan = case.run(&["plan"]).expect(0);
        assert!(plan.out.starts_with("= ") && plan.out.contains(" unchanged\n"), "{}", plan.out);
        case.init_as_planned().says(&["files_written=0"]);
    });
}

#[test]
fn a_spoilt_file_is_told_without_what_is_secret() {
    kinds(|case, outputs| {
        case.init();
        let secrets = secrets(case);
        assert!(secrets.len() > 3, "{secrets:?}");
        for name in outputs {
            let path = match *name {
                "idp-seed-info" => case.dir.path().join("state").join(name),
                _ => case.path(name),
            };
            let whole = std::fs::read_to_string(&path).unwrap();
            // Its first line says whose it is; every other line is turned round once.
            for (number, line) in whole.lines().enumerate() {
                if number == 0 && line.starts_with('#') || line.trim().len() < 3 {
                    continue;
                }
                // Every line beside a secret, and some of the others.
                let mut around = whole.lines().skip(number.saturating_sub(1)).take(3);
                let is_near = around.any(|line| secrets.iter().any(|s| line.contains(s.as_str())));
                if !is_near && number % 6 > 0 {
                    continue;
                }
                let lines = whole.lines().enumerate();
                let spoilt: Vec<&str> =
                    lines.filter(|(other, _)| *other != number).map(|(_, line)| line).collect();
                std::fs::write(&path, spoilt.join("\n")).unwrap();
                let ended = case.run(&[if number % 3 == 0 { "check" } else { "plan" }]);
                let said = format!("{}{}", ended.out, ended.err);
                for secret in &secrets {
                    assert!(!said.contains(secret.as_str()), "{name} without {line}: {said}");
                }
            }
            std::fs::write(&path, &whole).unwrap();
        }
    });
}

#[test]
fn other_peoples_connectors_stay_as_they_are_written() {
    let case = case("2026.2", "embedded");
    case.init();
    let other = r#"{
        "type": "oidc", "id": "other", "config": {
          "clientSecret": "{{ .OTHER_SECRET }}", "weight": 1e2, "note": "caf\u00e9 \u007b"
        }
      },"#;
    let text = case.read("management.json");
    let list = "\"StaticConnectors\": [";
    let text = text.replacen(list, &format!("{list}\n      {other}"), 1);
    // Something that this container corrects, so that the file is written.
    let text = text.replace("https://netbird.example.com/oauth2\"", "https://elsewhere/oauth2\"");
    std::fs::write(case.path("management.json"), text).unwrap();
    case.init_as_planned().says(&["management.json written"]);
    let written = case.read("management.json");
    for part in ["\"{{ .OTHER_SECRET }}\"", "1e2", r#""caf\u00e9 \u007b""#] {
        assert!(written.contains(part), "{written}");
    }
    case.init_as_planned().says(&["files_written=0"]);
}
