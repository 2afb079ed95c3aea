//! Scopes that are passed on to NetBird: every way of logging in must ask for what the others ask for.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::Problem;

/// What dashboards and desktop clients ask for.
const LOGIN: &str = "NETBIRD_AUTH_SUPPORTED_SCOPES";

/// What clients without a browser ask for.
const DEVICE: &str = "NETBIRD_AUTH_DEVICE_AUTH_SCOPE";

/// Names, addresses and groups come with these. What a release adds makes sessions last, and no difference in what is
/// known of a person.
const PERSONAL: [&str; 3] = ["openid", "profile", "email"];

/// Everything wrong with them. A login that asks for less than the last one takes groups away from its user: NetBird
/// believes each token anew.
pub(super) fn problems(passed: &BTreeMap<String, String>) -> Vec<Problem> {
    let (login, device) = (passed.get(LOGIN), passed.get(DEVICE));
    let mut problems = Vec::new();
    let mut examine = |name: &str, text: &String, needed: &BTreeSet<&str>| {
        let given: BTreeSet<&str> = text.split(' ').collect();
        if text.contains([',', ';']) {
            let wanted = "scopes separated by blanks, such as openid profile email";
            problems.push(Problem::new(name, Some(text), wanted));
        } else if !needed.is_subset(&given) {
            let missing: Vec<&str> = needed.difference(&given).copied().collect();
            let wanted = format!("scopes with {} among them", missing.join(" and "));
            problems.push(Problem::new(name, Some(text), &wanted));
        }
    };
    if let Some(text) = login {
        examine(LOGIN, text, &BTreeSet::from(["openid"]));
    }
    if let Some(text) = device {
        let personal = PERSONAL.into_iter().collect();
        let needed: BTreeSet<&str> = match login.filter(|text| !text.contains([',', ';'])) {
            // What makes sessions last may differ: a machine's login is renewed by hand.
            Some(login) => {
                login.split(' ').filter(|s| !matches!(*s, "" | "offline_access")).collect()
            }
            None => personal,
        };
        examine(DEVICE, text, &needed);
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(login: &str, device: &str) -> Vec<String> {
        let given = [(LOGIN, login), (DEVICE, device)].into_iter().filter(|(_, v)| !v.is_empty());
        let passed = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        problems(&passed).into_iter().map(|problem| problem.variable).collect()
    }

    #[test]
    fn a_device_asks_for_what_the_dashboard_asks_for() {
        assert_eq!(names("", ""), [""; 0]);
        assert_eq!(names("openid profile email offline_access", "openid profile email"), [""; 0]);
        assert_eq!(names("openid", "openid"), [""; 0], "somebody's choice, and the same for all");
        assert_eq!(names("", "openid"), [DEVICE]);
        assert_eq!(names("openid profile email groups", "openid profile email"), [DEVICE]);
        assert_eq!(names("profile email", ""), [LOGIN]);
        assert_eq!(names("openid,profile,email", "openid"), [LOGIN, DEVICE]);
    }
}
