//! The service that the README shows does its work as it stands there.

use saphyr::{LoadableYamlNode, Yaml};

use crate::deployed::{Container, INIT, bare, items, listing, pairs, read};

/// The service that the README shows is run as it stands there, and what management is told to read is there then.
#[test]
fn the_readmes_service_does_its_work() {
    let readme = include_str!("../../README.md");
    let block: &'static str =
        readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let stack = &Yaml::load_from_str(block).unwrap()[0];
    let mount = |item: &Yaml| {
        let mut parts = item.as_str().unwrap().split(':').map(str::to_owned);
        (parts.next().unwrap(), parts.next().unwrap())
    };
    let init = &stack["services"][INIT];
    let token = |value: String| match value.as_str() {
        "${AUTHENTIK_BOOTSTRAP_TOKEN}" => authentik_sim::DEFAULT_TOKEN.to_owned(),
        _ => value,
    };
    let environment = pairs(&init["environment"]).map(|(name, value)| (name, token(value)));
    let mounts = items(init, "volumes").iter().map(mount).collect();
    let container = Container { environment: environment.collect(), args: vec![], mounts };
    let (mut case, root) = (bare(), tempfile::tempdir().unwrap());
    container.apply(&mut case, root.path());
    // Where nothing of the README says otherwise, files go to /setup, which is a volume.
    case.env("SETUP_DIR", root.path().join("setup").display().to_string());
    // Nothing answers at the public name that the page has.
    case.env("AUTHENTIK_HOST_BROWSER", case.sim.url());
    case.init();
    let management = &stack["services"]["management"];
    let command: Vec<&str> =
        items(management, "command").iter().map(|word| word.as_str().unwrap()).collect();
    let at = command.iter().position(|word| *word == "--config").unwrap() + 1;
    let (volume, path) = mount(&items(management, "volumes")[0]);
    let file = command[at].strip_prefix(&format!("{path}/")).unwrap();
    read(&root.path().join(volume), file);
    assert!(listing(&root.path().join("setup-state")).contains(&"secrets.json".to_owned()));
}
