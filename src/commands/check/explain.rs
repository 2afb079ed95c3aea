//! Which failures are only the consequence of others: they are told as that, so that what is left is what to repair.

use std::collections::BTreeMap;

use crate::proof::{Check, CheckId, Outcome, because};

/// Consequences, and what explains them.
const CONSEQUENCES: [(CheckId, &[CheckId]); 17] = {
    use CheckId::*;
    [
        (Application, &[Installation]),
        (Provider, &[Application, Installation]),
        (ScopeMappings, &[Installation]),
        (Access, &[Installation]),
        (DeviceCode, &[Installation]),
        (Discovery, &[RedirectUris]),
        (Issuer, &[PublicUrl]),
        (Endpoints, &[PublicUrl]),
        (SigningAlgorithm, &[SigningKey, EncryptionKey]),
        (Keys, &[SigningKey]),
        (Authorize, &[RedirectUris, GrantTypes, Provider, ClientType]),
        (Cors, &[RedirectUris, Provider]),
        (DeviceEndpoint, &[GrantTypes, Provider]),
        (ServiceAccount, &[Access, GrantTypes, Provider, Installation]),
        (
            UserList,
            &[
                ServiceAccount,
                ScopeMappings,
                RedirectUris,
                GrantTypes,
                Access,
                ClientType,
                Provider,
                Refused,
            ],
        ),
        (ClientSecret, &[ClientType, RedirectUris, GrantTypes, Provider]),
        (Connector, &[NetBirdProvider]),
    ]
};

/// Turns each failure that another one explains into a check that was skipped because of it.
pub fn consequences(checks: &mut [Check]) {
    let failed: Vec<CheckId> =
        checks.iter().filter(|c| c.outcome == Outcome::Fail).map(|c| c.id).collect();
    for check in checks.iter_mut().filter(|check| check.outcome == Outcome::Fail) {
        let causes = CONSEQUENCES.iter().find(|(id, _)| *id == check.id).map(|(_, causes)| *causes);
        let cause = causes.into_iter().flatten().find(|cause| failed.contains(cause));
        if let Some(cause) = cause {
            *check = Check::skipped(check.id, because(*cause));
        }
    }
    // What was skipped because of a consequence is told with what failed in the end.
    let skipped = |check: &Check| check.outcome == Outcome::Skipped;
    let told = checks.iter().filter(|check| skipped(check));
    let told: BTreeMap<String, String> =
        told.map(|check| (because(check.id), check.detail.clone())).collect();
    for check in checks.iter_mut().filter(|check| skipped(check)) {
        for _ in 0..told.len() {
            let Some(cause) = told.get(&check.detail) else { break };
            check.detail.clone_from(cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_failure_explains_is_told_as_that() {
        let mut checks = vec![
            Check::failed(CheckId::RedirectUris, "one is missing"),
            Check::failed(CheckId::Authorize, "refused"),
            Check::failed(CheckId::Clock, "wrong"),
            Check::skipped(CheckId::Issuer, because(CheckId::Authorize)),
        ];
        consequences(&mut checks);
        assert_eq!(checks[0].outcome, Outcome::Fail);
        assert_eq!(checks[1], Check::skipped(CheckId::Authorize, "because redirect-uris failed"));
        assert_eq!(checks[2].outcome, Outcome::Fail);
        assert_eq!(checks[3].detail, "because redirect-uris failed");
    }

    #[test]
    fn nothing_explains_itself() {
        for (id, causes) in CONSEQUENCES {
            assert!(!causes.contains(&id), "{id:?}");
        }
    }
}
