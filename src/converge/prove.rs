//! The proof, as a part of the loop: what is expected of the server, what its answers come to, and what NetBird's
//! files may say after it.

use super::{Converge, Look};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::authentik::redirect::Purpose;
use crate::authentik::release::Release;
use crate::config::Output;
use crate::desired::{Desired, REDIRECT_PATH, dashboard_path};
use crate::error::{Error, Exit, Result};
use crate::patience::{Rung, Setback};
use crate::plan::Identity;
use crate::render::{Facts, setup_env};
use crate::story::news;
use crate::verify::{Check, Evidence, Expectation, KeySource, Outcome, gather, judge};

impl Converge<'_> {
    /// All checks of the proof, for every redirect URI, and what was proven if none of them failed.
    ///
    /// # Errors
    /// Trouble of a question that only Authentik itself can answer.
    pub async fn examine(
        &self,
        look: &Look,
        identity: &Identity,
    ) -> Result<(Vec<Check>, Option<Facts>)> {
        let desired = Desired::new(self.config, look.release, None);
        let uris = desired.provider.redirect_uris.iter();
        let strict = uris.filter(|uri| !uri.pattern && uri.purpose == Purpose::Authorization);
        let expectation = self.expectation(identity, strict.map(|uri| uri.url.clone()).collect());
        let evidence = gather(self.transport, &expectation)
            .await
            .map_err(|trouble| Error::from_trouble(&trouble))?;
        let checks = judge(&evidence, &expectation);
        let sound = checks.iter().all(|check| check.outcome != Outcome::Fail);
        let facts = sound.then(|| self.facts(&evidence, identity, look.release).0);
        Ok((checks, facts))
    }

    /// NetBird's user list: the service account logs in and lists users, as NetBird's management will.
    pub(super) async fn prove_user_list(
        &mut self,
        desired: &Desired,
        identity: &Identity,
        token: Option<AccessToken>,
    ) -> Result<(), Setback> {
        let Some(account) = &desired.service_account else { return Ok(()) };
        let oidc = Oidc(self.transport);
        let at = |trouble| Setback::Trouble(Rung::Verify, trouble);
        let token = match token {
            Some(token) => Some(token),
            None => oidc.login(&identity.client_id, account).await.map_err(at)?,
        };
        let listed = match &token {
            Some(token) => oidc.lists_users(token).await.map_err(at)?,
            None => false,
        };
        if listed {
            return Ok(());
        }
        if !self.login_retried {
            // Before the account existed nobody could see what keeps it out: look once more.
            self.login_retried = true;
            return Err(Setback::Missing(vec![format!("a user list for {}", account.username)]));
        }
        let (what, remedy) = match token {
            None => (
                "cannot log in with its app password",
                "see the application's bindings and the provider's grant types in Authentik, and Authentik's event log",
            ),
            Some(_) => (
                "may not list users",
                "see that it is a member of authentik Admins, or set AUTHENTIK_SERVICE_ACCOUNT_ROLE",
            ),
        };
        let what = format!("service account {} {what}", account.username);
        Err(Setback::Final(Error::new(Exit::Protocol, what).remedy(remedy)))
    }

    /// Verifies, and tells what is not as it should be.
    pub(super) async fn prove(
        &self,
        identity: &Identity,
        release: Release,
    ) -> Result<Facts, Setback> {
        let expectation = self.expectation(identity, self.probes());
        let evidence = gather(self.transport, &expectation)
            .await
            .map_err(|trouble| Setback::Trouble(Rung::Verify, trouble))?;
        let mut failure = None;
        for check in judge(&evidence, &expectation) {
            let remedy = check.remedy.as_deref().unwrap_or_default();
            match (check.outcome, check.error()) {
                (Outcome::Warn, _) => {
                    news!(self.story, warn, check.name, { stage = "verify", check = check.name }, "{} - {remedy}", check.detail);
                }
                (_, Some(error)) if failure.is_none() => failure = Some(error),
                (_, Some(error)) => crate::logging::failure(&error),
                _ => tracing::debug!(stage = "verify", check = check.name, "{}", check.detail),
            }
        }
        if let Some(error) = failure {
            return Err(Setback::Final(error));
        }
        self.progress.passed(Rung::Verify);
        let (facts, explanation) = self.facts(&evidence, identity, release);
        if self.config.files.outputs.contains(&Output::ManagementJson) {
            news!(
                self.story,
                info,
                "management",
                { stage = "verify" },
                "management.json: {explanation}"
            );
        }
        let issuer = &facts.issuer;
        news!(self.story, info, "proven", { stage = "verify", %issuer }, "proven: issuer {issuer}, RSA key, endpoints and redirect URIs");
        Ok(facts)
    }

    fn expectation(&self, identity: &Identity, redirect_uris: Vec<String>) -> Expectation {
        let public = &self.config.connection.public;
        let slug = &self.config.wishes.slug;
        let issuer = match identity.global_issuer {
            true => public.join(""),
            false => public.join(&format!("application/o/{slug}/")),
        };
        Expectation {
            issuer,
            public: public.clone(),
            slug: slug.clone(),
            client_id: identity.client_id.clone(),
            redirect_uris,
        }
    }

    /// What was proven, and how NetBird's management is to come by its keys.
    fn facts(&self, evidence: &Evidence, identity: &Identity, release: Release) -> (Facts, String) {
        let connection = &self.config.connection;
        let slug = &self.config.wishes.slug;
        let source =
            KeySource::choose(evidence, self.config.files.management_discovery, connection);
        let by_public = evidence.public.as_ref().and_then(|side| side.discovery.as_ref().ok());
        let seen = &by_public.unwrap_or(&evidence.discovery).document;
        let keys_location = match source.internal_keys {
            true => connection.internal.join(&Oidc::jwks_path(slug)),
            false => seen.jwks_uri.clone(),
        };
        let scopes = match release.has_offline_access() {
            true => "openid profile email offline_access",
            false => "openid profile email",
        };
        let facts = Facts {
            issuer: seen.issuer.clone(),
            client_id: identity.client_id.clone(),
            discovery_url: connection.public.join(&Oidc::discovery_path(slug)),
            authorization_endpoint: seen.authorization_endpoint.clone(),
            token_endpoint: seen.token_endpoint.clone(),
            device_endpoint: seen.device_authorization_endpoint.clone(),
            keys_location,
            discovery_at_start: source.discovery_at_start,
            refresh_keys: source.refresh,
            public_keys_have_max_age: source.public_max_age,
            scopes: scopes.to_owned(),
        };
        (facts, source.explanation)
    }

    /// One redirect URI of each kind: the dashboard's, and a waiting client's with and without slash.
    fn probes(&self) -> Vec<String> {
        let netbird = &self.config.netbird;
        let path = dashboard_path(self.config, "NETBIRD_AUTH_REDIRECT_URI", REDIRECT_PATH);
        let mut uris = vec![format!("{}{path}", netbird.endpoint.origin())];
        if let Some(port) = netbird.pkce_ports.first() {
            uris.push(format!("http://localhost:{port}"));
            uris.push(format!("http://localhost:{port}/"));
        }
        uris
    }

    /// Values that were passed in and contradict what will be proven are refused before anything is changed.
    pub(super) fn contradictions(&self, identity: &Identity) -> Result<(), Error> {
        let discovery_url =
            self.config.connection.public.join(&Oidc::discovery_path(&self.config.wishes.slug));
        let problems = setup_env::contradictions(self.config, &discovery_url, &identity.client_id);
        let Some((first, others)) = problems.split_first() else {
            return Ok(());
        };
        let error = |p: &crate::config::Problem| {
            Error::new(Exit::Config, p.to_string())
                .because("NetBird would answer \"token invalid\" with it")
        };
        others.iter().map(error).for_each(|e| crate::logging::failure(&e));
        Err(error(first))
    }
}
