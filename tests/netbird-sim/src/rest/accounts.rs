//! Accounts and their settings. A PUT replaces all settings, and its answer does not tell what the server's configuration
//! says: two things that a client must know.

use authentik_sim::plumbing::iso;
use serde_json::{Map, Value, json};

use crate::rest::Ctx;
use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::permissions::demanded;
use crate::rest::roles::Operation;
use crate::state::Account;
use crate::world::lock;

/// The settings, with what each becomes that a PUT leaves out.
fn absent() -> Map<String, Value> {
    let all = json!({
        "agent_network_only": false, "auto_update_always": false, "auto_update_version": "",
        "dns_domain": "", "groups_propagation_enabled": false, "ipv6_enabled_groups": null,
        "jwt_allow_groups": [], "jwt_groups_claim_name": "", "jwt_groups_enabled": false,
        "lazy_connection_enabled": false, "local_mfa_enabled": false,
        "metrics_push_enabled": false, "peer_expose_enabled": false, "peer_expose_groups": null,
        "peer_inactivity_expiration": 0, "peer_inactivity_expiration_enabled": false,
        "peer_login_expiration": 0, "peer_login_expiration_enabled": false,
        "regular_users_view_blocked": false, "routing_peer_dns_resolution_enabled": false,
    });
    all.as_object().cloned().unwrap_or_default()
}

/// The same for the inner object, which is kept whole if it is left out whole.
fn extra_absent() -> Map<String, Value> {
    let all = json!({
        "network_traffic_logs_enabled": false, "network_traffic_logs_groups": null,
        "network_traffic_packet_counter_enabled": false, "peer_approval_enabled": false,
        "user_approval_required": false,
    });
    all.as_object().cloned().unwrap_or_default()
}

/// Whether a value has the kind of the one it would replace. Lists may be null.
fn fits(known: &Value, given: &Value) -> bool {
    let texts = |list: &Value| list.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    match known {
        Value::Bool(_) => given.is_boolean(),
        Value::String(_) => given.is_string(),
        Value::Number(_) => given.is_i64(),
        _ => texts(given),
    }
}

fn overlaid(mut base: Map<String, Value>, given: &Value) -> Answered<Map<String, Value>> {
    for (key, value) in &mut base {
        match &given[key.as_str()] {
            Value::Null => {}
            other if fits(value, other) => value.clone_from(other),
            _ => return Err(Failure::no_json()),
        }
    }
    Ok(base)
}

fn shown(account: &Account, settings: Value) -> Value {
    json!({
        "created_at": iso(account.created_at), "created_by": account.created_by,
        "domain": account.domain, "domain_category": account.domain_category, "id": account.id,
        "onboarding": account.onboarding, "settings": settings,
    })
}

pub(crate) fn list(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let state = lock(&ctx.world.state);
    demanded(&state, caller, "accounts", Operation::Read)?;
    let account = state.account(&caller.account).ok_or_else(Failure::hidden)?;
    let mut settings = account.settings.clone();
    let embedded = ctx.process.embedded();
    settings["embedded_idp_enabled"] = json!(embedded.is_some());
    settings["local_auth_disabled"] = json!(embedded.is_some_and(|e| e.local_auth_disabled));
    settings["network_range"] = json!(account.networks.0);
    settings["network_range_v6"] = json!(account.networks.1);
    Ok(json!([shown(account, settings)]))
}

pub(crate) fn update(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let body = ctx.body()?;
    let given = &body["settings"];
    if !given.is_object() && !given.is_null() {
        return Err(Failure::no_json());
    }
    let mut settings = overlaid(absent(), given)?;
    version(&settings["auto_update_version"])?;
    let range = |key: &str| given[key].as_str().filter(|range| !range.is_empty());
    let ranges = (range("network_range"), range("network_range_v6"));
    let mut state = lock(&ctx.world.state);
    if id != caller.account {
        let why = "failed to validate user permissions: user is not part of this account";
        return Err(if ranges == (None, None) {
            Failure::forbidden(why)
        } else {
            Failure::internal(format!("get peer count: {why}"))
        });
    }
    demanded(&state, caller, "settings", Operation::Update)?;
    let account = state.account_mut(id).ok_or_else(Failure::hidden)?;
    // Written first, and not taken back if the settings fail.
    if body["onboarding"].is_object() {
        let told = |key: &str| json!(body["onboarding"][key] == true);
        account.onboarding = json!({
            "onboarding_flow_pending": told("onboarding_flow_pending"),
            "signup_form_pending": told("signup_form_pending"),
        });
    }
    checked(account, &settings)?;
    let extra = match &given["extra"] {
        Value::Null => account.settings["extra"].clone(),
        extra => Value::Object(overlaid(extra_absent(), extra)?),
    };
    settings.insert("extra".to_owned(), extra);
    account.settings = Value::Object(settings);
    let mut answer = account.settings.clone();
    answer["embedded_idp_enabled"] = json!(false);
    answer["local_auth_disabled"] = json!(false);
    if let Some(range) = ranges.0 {
        range.clone_into(&mut account.networks.0);
        answer["network_range"] = json!(range);
    }
    if let Some(range) = ranges.1 {
        range.clone_into(&mut account.networks.1);
        answer["network_range_v6"] = json!(range);
    }
    Ok(shown(account, answer))
}

/// `disabled`, `latest`, nothing, or a version; anything else is an error that is not told.
fn version(given: &Value) -> Answered<()> {
    let text = given.as_str().unwrap_or_default();
    let numbers = text.strip_prefix('v').unwrap_or(text).split('.');
    let known = matches!(text, "" | "disabled" | "latest");
    if known || numbers.clone().all(|n| n.parse::<u32>().is_ok()) {
        return Ok(());
    }
    Err(Failure::hidden())
}

fn checked(account: &Account, settings: &Map<String, Value>) -> Answered<()> {
    let expiration = settings["peer_login_expiration"].as_i64().unwrap_or_default();
    if expiration > 180 * 86_400 {
        return Err(Failure::invalid("peer login expiration can't be larger than 180 days"));
    }
    if expiration < 3600 {
        return Err(Failure::invalid("peer login expiration can't be smaller than one hour"));
    }
    for group in settings["ipv6_enabled_groups"].as_array().into_iter().flatten() {
        let id = group.as_str().unwrap_or_default();
        if !account.groups.iter().any(|known| known.id == id) {
            return Err(Failure::invalid(format!("ipv6 enabled group {id} does not exist")));
        }
    }
    Ok(())
}
