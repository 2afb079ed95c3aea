//! A server that means harm, or that is another one: the token stays, and what it says reaches no file name.

use std::net::SocketAddr;

use authentik_sim::{Fault, FaultRule, Match, Sim, TlsMode};
use netbird_authentik_init::error::Exit;

use crate::world::{PROFILE, World, in_simulated_time};

/// Whatever request is redirected, by whichever 3xx: the other origin hears nothing, so no token in plain text.
#[test]
fn no_redirect_is_followed() {
    in_simulated_time(async {
        for status in [301, 302, 303, 307, 308] {
            let other = Sim::builder(PROFILE).tls(TlsMode::Off).start_here().await;
            let world = World::new().await;
            let location = vec![("Location".to_owned(), format!("{}/api/v3/", other.url()))];
            let fault = Fault::Status(status, location, String::new());
            world.sim.fault(FaultRule::always(Match::path("", "/api/"), fault));
            assert_eq!(world.init().await.0, Exit::Protocol, "{status}");
            assert!(other.requests().is_empty(), "{status} was followed");
        }
    });
}

/// From HTTPS to plain text on the same host and port number: not followed either.
#[test]
fn no_redirect_to_plain_text_is_followed() {
    in_simulated_time(async {
        let mut world = World::new().await;
        let secure = Sim::builder(PROFILE).start_here().await;
        let location = format!("{}/api/v3/core/users/me/", world.sim.url());
        secure.fault(FaultRule::always(Match::Any, Fault::Redirect(location)));
        let ca = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(ca.path(), secure.ca_pem()).unwrap();
        // By address: a name would be looked up on a thread that the paused clock knows nothing about.
        let url = secure.https_url().replace("localhost", "127.0.0.1");
        world.moves(&url);
        world.env.insert("AUTHENTIK_CA_FILE".into(), ca.path().display().to_string());
        assert_eq!(world.init().await.0, Exit::Protocol);
        assert!(secure.requests().iter().all(|request| request.tls));
        assert!(!secure.requests().is_empty() && world.sim.requests().is_empty());
    });
}

/// A name whose IPv6 and IPv4 addresses answer differently: where IPv6 refuses, IPv4 serves; where it is another
/// server, the run says so instead of believing either in turn.
#[test]
fn addresses_of_one_name_that_differ() {
    let both = std::net::ToSocketAddrs::to_socket_addrs("localhost:1").unwrap();
    if both.filter(SocketAddr::is_ipv6).count() == 0 {
        eprintln!("SKIPPED: localhost has no IPv6 address here");
        return;
    }
    in_simulated_time(async {
        let mut world = World::new().await;
        let url = world.sim.url().replace("127.0.0.1", "localhost");
        world.moves(&url);
        assert_eq!(world.init().await.0, Exit::Ok, "IPv6 refuses");
        let port = url.rsplit(':').next().unwrap();
        let six = Sim::builder(PROFILE).tls(TlsMode::Off).host(&format!("[::1]:{port}"));
        let six = six.start_here().await;
        six.fault(FaultRule::always(Match::Any, Fault::Html(200)));
        let exit = world.init().await.0;
        assert!(matches!(exit, Exit::Ok | Exit::Protocol), "{exit:?}");
        drop(six);
        world.settled().await.unwrap();
    });
}

/// Names that the server chooses are full of paths, commands and lines; the volume holds the five files and bash reads
/// no command.
#[test]
fn nothing_of_the_server_reaches_a_file_name_or_a_command() {
    in_simulated_time(async {
        let world = World::new().await;
        assert_eq!(world.init().await.0, Exit::Ok);
        let evil = "../../x'; touch owned; '$(touch owned)`touch owned`";
        world.sim.state().provider_mut("NetBird").unwrap()["client_id"] = evil.into();
        world.sim.state().application_mut("netbird").unwrap()["name"] = evil.into();
        let (exit, _) = world.init().await;
        assert!(matches!(exit, Exit::Ok | Exit::Protocol | Exit::Refused), "{exit:?}");
        crate::world::whole_files(world.dir.path()).unwrap();
        for file in ["setup.env", "dashboard.env", "relay.env"] {
            let script = format!("set -eu; . ./{file}");
            let bash = std::process::Command::new("bash")
                .args(["-c", &script])
                .current_dir(world.dir.path())
                .output()
                .unwrap();
            assert!(bash.status.success(), "{file}: {}", String::from_utf8_lossy(&bash.stderr));
        }
        crate::world::whole_files(world.dir.path()).unwrap();
    });
}
