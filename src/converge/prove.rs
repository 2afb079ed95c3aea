//! The proof, as a part of the loop: what is expected of the server, what its answers come to, and what NetBird's
//! files may say after it.

use tracing::debug;

use super::desired::Desired;
use super::plan::Target;
use super::{Converge, Learnt, Look};
use crate::authentik::oidc::{AccessToken, DeviceVerdict, Oidc};
use crate::config::{Kind, ManagementDiscovery, Output};
use crate::error::{Error, Exit, Result};
use crate::http::setback::{Phase, Setback};
use crate::log::story::news;
use crate::netbird::Registration;
use crate::proof::{
    Check, CheckId, Endpoints, Evidence, KeySource, Keys, Outcome, Proof, Subject, gather,
    is_sound, judge,
};

impl Converge<'_> {
    /// All checks of the proof, for every redirect URI, and what may be written if none of them failed. A token endpoint
    /// that is known not to answer as it should is not asked again.
    pub async fn examine(
        &self,
        desired: &Desired,
        registration: &Registration,
        asks_token: bool,
    ) -> (Vec<Check>, Option<Proof>) {
        let uris = desired.provider.client.strict_redirect_uris();
        let mut subject = self.subject(desired, registration, &uris, true);
        subject.asks_token = asks_token;
        let evidence = gather(self.server, &subject).await;
        let checks = judge(&evidence, &subject);
        let proof = is_sound(&checks).then(|| self.proof(&evidence, &subject)).flatten();
        (checks, proof.map(|(proof, _)| proof))
    }

    /// What `init` would find if it ran now, and what the files would say then, whatever is wrong.
    ///
    /// # Errors
    /// Trouble of a question that only Authentik itself can answer.
    pub async fn foresee(
        &self,
        look: &Look,
        registration: &Registration,
    ) -> Result<(Vec<Check>, Proof)> {
        let probes = &look.desired.provider.client.probes;
        let thorough = self.thorough || !self.is_verified(look);
        let mut subject = self.subject(&look.desired, registration, probes, thorough);
        // A code is something that Authentik keeps, and an address gets twenty an hour.
        subject.asks_device = false;
        let evidence = gather(self.server, &subject).await;
        if let Some(trouble) = evidence.trouble() {
            return Err(Error::from(trouble));
        }
        let nothing = || Error::new(Exit::Bug, "nothing was seen, and nothing failed");
        let (proof, _) = self.proof(&evidence, &subject).ok_or_else(nothing)?;
        Ok((judge(&evidence, &subject), proof))
    }

    /// Verifies, and tells what is not as it should be.
    pub(super) async fn prove(
        &self,
        learnt: &mut Learnt,
        look: &Look,
        registration: &Registration,
        token: Option<&AccessToken>,
    ) -> Result<Proof, Setback> {
        let Look { desired, plan, observed } = look;
        let at = |trouble| Setback::Trouble(Phase::Verify, trouble);
        let before = self.digest_of(look);
        let thorough = self.thorough || !self.is_verified(look);
        let probes = &desired.provider.client.probes;
        let mut subject = self.subject(desired, registration, probes, thorough);
        subject.asks_device = !learnt.device_granted;
        subject.token_allows = token.map(|token| token.allowed_origin.as_deref());
        let evidence = gather(self.server, &subject).await;
        // Whatever else failed: an address gets twenty codes an hour, and a run may try again more often.
        let answered =
            matches!(evidence.device, Some(Ok(DeviceVerdict::Granted | DeviceVerdict::Throttled)));
        learnt.device_granted |= answered;
        if let Some(trouble) = evidence.trouble() {
            return Err(at(trouble.clone()));
        }
        let linked = observed.found.linked();
        let manager = match thorough {
            true => self.kept_manager(linked.map(|provider| provider.sub_mode.as_str())).await,
            false => None,
        };
        // It was that way before, and nobody asked for it to be changed: no reason to keep NetBird from starting.
        let manager =
            manager.map(|check| Check { outcome: check.outcome.min(Outcome::Warn), ..check });
        let mut failure = None;
        learnt.checks.clear();
        for check in judge(&evidence, &subject).into_iter().chain(manager) {
            // What was not asked this time is set up all the same.
            let is_asked = check.id != CheckId::DeviceEndpoint || check.outcome != Outcome::Skipped;
            if is_asked || !subject.client.has_device_login() {
                learnt.checks.push((check.id, check.outcome));
            }
            let (name, fix) = (check.id.name(), check.fix.as_deref().unwrap_or_default());
            match (check.outcome, check.error()) {
                (Outcome::Warn, _) => {
                    news!(self.story, warn, name, { stage = "verify", check = name }, "{} - {fix}", check.detail);
                }
                (_, Some(error)) if failure.is_none() => failure = Some(error),
                (_, Some(error)) => debug!(stage = "verify", check = name, "{error}"),
                _ => debug!(stage = "verify", check = name, "{}", check.detail),
            }
        }
        if let Some(error) = failure {
            return Err(Setback::Unproven(error));
        }
        self.progress.passed(Phase::Verify);
        let bug = || Error::new(Exit::Bug, "nothing was seen, and nothing failed");
        let (proof, source) = self.proof(&evidence, &subject).ok_or_else(bug)?;
        learnt.login = match thorough {
            true => {
                let changed = plan.steps.iter().any(|step| step.target == Target::Provider);
                let provider = match changed {
                    true => learnt.made.provider(),
                    false => observed.found.of_client(&registration.client_id),
                };
                provider.map(|provider| self.login_digest(desired, observed.release, provider))
            }
            false => before,
        };
        let standalone = self.config.kind == Kind::Standalone;
        if standalone && self.config.files.outputs.contains(&Output::ManagementJson) {
            news!(
                self.story,
                info,
                "management",
                { stage = "verify" },
                "management.json: {}",
                source.explanation
            );
            debug!(stage = "verify", "management.json: {}", source.keys);
        }
        let issuer = &proof.registration.issuer;
        news!(self.story, info, "verified", { stage = "verify", %issuer }, "verified: issuer {issuer}, RSA key, endpoints and redirect URIs");
        Ok(proof)
    }

    fn subject<'a>(
        &'a self,
        desired: &'a Desired,
        registration: &'a Registration,
        redirect_uris: &'a [String],
        thorough: bool,
    ) -> Subject<'a> {
        let claim = self.config.netbird.passed.get("NETBIRD_AUTH_USER_ID_CLAIM");
        Subject {
            registration,
            client: &desired.provider.client,
            public: &desired.public,
            slug: &desired.slug,
            lenient: self.config.connection.is_lenient() && desired.public.scheme() == "https",
            redirect_uris,
            user_id_claim: claim.map(String::as_str).filter(|claim| *claim != "sub"),
            thorough,
            asks_device: true,
            asks_token: true,
            token_allows: None,
            hands_on_ca: self.config.kind == Kind::Embedded
                && self.config.connection.tls.extra_roots.is_some(),
            keys_inside: self.keys_inside(),
            inside: (self.config.kind == Kind::Embedded && self.config.connection.is_inside).then(
                || {
                    let path = Oidc::authority_path(&desired.slug);
                    self.config.connection.internal.join(&path)
                },
            ),
        }
    }

    /// Whether NetBird's management has the address of the keys at the URL inside; nothing where it never gets that.
    fn keys_inside(&self) -> Option<bool> {
        let (config, connection) = (self.config, &self.config.connection);
        let reads_keys = config.kind == Kind::Standalone
            && config.files.outputs.contains(&Output::ManagementJson)
            && config.files.management_discovery != ManagementDiscovery::Always;
        let trusted = !connection.is_lenient() || connection.internal.scheme() == "http";
        let before = self.memory.key_source.is_some_and(|before| before.inside);
        (reads_keys && trusted).then_some(before)
    }

    /// What was verified, and how NetBird's management is to come by its keys: exactly what was judged.
    fn proof(&self, evidence: &Evidence, subject: &Subject<'_>) -> Option<(Proof, KeySource)> {
        let connection = &self.config.connection;
        let wish = self.config.files.management_discovery;
        let source = KeySource::choose(evidence, wish, connection, self.memory.key_source);
        let seen = &evidence.discovery()?.document;
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
            claims: seen.claims_supported.clone(),
            internal_issuer: evidence
                .inside
                .as_ref()
                .and_then(|seen| Some(seen.as_ref().ok()?.document.issuer.clone())),
            logout_returns: subject.client.returns_from_logout(),
        };
        Some((proof, source))
    }
}
