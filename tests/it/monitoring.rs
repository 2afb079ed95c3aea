//! What is shipped for Prometheus and Grafana asks for what the program serves: metrics, labels and their values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

use crate::support::Case;
use crate::tools;
use crate::watch::Watch;

const PREFIX: &str = "netbird_authentik_init_";

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["job", "instance"];

/// Every series of a running `watch`: the metric's name, and the values of each label.
type Series = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(shipped(path)).unwrap()
}

fn page() -> String {
    let mut case = Case::new("2026.2");
    let watch = Watch::start(&mut case);
    watch.page("/metrics").1
}

fn series(page: &str) -> Series {
    let mut series = Series::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (head, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = head.split_once('{').unwrap_or((head, "}"));
        let known = series.entry(name.to_owned()).or_default();
        for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
            let (label, value) = label.split_once('=').unwrap();
            known.entry(label.to_owned()).or_default().insert(value.trim_matches('"').to_owned());
        }
    }
    series
}

/// Each of this program's metrics in an expression, with the text behind it.
fn metrics(expression: &str) -> Vec<(String, &str)> {
    let found = expression.match_indices(PREFIX).map(|(at, _)| {
        let rest = &expression[at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        (rest[..end].to_owned(), &rest[end..])
    });
    found.collect()
}

/// What an expression asks for that is not served.
fn missing(expression: &str, series: &Series) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, rest) in metrics(expression) {
        let Some(labels) = series.get(&name) else {
            missing.push(name);
            continue;
        };
        let selector = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
        for matcher in selector.unwrap_or_default().split(", ").filter(|m| !m.is_empty()) {
            let (label, values) = matcher.split_once(['=', '!']).unwrap();
            if ADDED.contains(&label) {
                continue;
            }
            let values = values.trim_start_matches(['=', '~']).trim_matches('"').split('|');
            match labels.get(label) {
                None => missing.push(format!("{name}: label {label}")),
                Some(known) => missing.extend(
                    values.filter(|v| !known.contains(*v)).map(|v| format!("{name}: {label}={v}")),
                ),
            }
        }
    }
    missing
}

/// The labels of `by (…)`.
fn grouped(expression: &str) -> Vec<&str> {
    let by = expression.split("by (").skip(1).map(|rest| rest.split(')').next().unwrap());
    by.flat_map(|list| list.split(", ")).collect()
}

fn check(expression: &str, series: &Series) {
    assert_eq!(missing(expression, series), [""; 0], "{expression}");
    let names = metrics(expression);
    for label in grouped(expression).into_iter().filter(|label| !ADDED.contains(label)) {
        let has = names.iter().any(|(name, _)| series[name].contains_key(label));
        assert!(has, "no metric of it has the label {label}: {expression}");
    }
}

#[test]
fn what_an_expression_asks_for_is_found() {
    let series = series("netbird_authentik_init_a{x=\"1\"} 0\n");
    let missing = |text: &str| missing(&format!("sum by (x) ({PREFIX}{text})"), &series);
    assert!(missing("a{x=\"1\", job=\"j\"}").is_empty());
    assert_eq!(missing("b"), [format!("{PREFIX}b")]);
    assert_eq!(missing("a{y=\"1\"}"), [format!("{PREFIX}a: label y")]);
    assert_eq!(missing("a{x!~\"1|2\"}"), [format!("{PREFIX}a: x=2")]);
    assert_eq!(grouped("max by (x, y) (z)"), ["x", "y"]);
}

#[test]
fn alerts_ask_for_what_is_served_and_each_is_tested_and_documented() {
    let series = series(&page());
    let rules = text("prometheus/rules.yml");
    let rules = Yaml::load_from_str(&rules).unwrap();
    let tests = text("prometheus/rules-test.yml");
    let docs = include_str!("../../docs/operating.md");
    let mut names = BTreeSet::new();
    for rule in rules[0]["groups"][0]["rules"].as_sequence().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        let expression = rule["expr"].as_str().unwrap();
        assert!(
            !metrics(expression).is_empty() || expression.contains("up{"),
            "{name} asks for something"
        );
        check(expression, &series);
        let tested: Vec<&str> = tests
            .split("alertname: ")
            .skip(1)
            .filter(|rest| rest.lines().next() == Some(name))
            .collect();
        let fires = |rest: &&&str| rest.lines().nth(1).is_some_and(|l| l.contains("exp_alerts"));
        let firing = tested.iter().filter(fires).count();
        assert!(firing > 0 && firing < tested.len(), "{name}: when it fires and when it must not");
        assert!(docs.contains(&format!("| `{name}` |")), "docs/operating.md: {name}");
        names.insert(name);
    }
    assert!(names.len() >= 6, "{names:?}");
}

#[test]
fn promtool_agrees() {
    let path = |name: &str| shipped(&format!("prometheus/{name}")).display().to_string();
    let lint = ["check", "rules", "--lint=all", "--lint-fatal"];
    let (rules, tests, scrape) = (path("rules.yml"), path("rules-test.yml"), path("scrape.yml"));
    for args in [
        [&lint[..], &[rules.as_str()]].concat(),
        vec!["test", "rules", &tests],
        vec!["check", "config", &scrape],
    ] {
        let Some(output) = tools::run("prometheus", &["promtool"], &args, "") else { return };
        assert!(output.status.success(), "{args:?}: {}", tools::words(&output));
    }
    let output = tools::run("prometheus", &["promtool"], &["check", "metrics"], &page()).unwrap();
    assert!(output.status.success(), "{}", tools::words(&output));
    assert_eq!(tools::words(&output), "", "nothing to improve about the metrics");
}

/// What it costs Prometheus to keep them does not depend on what happens.
#[test]
fn there_are_fewer_than_a_hundred_series_and_no_blank_in_a_label() {
    let page = page();
    let series: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(series.len() < 100, "{}", series.len());
    let blank = series.iter().find(|line| line.rsplit_once(' ').unwrap().0.contains(' '));
    assert_eq!(blank, None);
}

#[test]
fn the_dashboard_asks_for_what_is_served() {
    let series = series(&page());
    let dashboard: Value = serde_json::from_str(&text("grafana/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut shown = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "ids are unique");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty() && panel["description"].is_string(), "{panel}");
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            assert!(expression.contains(r#"job=~"$job", instance=~"$instance""#), "{expression}");
            check(expression, &series);
            let legend = target["legendFormat"].as_str().unwrap();
            for label in legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap()) {
                assert!(grouped(expression).contains(&label), "{legend} of {expression}");
            }
            shown.extend(metrics(expression).into_iter().map(|(name, _)| name));
        }
    }
    let served: BTreeSet<String> = series.into_keys().collect();
    assert_eq!(served, shown, "every metric is on the dashboard");
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let query = variable["query"]["query"].as_str().unwrap_or_default();
        assert!(metrics(query).iter().all(|(name, _)| served.contains(name)), "{query}");
    }
}
