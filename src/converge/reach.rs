//! What NetBird, its users or its user list could never use, whatever Authentik holds: told before anything is written.

use std::net::IpAddr;

use super::Converge;
use super::plan::{Level, Plan, Remark};
use crate::authentik::oidc::Oidc;
use crate::error::{Error, Exit};
use crate::http::BaseUrl;
use crate::netbird::Registration;
use crate::outputs::setup_env;
use crate::proof::CheckId;

/// From where a host can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// From this machine.
    Here,
    /// From one compose network, or with the help of one network's own names.
    OneName,
    /// From a private network.
    Private,
    /// From anywhere, as far as its name tells.
    Anywhere,
}

fn reach(url: &BaseUrl) -> Reach {
    let host = url.host().trim_matches(['[', ']']).trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() || address.is_unspecified() => Reach::Here,
        Ok(IpAddr::V4(address)) if address.is_private() || address.is_link_local() => {
            Reach::Private
        }
        Ok(IpAddr::V6(address)) if address.is_unique_local() || address.is_unicast_link_local() => {
            Reach::Private
        }
        Ok(_) => Reach::Anywhere,
        Err(_) if host == "localhost" || host.ends_with(".localhost") => Reach::Here,
        Err(_) if !host.contains('.') => Reach::OneName,
        Err(_) => Reach::Anywhere,
    }
}

impl Converge<'_> {
    /// Adds to the plan what of this is refused, and what is told.
    pub(super) fn add_reach(&self, plan: &mut Plan) {
        let Some(registration) = plan.registration.clone() else { return };
        let contradictions = self.contradictions(&registration);
        let refused = self.user_list_reach(&registration).into_iter().chain(contradictions);
        plan.refused.extend(refused);
        match self.issuer_reach(&registration) {
            Some(Ok(remark)) => plan.remarks.push(remark),
            Some(Err(error)) => plan.refused.push(error),
            None => {}
        }
    }

    /// NetBird's manager takes scheme and host of the issuer, and appends the API's path.
    fn user_list_reach(&self, registration: &Registration) -> Option<Error> {
        if !self.config.netbird.lists_users() {
            return None;
        }
        let refused = |what: String, why: &str| {
            Error::new(Exit::Refused, what).because(why).remedy(
                "unset NETBIRD_MGMT_IDP: NetBird knows users from their tokens too; or give Authentik a host name of \
                 its own",
            )
        };
        let public = &self.config.connection.public;
        if public.path() != "/" {
            let what = format!(
                "NETBIRD_MGMT_IDP=authentik cannot work with Authentik below {} (AUTHENTIK_HOST_BROWSER)",
                public.path()
            );
            return Some(refused(what, "NetBird drops the path when it lists users"));
        }
        let origin = format!("{}/", public.origin());
        (!registration.issuer.starts_with(&origin)).then(|| {
            let what = format!(
                "NETBIRD_MGMT_IDP=authentik cannot work with the issuer {}",
                registration.issuer
            );
            refused(what, "NetBird looks for Authentik's API at the issuer's host")
        })
    }

    /// An issuer that only this machine or network resolves: browsers and clients elsewhere cannot log in.
    fn issuer_reach(&self, registration: &Registration) -> Option<Result<Remark, Error>> {
        let connection = &self.config.connection;
        let origin = connection.public.origin();
        let warn = |what: String, remedy: &str| {
            Some(Ok(Remark::new(CheckId::PublicUrl, Level::Warning, what, remedy)))
        };
        let in_use = self.memory.issuers.contains(&registration.issuer);
        match reach(&connection.public) {
            Reach::Anywhere => None,
            Reach::Private => warn(
                format!("Authentik's public URL {origin} is a private address: people elsewhere cannot log in"),
                "nothing if NetBird is for this network only",
            ),
            // Somebody said so: everything is on this machine.
            Reach::Here if connection.public_is_chosen => None,
            Reach::Here | Reach::OneName if in_use || connection.public_is_chosen => warn(
                format!("Authentik's public URL {origin} is known to this machine or network only"),
                "set AUTHENTIK_HOST_BROWSER to the URL that people use, unless all of them are there",
            ),
            Reach::Here | Reach::OneName => Some(Err(Error::new(
                Exit::Config,
                format!("the issuer would be made from {origin}, which browsers and NetBird's clients cannot reach"),
            )
            .because("AUTHENTIK_HOST_BROWSER is not set, so AUTHENTIK_HOST stands for it")
            .remedy("set AUTHENTIK_HOST_BROWSER to the URL at which people reach Authentik, such as https://auth.example.com"))),
        }
    }

    /// Values that were passed in and contradict what would be verified.
    fn contradictions(&self, registration: &Registration) -> Vec<Error> {
        let discovery_url =
            self.config.connection.public.join(&Oidc::discovery_path(&self.config.wishes.slug));
        let problems =
            setup_env::contradictions(self.config, &discovery_url, &registration.client_id);
        let error = |p: &crate::config::Problem| {
            Error::new(Exit::Config, p.to_string())
                .because("NetBird would answer \"token invalid\" with it")
                .remedy(format!("unset {}, or set it to what Authentik has", p.variable))
        };
        problems.iter().map(error).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart_by_who_reaches_them() {
        let of = |url: &str| reach(&BaseUrl::new(url::Url::parse(url).unwrap()));
        assert_eq!(of("http://authentik-server:9000"), Reach::OneName);
        for here in [
            "http://localhost:9000",
            "http://auth.localhost",
            "http://127.0.0.2",
            "http://[::1]:9000",
            "http://0.0.0.0:9000",
        ] {
            assert_eq!(of(here), Reach::Here, "{here}");
        }
        for private in ["http://192.168.1.5", "http://10.0.0.5:9000", "http://[fd00::1]"] {
            assert_eq!(of(private), Reach::Private, "{private}");
        }
        for anywhere in ["https://auth.example.com", "https://auth.lan", "http://192.0.2.1"] {
            assert_eq!(of(anywhere), Reach::Anywhere, "{anywhere}");
        }
    }
}
