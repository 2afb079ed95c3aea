//! What Authentik's refusals of a write say about other objects: that a unique value is taken, and that the token
//! does not see who has it.

use crate::http::trouble::messages;
use crate::http::{Kind, Trouble};

/// Whether a 400 says that a unique value is taken: by another run, or by a request of this run whose answer was
/// lost.
pub fn is_conflict(trouble: &Trouble) -> bool {
    let Kind::Invalid(fields) = &trouble.kind else {
        return false;
    };
    // The texts are Authentik's (English asked for by Accept-Language); 2022.12 sends the database's.
    let taken = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("already exists")
            || text.contains("must be unique")
            || text.contains("duplicate key")
    };
    !fields.is_empty() && fields.values().all(|v| messages(v).iter().all(|m| taken(m)))
}

/// Whether a 400 says that an object which the request refers to is gone: it was there when it was looked for.
pub fn refers_to_nothing(trouble: &Trouble) -> bool {
    let Kind::Invalid(fields) = &trouble.kind else {
        return false;
    };
    // Django REST framework's text for every kind of primary key.
    let gone = |text: &str| text.contains("does not exist");
    fields.values().any(|v| messages(v).iter().any(|m| gone(m)))
}

/// The permission that shows all objects of the kind that this request was about.
pub fn view_permission(trouble: &Trouble) -> Option<&'static str> {
    [
        ("/providers/oauth2/", "authentik_providers_oauth2.view_oauth2provider"),
        ("/core/applications/", "authentik_core.view_application"),
        ("/flows/instances/", "authentik_flows.view_flow"),
    ]
    .iter()
    .find_map(|(path, permission)| trouble.request.contains(path).then_some(*permission))
}
