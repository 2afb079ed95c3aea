//! What is shipped for orchestrators says what the program knows: variables that exist, no root, nothing writable that need
//! not be, secrets as files, and the checks of the binary itself. Their shape is held against the published schemas by
//! `.ci/run`; here is what no schema can know.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use netbird_authentik_init::config::variables;
use saphyr::{LoadableYamlNode, Yaml};

fn documents(name: &str) -> Vec<Yaml<'static>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text: &'static str = std::fs::read_to_string(&path).unwrap().leak();
    Yaml::load_from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn at<'a>(node: &'a Yaml<'a>, path: &str) -> &'a Yaml<'a> {
    path.split('.').fold(node, |node, key| match key.parse::<usize>() {
        Ok(index) => &node[index],
        Err(_) => &node[key],
    })
}

fn text<'a>(node: &'a Yaml<'a>, path: &str) -> &'a str {
    at(node, path).as_str().unwrap_or_else(|| panic!("no text at {path}"))
}

/// Every name is a known one, no secret is given as itself, and every file of a secret has its mount.
fn check_names<'a>(names: impl Iterator<Item = (&'a str, &'a str)>, secrets_at: &str) {
    let mut tokens = 0;
    for (name, value) in names {
        let file_of = variables::file_form(name);
        assert!(variables::find(name).is_some() || file_of.is_some(), "{name} is not a variable");
        assert!(!variables::find(name).is_some_and(|v| v.secret), "{name} is a secret in the open");
        if file_of.is_some() {
            assert!(value.starts_with(secrets_at), "{name}: {value}");
        }
        tokens += usize::from(name == "AUTHENTIK_TOKEN_FILE");
    }
    assert_eq!(tokens, 1, "the token");
}

fn pairs<'a>(node: &'a Yaml<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    node.as_mapping().unwrap().iter().map(|(k, v)| (k.as_str().unwrap(), v.as_str().unwrap()))
}

/// Each pod: its file's name, and the list that this project's container is in.
const PODS: [(&str, &str); 4] = [
    ("management", "initContainers"),
    ("dashboard", "initContainers"),
    ("relay", "initContainers"),
    ("watch", "containers"),
];

fn kubernetes(name: &str) -> Vec<Yaml<'static>> {
    documents(&format!("deploy/kubernetes/{name}.yaml"))
}

/// What the pod security standard "restricted" demands, and a file system that nothing is written to.
fn restricted(ours: &Yaml<'_>, name: &str) {
    for (key, value) in [
        ("runAsNonRoot", true),
        ("readOnlyRootFilesystem", true),
        ("allowPrivilegeEscalation", false),
    ] {
        assert_eq!(ours["securityContext"][key].as_bool(), Some(value), "{name}: {key}");
    }
    assert_eq!(text(ours, "securityContext.capabilities.drop.0"), "ALL");
    assert_eq!(text(ours, "securityContext.seccompProfile.type"), "RuntimeDefault");
    assert_eq!(at(ours, "securityContext.runAsUser").as_integer(), Some(65532));
}

/// The secrets that a container is given by reference, by variable and key; no other variable is one.
fn given_secrets(ours: &Yaml<'_>) -> Vec<(&'static str, String)> {
    let mut given = Vec::new();
    for variable in ours["env"].as_sequence().unwrap() {
        let known = variables::find(text(variable, "name")).unwrap();
        match variable.as_mapping_get("valueFrom") {
            Some(source) => given.push((known.name, text(source, "secretKeyRef.key").to_owned())),
            None => assert!(!known.secret, "{} is a secret in the open", known.name),
        }
    }
    given
}

