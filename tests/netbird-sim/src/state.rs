//! What NetBird keeps on its volumes: accounts, users, tokens, and the embedded provider's own database. A restart keeps
//! it; another server may begin with it.

use serde_json::{Value, json};

use crate::ids;
use crate::provider::Idp;

/// Everything that survives a restart.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The accounts, oldest first. A healthy installation has one at most.
    pub accounts: Vec<Account>,
    /// The users of all accounts.
    pub users: Vec<User>,
    /// Personal access tokens.
    pub tokens: Vec<AccessToken>,
    /// Peers as the API shows them.
    pub peers: Vec<Value>,
    /// Setup keys as the API shows them.
    pub setup_keys: Vec<Value>,
    /// The embedded provider's database.
    pub idp: Idp,
    /// The key with which names and addresses were stored.
    pub(crate) store_key: Option<String>,
}

/// A network and its settings.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its domain; empty in the account that `create_pat` makes.
    pub domain: String,
    /// `private`, or empty in the account that `create_pat` makes.
    pub domain_category: String,
    /// Whether new users of its domain join it.
    pub primary: bool,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// Who made it.
    pub created_by: String,
    /// The settings as the API shows them, but for what depends on the server's configuration.
    pub settings: Value,
    /// What the dashboard still wants to ask.
    pub onboarding: Value,
    /// Its groups.
    pub groups: Vec<Group>,
    /// The networks its peers get addresses from, IPv4 and IPv6.
    pub networks: (String, String),
}

/// A group of peers and users.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `api`, or `jwt` for one that came with a token.
    pub issued: String,
}

/// A user of an account: a person, or a service user.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id: the subject of its tokens, or a UUID.
    pub id: String,
    /// The account it belongs to.
    pub account: String,
    /// The address, or nothing.
    pub email: String,
    /// The name, or nothing.
    pub name: String,
    /// `owner`, `admin`, `network_admin`, `user` or `auditor`.
    pub role: String,
    /// Whether it is no person.
    pub is_service_user: bool,
    /// Whether it is shut out.
    pub is_blocked: bool,
    /// Whether somebody must approve it first.
    pub pending_approval: bool,
    /// The groups it is in.
    pub auto_groups: Vec<String>,
}

/// A personal access token. Its plain text is told once.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// Its name.
    pub name: String,
    /// The hash of its plain text.
    pub hash: String,
    /// When it was made.
    pub created_at: i64,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires: i64,
    /// Whether it was ever used.
    pub last_used: Option<i64>,
}

impl State {
    /// The user of this id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The same to edit.
    pub fn user_mut(&mut self, id: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    /// The first user with this address.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users.iter().find(|user| user.email.eq_ignore_ascii_case(email))
    }

    /// The account of this id.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The same to edit.
    pub fn account_mut(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.id == id)
    }

    /// Makes an account and its owner. Returns the account's id.
    pub fn add_account(&mut self, owner: User, domain: &str, category: &str, now: i64) -> String {
        let id = ids::object();
        let all = Group { id: ids::object(), name: "All".to_owned(), issued: "api".to_owned() };
        let octet = id.bytes().fold(0_u8, u8::wrapping_add) % 63 + 64;
        self.accounts.push(Account {
            id: id.clone(),
            domain: domain.to_owned(),
            domain_category: category.to_owned(),
            primary: !domain.is_empty(),
            created_at: now,
            created_by: owner.id.clone(),
            settings: new_settings(&all.id),
            onboarding: json!({"onboarding_flow_pending": true, "signup_form_pending": true}),
            groups: vec![all],
            networks: (format!("100.{octet}.0.0/16"), format!("fd{octet:02x}:6d48:d1af:a695::/64")),
        });
        let role = "owner".to_owned();
        self.users.push(User { account: id.clone(), role, ..owner });
        id
    }

    /// Translates the users' ids as NetBird's `idp-migrate` does: those that are not made of subject and connector yet,
    /// and the ids of those who made accounts and tokens. Returns how many users were translated.
    pub fn migrate_ids(&mut self, connector: &str) -> usize {
        let translated = |id: &str| match ids::subject_and_connector(id) {
            Some(_) => id.to_owned(),
            None => ids::user_id(id, connector),
        };
        let mut count = 0;
        for user in &mut self.users {
            let new = translated(&user.id);
            count += usize::from(new != user.id);
            user.id = new;
        }
        for account in &mut self.accounts {
            account.created_by = translated(&account.created_by);
        }
        for token in &mut self.tokens {
            token.user = translated(&token.user);
            token.created_by = translated(&token.created_by);
        }
        count
    }
}

impl User {
    /// Somebody who comes for the first time.
    #[must_use]
    pub fn new(id: &str, email: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            account: String::new(),
            email: email.to_owned(),
            name: name.to_owned(),
            role: "user".to_owned(),
            is_service_user: false,
            is_blocked: false,
            pending_approval: false,
            auto_groups: vec![],
        }
    }

    /// Whether it may change what others are.
    #[must_use]
    pub fn has_admin_power(&self) -> bool {
        matches!(self.role.as_str(), "owner" | "admin")
    }

    /// As the API shows it to `viewer`.
    pub(crate) fn shown(&self, viewer: &str) -> Value {
        let mut shown = json!({
            "auto_groups": self.auto_groups, "email": self.email, "id": self.id,
            "is_blocked": self.is_blocked, "is_current": self.id == viewer,
            "is_service_user": self.is_service_user, "issued": "api",
            "last_login": "0001-01-01T00:00:00Z", "name": self.name,
            "pending_approval": self.pending_approval, "role": self.role,
            "status": if self.is_blocked { "blocked" } else { "active" },
        });
        if let Some((_, connector)) = ids::subject_and_connector(&self.id) {
            shown["idp_id"] = json!(connector);
        }
        shown
    }
}

/// The settings of a new account.
fn new_settings(all: &str) -> Value {
    json!({
        "agent_network_only": false, "auto_update_always": false, "auto_update_version": "disabled",
        "dns_domain": "",
        "extra": {
            "network_traffic_logs_enabled": false, "network_traffic_logs_groups": null,
            "network_traffic_packet_counter_enabled": false, "peer_approval_enabled": false,
            "user_approval_required": true,
        },
        "groups_propagation_enabled": true, "ipv6_enabled_groups": [all], "jwt_allow_groups": [],
        "jwt_groups_claim_name": "", "jwt_groups_enabled": false, "lazy_connection_enabled": true,
        "local_mfa_enabled": false, "metrics_push_enabled": false, "peer_expose_enabled": false,
        "peer_expose_groups": null, "peer_inactivity_expiration": 600,
        "peer_inactivity_expiration_enabled": false, "peer_login_expiration": 86400,
        "peer_login_expiration_enabled": true, "regular_users_view_blocked": true,
        "routing_peer_dns_resolution_enabled": true,
    })
}
