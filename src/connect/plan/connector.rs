//! Authentik as a connector of the combined server's provider. Its id is part of the id of everyone who logs in through
//! it, so one that is there is kept, whoever made it, and none is ever deleted.

use super::{Change, Plan, Step};
use crate::error::{Error, Exit};
use crate::netbird::api::model::Connector;

/// What is wished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Byte for byte, with the slash at its end.
    pub issuer: String,
    /// Of the client in Authentik.
    pub client_id: String,
    /// Digest of its secret, which NetBird never tells.
    pub secret_digest: String,
}

/// What was done at an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known<'a> {
    /// The connector's id.
    pub id: Option<&'a str>,
    /// Digest of the secret that was sent last, also with a connector whose id is not known yet.
    pub secret_digest: Option<&'a str>,
}

/// The type that NetBird has for it, from 0.64 on.
const KIND: &str = "authentik";

/// The name of a new one: what people see on its button.
const NAME: &str = "Authentik";

/// Authentik's connector: by the id that is remembered, else by issuer and client id.
///
/// # Errors
/// [`Exit::Refused`] where several match.
pub fn find<'a>(
    connectors: &'a [Connector],
    wish: &Wish,
    known: &Known<'_>,
) -> Result<Option<&'a Connector>, Box<Error>> {
    if let Some(ours) = connectors.iter().find(|c| Some(c.id.as_str()) == known.id) {
        return Ok(Some(ours));
    }
    let matching: Vec<&Connector> = connectors
        .iter()
        .filter(|c| c.issuer == wish.issuer && c.client_id == wish.client_id)
        .collect();
    match matching[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => {
            let ids: Vec<String> =
                matching.iter().map(|c| format!("{} ({})", c.id, c.name)).collect();
            Err(Box::new(
                Error::new(
                    Exit::Refused,
                    format!("NetBird has several connectors for this client of Authentik: {}", ids.join(", ")),
                )
                .because("the connector is part of everybody's identity in NetBird, so none may be picked at random")
                .remedy(
                    "delete in NetBird's dashboard (Settings, Identity Providers) those that nobody logged in \
                     through, and run again",
                ),
            ))
        }
    }
}

/// Plans it.
pub fn plan(plan: &mut Plan, connectors: &[Connector], wish: &Wish, known: &Known<'_>) {
    let found = match find(connectors, wish, known) {
        Ok(found) => found,
        Err(error) => return plan.refused.push(*error),
    };
    let Some(found) = found else {
        if let Some(id) = known.id {
            plan.warnings.push(format!(
                "connector {id}, which this container made, is gone: who logs in through the new one is a new user"
            ));
        }
        plan.steps.push(Step::CreateConnector(Connector {
            id: String::new(),
            kind: KIND.to_owned(),
            name: NAME.to_owned(),
            issuer: wish.issuer.clone(),
            client_id: wish.client_id.clone(),
        }));
        return;
    };
    let mut changes = Vec::new();
    if found.issuer != wish.issuer {
        changes.push(Change::set("issuer", found.issuer.clone(), wish.issuer.clone()));
    }
    if found.client_id != wish.client_id {
        changes.push(Change::set("client_id", found.client_id.clone(), wish.client_id.clone()));
    }
    // Of one that somebody else made nobody knows the secret: it is sent once. This container's may have no id yet, if the
    // run that sent it died before the answer.
    let is_known = known.id.is_none_or(|id| id == found.id);
    if !is_known || known.secret_digest != Some(wish.secret_digest.as_str()) {
        changes.push(Change::set("client_secret", "(secret)", "(secret)"));
    }
    if changes.is_empty() {
        plan.unchanged += 1;
        return;
    }
    let after = Connector {
        issuer: wish.issuer.clone(),
        client_id: wish.client_id.clone(),
        ..found.clone()
    };
    plan.steps.push(Step::ChangeConnector(after, changes));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        Wish { issuer: "https://a/".into(), client_id: "netbird".into(), secret_digest: "d".into() }
    }

    fn connector(id: &str, issuer: &str) -> Connector {
        Connector {
            id: id.into(),
            kind: "oidc".into(),
            name: "SSO".into(),
            issuer: issuer.into(),
            client_id: "netbird".into(),
        }
    }

    fn planned(connectors: &[Connector], known: &Known<'_>) -> Plan {
        let mut p = Plan::default();
        plan(&mut p, connectors, &wish(), known);
        p
    }

    #[test]
    fn none_is_made_and_one_that_is_known_and_equal_is_left() {
        assert!(matches!(planned(&[], &Known::default()).steps[..], [Step::CreateConnector(_)]));
        let others = [connector("x", "https://other/")];
        assert!(matches!(
            planned(&others, &Known::default()).steps[..],
            [Step::CreateConnector(_)]
        ));
        let known = Known { id: Some("c"), secret_digest: Some("d") };
        let same = planned(&[connector("c", "https://a/")], &known);
        assert_eq!((same.steps.len(), same.unchanged), (0, 1));
    }

    #[test]
    fn one_that_differs_is_changed_and_keeps_id_name_and_type() {
        let known = Known { id: Some("c"), secret_digest: Some("d") };
        let moved = planned(&[connector("c", "https://old/")], &known);
        let [Step::ChangeConnector(after, changes)] = &moved.steps[..] else { panic!("{moved:?}") };
        assert_eq!(
            (after.id.as_str(), after.kind.as_str(), after.name.as_str()),
            ("c", "oidc", "SSO")
        );
        assert_eq!(changes.len(), 1);
        let sent = Known { id: None, secret_digest: Some("d") };
        assert!(planned(&[connector("c", "https://a/")], &sent).steps.is_empty());
        let rotated = Known { secret_digest: Some("old"), ..known };
        let rotated = planned(&[connector("c", "https://a/")], &rotated);
        assert!(
            matches!(&rotated.steps[..], [Step::ChangeConnector(_, changes)] if changes[0].field == "client_secret")
        );
    }

    #[test]
    fn one_that_somebody_made_is_adopted_and_several_are_refused() {
        let one = [connector("theirs", "https://a/")];
        assert!(
            matches!(&planned(&one, &Known::default()).steps[..], [Step::ChangeConnector(c, _)] if c.id == "theirs")
        );
        let two = [connector("1", "https://a/"), connector("2", "https://a/")];
        let refused = planned(&two, &Known::default());
        assert!(refused.steps.is_empty());
        assert_eq!(refused.refused[0].exit, Exit::Refused);
        let known = Known { id: Some("2"), secret_digest: Some("d") };
        assert_eq!(planned(&two, &known).unchanged, 1, "the state says which one it is");
    }

    #[test]
    fn a_known_one_that_is_gone_is_said() {
        let gone = planned(&[], &Known { id: Some("c"), secret_digest: Some("d") });
        assert!(gone.warnings[0].contains("new user"), "{:?}", gone.warnings);
    }
}
