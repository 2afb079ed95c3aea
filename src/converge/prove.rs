//! The proof, as a part of the loop: what is expected of the server, what its answers come to, and what NetBird's
//! files may say after it.

use super::desired::Desired;
use super::{Converge, Learnt, Look};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::config::Output;
use crate::error::{Error, Exit, Result};
use crate::http::setback::{Phase, Setback};
use crate::log::story::news;
use crate::netbird::Registration;
use crate::outputs::setup_env;
use crate::proof::{
    Check, Endpoints, Evidence, KeySource, Keys, Outcome, Proof, Subject, gather, judge,
};

impl Converge<'_> {
    /// All checks of the proof, for every redirect URI, and what was proven if none of them failed.
    ///
    /// # Errors
    /// Trouble of a question that only Authentik itself can answer.
    pub async fn examine(
        &self,
        look: &Look,
        registration: &Registration,
    ) -> Result<(Vec<Check>, Option<Proof>)> {
        let uris = look.desired.provider.client.strict_redirect_uris();
        let subject = self.subject(&look.desired, registration, &uris);
        let evidence = gather(self.server, &subject).await.map_err(|t| Error::from(&t))?;
        let checks = judge(&evidence, &subject);
        let sound = checks.iter().all(|check| check.outcome != Outcome::Fail);
        Ok((checks, sound.then(|| self.proof(&evidence, &subject).0)))
    }

    /// NetBird's user list: the service account logs in and lists users, as NetBird's management will.
    pub(super) async fn prove_user_list(
        &self,
        learnt: &mut Learnt,
        desired: &Desired,
        registration: &Registration,
        token: Option<AccessToken>,
    ) -> Result<(), Setback> {
        let Some(account) = &desired.service_account else { return Ok(()) };
        let oidc = Oidc(self.server);
        let at = |trouble| Setback::Trouble(Phase::Verify, trouble);
        let token = match token {
            Some(token) => Some(token),
            None => account.login(oidc, &registration.client_id).await.map_err(at)?,
        };
        let listed = match &token {
            Some(token) => oidc.lists_users(token).await.map_err(at)?,
            None => false,
        };
        if listed {
            return Ok(());
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
        // Before the account existed nobody could see what keeps it out: another look may.
        learnt.login_refused = true;
        Err(Setback::Unproven(Error::new(Exit::Protocol, what).remedy(remedy)))
    }

    /// Verifies, and tells what is not as it should be.
    pub(super) async fn prove(
        &self,
        learnt: &mut Learnt,
        desired: &Desired,
        registration: &Registration,
    ) -> Result<Proof, Setback> {
        let subject = self.subject(desired, registration, &desired.provider.client.probes);
        let evidence = gather(self.server, &subject)
            .await
            .map_err(|trouble| Setback::Trouble(Phase::Verify, trouble))?;
        let mut failure = None;
        learnt.checks.clear();
        for check in judge(&evidence, &subject) {
            learnt.checks.push((check.id, check.outcome));
            let (name, fix) = (check.id.name(), check.fix.as_deref().unwrap_or_default());
            match (check.outcome, check.error()) {
                (Outcome::Warn, _) => {
                    news!(self.story, warn, name, { stage = "verify", check = name }, "{} - {fix}", check.detail);
                }
                (_, Some(error)) if failure.is_none() => failure = Some(error),
                (_, Some(error)) => crate::log::failure(&error),
                _ => tracing::debug!(stage = "verify", check = name, "{}", check.detail),
            }
        }
        if let Some(error) = failure {
            return Err(Setback::Unproven(error));
        }
        self.progress.passed(Phase::Verify);
        let (proof, explanation) = self.proof(&evidence, &subject);
        if self.config.files.outputs.contains(&Output::ManagementJson) {
            news!(
                self.story,
                info,
                "management",
                { stage = "verify" },
                "management.json: {explanation}"
            );
        }
        let issuer = &proof.registration.issuer;
        news!(self.story, info, "proven", { stage = "verify", %issuer }, "proven: issuer {issuer}, RSA key, endpoints and redirect URIs");
        Ok(proof)
    }

    fn subject<'a>(
        &'a self,
        desired: &'a Desired,
        registration: &'a Registration,
        redirect_uris: &'a [String],
    ) -> Subject<'a> {
        Subject {
            registration,
            client: &desired.provider.client,
            public: &desired.public,
            slug: &desired.slug,
            lenient: self.config.connection.is_lenient(),
            redirect_uris,
        }
    }

    /// What was proven, and how NetBird's management is to come by its keys.
    fn proof(&self, evidence: &Evidence, subject: &Subject<'_>) -> (Proof, String) {
        let connection = &self.config.connection;
        let source =
            KeySource::choose(evidence, self.config.files.management_discovery, connection);
        let by_public = evidence.public.as_ref().and_then(|side| side.discovery.as_ref().ok());
        let seen = &by_public.unwrap_or(&evidence.discovery).document;
        let location = match source.internal_keys {
            true => connection.internal.join(&Oidc::jwks_path(subject.slug)),
            false => seen.jwks_uri.clone(),
        };
        let proof = Proof {
            registration: Registration {
                issuer: seen.issuer.clone(),
                ..subject.registration.clone()
            },
            endpoints: Endpoints::of(seen),
            keys: Keys {
                location,
                discovery_at_start: source.discovery_at_start,
                refresh: source.refresh,
                public_max_age: source.public_max_age,
            },
            authority: connection.public.join(&Oidc::authority_path(subject.slug)),
            discovery_url: connection.public.join(&Oidc::discovery_path(subject.slug)),
            scope: subject.client.login_scope(),
        };
        (proof, source.explanation)
    }

    /// Values that were passed in and contradict what will be proven are refused before anything is changed.
    pub(super) fn contradictions(&self, registration: &Registration) -> Result<(), Error> {
        let discovery_url =
            self.config.connection.public.join(&Oidc::discovery_path(&self.config.wishes.slug));
        let problems =
            setup_env::contradictions(self.config, &discovery_url, &registration.client_id);
        let Some((first, others)) = problems.split_first() else {
            return Ok(());
        };
        let error = |p: &crate::config::Problem| {
            Error::new(Exit::Config, p.to_string())
                .because("NetBird would answer \"token invalid\" with it")
        };
        others.iter().map(error).for_each(|e| crate::log::failure(&e));
        Err(error(first))
    }
}