#[test]
fn the_job_for_connect_has_no_more_rights_than_the_others() {
    let job = &kubernetes("connect/job")[0];
    let pod = at(job, "spec.template.spec");
    assert_eq!(text(job, "kind"), "Job");
    assert_eq!(text(pod, "restartPolicy"), "Never");
    assert_eq!(at(pod, "automountServiceAccountToken").as_bool(), Some(false));
    let ours = at(pod, "containers.0");
    restricted(ours, "connect");
    assert_eq!(text(ours, "args.0"), "connect");
    assert!(text(ours, "image").ends_with(concat!(":", env!("CARGO_PKG_VERSION"))));
    let given = given_secrets(ours);
    assert_eq!(
        given,
        [("AUTHENTIK_TOKEN", "token".to_owned()), ("NB_PAT", "netbird-token".to_owned())]
    );
    let management = &kubernetes("management")[2];
    let service = at(management, "metadata.name").as_str().unwrap();
    let url = ours["env"].as_sequence().unwrap().iter();
    let url = url.clone().find(|v| v["name"].as_str() == Some("NB_MANAGEMENT_URL")).unwrap();
    assert_eq!(text(url, "value"), format!("http://{service}"), "the Service of management");
}

#[test]
fn kubernetes_runs_it_with_no_rights_and_secrets_by_reference() {
    let config = kubernetes("config");
    let settings: Vec<(&str, &str)> = pairs(&config[0]["data"]).collect();
    for (name, _) in &settings {
        let variable = variables::find(name).unwrap_or_else(|| panic!("{name} is not a variable"));
        assert!(!variable.secret, "{name} is a secret in the open");
    }
    let mut secrets = Vec::new();
    for (name, list) in PODS {
        let deployment = &kubernetes(name)[0];
        let pod = at(deployment, "spec.template.spec");
        assert_eq!(at(pod, "automountServiceAccountToken").as_bool(), Some(false));
        assert_eq!(at(pod, "securityContext.fsGroup").as_integer(), Some(65532));
        let ours = &pod[list][0];
        assert!(text(ours, "image").ends_with(concat!(":", env!("CARGO_PKG_VERSION"))));
        assert_eq!(text(ours, "envFrom.0.configMapRef.name"), text(&config[0], "metadata.name"));
        restricted(ours, name);
        secrets.push(given_secrets(ours));
        // Every pod has a file of its own: what must agree is given, and nothing is shared.
        let volumes = pod["volumes"].as_sequence().unwrap();
        let setup = volumes.iter().find(|v| v["name"].as_str() == Some("setup")).unwrap();
        assert!(!setup["emptyDir"].is_badvalue());
    }
    assert!(secrets[0].len() >= 3 && secrets.iter().all(|given| *given == secrets[0]));

    let watch = &kubernetes("watch");
    let ours = at(&watch[0], "spec.template.spec.containers.0");
    assert_eq!(text(&watch[0], "spec.strategy.type"), "Recreate");
    assert_eq!(text(ours, "livenessProbe.httpGet.path"), "/", "served in any state");
    assert_eq!(text(ours, "readinessProbe.httpGet.path"), "/healthz");
    assert!(!at(&watch[0], "spec.template.spec.volumes.1.persistentVolumeClaim").is_badvalue());
}

#[test]
fn the_pod_monitor_finds_the_pods_and_their_ports() {
    let monitor = &kubernetes("prometheus-operator/podmonitor")[0];
    let label = text(monitor, "spec.selector.matchExpressions.0.key");
    assert_eq!(label, text(monitor, "spec.jobLabel"), "the rules go by the job's name");
    let port = text(monitor, "spec.podMetricsEndpoints.0.port");
    let wanted = at(monitor, "spec.selector.matchExpressions.0.values").as_sequence().unwrap();
    let mut found = Vec::new();
    for (name, _) in PODS {
        let deployment = &kubernetes(name)[0];
        let pod = at(deployment, "spec.template");
        let ports = at(pod, "spec.containers.0.ports").as_sequence().unwrap();
        if ports.iter().any(|p| p["name"].as_str() == Some(port)) {
            found.push(at(pod, "metadata.labels")[label].as_str().unwrap().to_owned());
        }
    }
    found.sort();
    let mut wanted: Vec<&str> = wanted.iter().map(|name| name.as_str().unwrap()).collect();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    assert!(wanted.contains(&"netbird-authentik-init"));
}

