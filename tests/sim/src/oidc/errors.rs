//! The errors of the OAuth2 endpoints, with the texts real servers send.

use serde_json::json;

use crate::features::Feature;
use crate::http::reply::Reply;
use crate::ids;
use crate::profile::Profile;

/// What an error means, in the words of the endpoints.
pub(crate) fn description(error: &str) -> &'static str {
    match error {
        "invalid_client" => {
            "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported \
             authentication method)"
        }
        "invalid_grant" => {
            "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the \
             redirection URI used in the authorization request, or was issued to another client"
        }
        "unsupported_grant_type" => {
            "The authorization grant type is not supported by the authorization server"
        }
        "authorization_pending" => {
            "The authorization request is still pending as the end user hasn't yet completed the user-interaction steps"
        }
        "expired_token" => "The \"device_code\" has expired",
        "login_required" => "The Authorization Server requires End-User authentication",
        "consent_required" => "The Authorization Server requires End-User consent",
        "unsupported_response_type" => {
            "The authorization server does not support obtaining an authorization code using this method"
        }
        _ => "The request is otherwise malformed",
    }
}

/// A 400 of the token or device endpoint.
pub(crate) fn reply(profile: &Profile, error: &str) -> Reply {
    let mut body = json!({"error": error, "error_description": description(error)});
    if profile.has(Feature::OauthRequestId) {
        body["request_id"] = json!(ids::uuid().replace('-', ""));
    }
    Reply::json(400, &body).with("Cache-Control", "no-store")
}
