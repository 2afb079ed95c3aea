//! The Job that is shipped for Kubernetes, run with the environment that its manifest gives it.

use netbird_sim::Image;

use super::world::{case, log_in, netbird, role, token};
use crate::deployed::{Container, Environment, deploy, documents, given, pairs};

#[test]
fn the_job_keeps_roles_in_netbird() {
    let mut case = case("2026.2", "standalone");
    case.init();
    let netbird = netbird(&mut case, Image::Management);
    let owner = log_in(&netbird, &case, "alice");
    log_in(&netbird, &case, "bob");
    assert_eq!(role(&netbird, "bob@example.com"), "user");
    {
        let mut state = case.sim.state();
        state.add_group(serde_json::json!({"name": "netbird-admins"}));
        state.add_to_group("bob", "netbird-admins");
    }
    let pat = token(&netbird, &owner);

    let config = &documents(&deploy("kubernetes/config.yaml"))[0];
    let config: Environment = pairs(&config["data"]).collect();
    let job = &documents(&deploy("kubernetes/connect/job.yaml"))[0];
    let job = Container::of_pod(&job["spec"]["template"]["spec"], &config, |key| {
        (key == "netbird-token").then(|| pat.clone()).or_else(|| given(key))
    });
    let root = tempfile::tempdir().unwrap();
    job.apply(&mut case, root.path());
    case.env("NB_MANAGEMENT_URL", netbird.url());
    assert_eq!(job.args, ["connect"]);
    let args: Vec<&str> = job.args.iter().map(String::as_str).collect();

    case.run(&args).expect(0);
    assert_eq!(role(&netbird, "bob@example.com"), "admin");
    assert_eq!(role(&netbird, "alice@example.com"), "owner", "the owner stays the owner");
    netbird.clear_requests();
    case.run(&args).expect(0);
    assert_eq!(netbird.writes().len(), 0, "a second Job finds everything in place");
}