#[test]
fn swarm_runs_the_sidecar_with_secrets_as_files() {
    let stack = &documents("deploy/swarm/stack.yml")[0];
    let ours = at(stack, "services.netbird-authentik-init");
    check_names(pairs(&ours["environment"]), "/run/secrets/");
    let granted: Vec<&str> =
        ours["secrets"].as_sequence().unwrap().iter().map(|s| text(s, "source")).collect();
    for (_, path) in pairs(&ours["environment"]).filter(|(name, _)| name.ends_with("_FILE")) {
        let name = path.trim_start_matches("/run/secrets/");
        assert!(granted.contains(&name), "{name} is not granted");
        assert_eq!(at(stack, &format!("secrets.{name}.external")).as_bool(), Some(true));
    }
    assert_eq!(text(ours, "command.0"), "watch");
    assert_eq!(text(ours, "healthcheck.test.1"), "/netbird-authentik-init");
    assert_eq!(ours["read_only"].as_bool(), Some(true));
    assert_eq!(text(ours, "cap_drop.0"), "ALL");
    // Whoever shares a volume runs on the labelled node, and every network is one that the stack knows.
    for (name, service) in stack["services"].as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        if service.as_mapping_get("volumes").is_some() {
            assert_eq!(
                text(service, "deploy.placement.constraints.0"),
                "node.labels.netbird == true",
                "{name}"
            );
        }
        for network in service["networks"].as_sequence().unwrap() {
            assert!(
                stack["networks"].as_mapping_get(network.as_str().unwrap()).is_some(),
                "{name}"
            );
        }
    }
}

#[test]
fn the_release_is_built_from_the_tag_with_all_that_is_promised() {
    let release = &documents(".github/workflows/release.yml")[0];
    let steps = at(release, "jobs.image.steps").as_sequence().unwrap();
    let is_build = |s: &&Yaml<'_>| s.as_mapping_get("id").and_then(Yaml::as_str) == Some("build");
    let build = steps.iter().find(is_build).unwrap();
    assert_eq!(text(build, "with.platforms"), "linux/amd64,linux/arm64");
    assert_eq!(at(build, "with.sbom").as_bool(), Some(true));
    assert_eq!(text(build, "with.provenance"), "mode=max");
    let arguments = text(build, "with.build-args");
    let dockerfile = include_str!("../Dockerfile");
    for argument in arguments.lines() {
        let name = argument.split('=').next().unwrap();
        assert!(dockerfile.contains(&format!("ARG {name}=")), "{name}");
    }
    assert!(dockerfile.contains(concat!("ARG VERSION=", env!("CARGO_PKG_VERSION"))));
    assert_eq!(text(release, "jobs.image.needs"), "ci");
    // Least rights: whoever can push the image cannot make a release, and the other way round.
    assert_eq!(text(release, "jobs.image.permissions.contents"), "read");
    assert_eq!(text(release, "jobs.binaries.permissions.packages"), "read");
    let steps = at(release, "jobs.binaries.steps").as_sequence().unwrap();
    let attests = |s: &Yaml<'_>| {
        let uses = s.as_mapping_get("uses").and_then(Yaml::as_str).unwrap_or_default();
        uses.starts_with("actions/attest-build-provenance@")
            && text(s, "with.subject-checksums") == "SHA256SUMS"
    };
    assert!(steps.iter().any(attests), "the binaries are attested");
    // The called workflow's group is made of its caller's name: the same one here would be a deadlock.
    let called = &documents(".github/workflows/ci.yml")[0];
    let group = text(called, "concurrency.group");
    let group = group.replace("${{ github.workflow }}", text(release, "name"));
    assert_ne!(text(release, "concurrency.group"), group);
}

/// A tag can be moved by whoever takes over an action's repository: a commit cannot.
#[test]
fn actions_are_pinned_to_commits() {
    let mut pinned = 0;
    for workflow in [
        include_str!("../.github/workflows/ci.yml"),
        include_str!("../.github/workflows/release.yml"),
    ] {
        for line in workflow.lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            if action.starts_with("./") {
                continue;
            }
            let (reference, version) = action.split_once(" # ").expect(action);
            let commit = reference.rsplit('@').next().unwrap();
            assert!(
                commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()),
                "{action}"
            );
            assert!(version.starts_with('v'), "{action}: which release that is");
            pinned += 1;
        }
    }
    assert!(pinned >= 7, "{pinned} actions");
}
