//! What a client is told when another one made the same object between the check of its name and the writing.

use serde_json::{Value, json};

use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::profile::Profile;

/// The newer releases' text is not known. This one is invented, and unlike every known one.
pub(crate) const INVENTED: &str = "Somebody took this value a moment ago (invented text).";

/// The answer to a request that lost.
pub(crate) fn lost(profile: &Profile, path: &str, body: &[u8]) -> Reply {
    let sent: Value = serde_json::from_slice(body).unwrap_or_default();
    if path.ends_with("/core/users/service_account/") && profile.has(F::RaceIsRawText) {
        let name = sent["name"].as_str().unwrap_or_default();
        let text = format!(
            "duplicate key value violates unique constraint \"authentik_core_user_username_key\"\nDETAIL:  Key \
             (username)=({name}) already exists."
        );
        return Reply::json(400, &json!({"non_field_errors": [text]}));
    }
    if !profile.has(F::RaceIsFieldError) {
        return Reply::html(500, "Internal Server Error");
    }
    let field = match path.rsplit('/').nth(1) {
        Some("applications" | "instances") => "slug",
        Some("tokens") => "identifier",
        Some("users") => "username",
        _ => "name",
    };
    Reply::json(400, &json!({ field: [INVENTED] }))
}
