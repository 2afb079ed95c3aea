//! Objects as the models' defaults make them, in the newest form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Value, json};

use crate::ids::{self, fixed_uuid};

/// A flow as the model's defaults make it, with the given keys on top.
pub(crate) fn flow_record(pk: &str, fields: Value) -> Value {
    overlaid(
        json!({
            "pk": pk, "policybindingmodel_ptr_id": fixed_uuid(&format!("{pk}-pbm")), "name": "", "slug": "",
            "title": "", "designation": "", "background": "/static/dist/assets/images/flow_background.jpg",
            "background_url": "/static/dist/assets/images/flow_background.jpg", "background_themed_urls": null,
            "stages": [], "policies": [], "cache_count": 0, "policy_engine_mode": "any",
            "compatibility_mode": false, "layout": "stacked", "denied_action": "message_continue",
            "authentication": "none",
        }),
        fields,
    )
}

/// A brand as the default blueprint makes it.
pub(crate) fn brand_record(domain: &str, default: bool) -> Value {
    json!({
        "brand_uuid": fixed_uuid(&format!("brand {domain}")), "domain": domain, "default": default,
        "branding_title": "authentik", "branding_logo": "/static/dist/assets/icons/icon_left_brand.svg",
        "branding_favicon": "/static/dist/assets/icons/icon.png", "branding_custom_css": "", "branding_map_tiles": "",
        "branding_default_flow_background": "/static/dist/assets/images/flow_background.jpg",
        "flow_authentication": fixed_uuid("default-authentication-flow"),
        "flow_invalidation": fixed_uuid("default-invalidation-flow"), "flow_recovery": null,
        "flow_unenrollment": null, "flow_user_settings": fixed_uuid("default-user-settings-flow"),
        "flow_device_code": null, "flow_lockdown": null, "flow_user_switch": null, "flow_request": null,
        "event_retention": "days=365", "default_application": null, "web_certificate": null,
        "client_certificates": [], "attributes": {},
    })
}

/// A certificate key pair; an empty key is a certificate alone.
pub(crate) fn key_pair_record(pk: &str, name: &str, kind: &str, cert: &str, key: &str) -> Value {
    let der = pem_bytes(cert);
    let colons = |bytes: &[u8]| {
        let parts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        parts.join(":")
    };
    json!({
        "pk": pk, "name": name, "fingerprint_sha256": colons(digest(&SHA256, &der).as_ref()),
        "fingerprint_sha1": colons(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref()),
        "cert_expiry": "2036-01-01T00:00:00Z", "cert_subject": format!("OU=Self-signed,O=authentik,CN={name}"),
        "key_type": kind, "managed": null, "certificate_data": cert, "key_data": key,
    })
}

/// The bytes of a PEM block.
pub(crate) fn pem_bytes(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body.trim()).unwrap_or_default()
}

/// Lays the keys of `over` on top of `base`.
#[must_use]
pub fn overlaid(mut base: Value, over: Value) -> Value {
    if let (Some(base), Value::Object(over)) = (base.as_object_mut(), over) {
        base.extend(over);
    }
    base
}

/// A provider as the model's defaults make it.
#[must_use]
pub fn blank_provider(pk: i64) -> Value {
    json!({
        "pk": pk, "name": "", "authentication_flow": null, "authorization_flow": null,
        "invalidation_flow": null, "property_mappings": [], "client_type": "confidential",
        "client_id": ids::key(40), "client_secret": ids::key(128),
        "access_code_validity": "minutes=1", "access_token_validity": "hours=1",
        "refresh_token_validity": "days=30", "refresh_token_threshold": "seconds=0",
        "include_claims_in_id_token": true, "signing_key": null, "encryption_key": null,
        "redirect_uris": [], "backchannel_logout_uri": "", "logout_uri": "",
        "logout_method": "backchannel", "sub_mode": "hashed_user_id",
        "issuer_mode": "per_provider", "issuer_override": "", "jwks_sources": [], "jwt_federation_sources": [],
        "jwt_federation_providers": [], "grant_types": [],
    })
}

/// An application as the model's defaults make it.
#[must_use]
pub(crate) fn blank_application(pk: &str) -> Value {
    json!({
        "pk": pk, "name": "", "slug": "", "provider": null, "backchannel_providers": [],
        "open_in_new_tab": false, "meta_launch_url": "", "meta_icon": "",
        "meta_description": "", "meta_publisher": "", "policy_engine_mode": "any", "group": "",
        "meta_hide": false,
    })
}

/// A group as the model's defaults make it.
#[must_use]
pub(crate) fn blank_group(pk: &str) -> Value {
    let number = u32::from_str_radix(pk.get(..4).unwrap_or("1"), 16).unwrap_or(1);
    json!({
        "pk": pk, "num_pk": number, "name": "", "is_superuser": false, "parents": [], "users": [], "attributes": {}, "roles": [],
    })
}

/// A user as the model's defaults make it.
#[must_use]
pub(crate) fn blank_user(pk: i64) -> Value {
    let uuid = ids::uuid();
    json!({
        "pk": pk, "username": "", "name": "", "is_active": true, "last_login": null,
        "date_joined": "2026-01-01T00:00:00.000000Z", "email": "", "attributes": {},
        "path": "users", "type": "internal", "uuid": uuid,
        "password_change_date": "2026-01-01T00:00:00.000000Z",
        "last_updated": "2026-01-01T00:00:00.000000Z", "roles": [], "permissions": [],
    })
}
