//! Which groups of Authentik get which role in NetBird.

use super::{Wanted, list, name};

/// A role in NetBird that can be given to people. There is one owner, who is not made by a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetBirdRole {
    /// May change everything.
    Admin,
    /// May change everything that concerns the network.
    NetworkAdmin,
    /// May see everything.
    Auditor,
    /// May use it.
    User,
}

impl NetBirdRole {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Admin, Self::NetworkAdmin, Self::Auditor, Self::User];

    /// As NetBird's API has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::NetworkAdmin => "network_admin",
            Self::Auditor => "auditor",
            Self::User => "user",
        }
    }
}

/// Members of this group get this role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGroup {
    /// The group's name in Authentik.
    pub group: String,
    /// The role.
    pub role: NetBirdRole,
}

/// `GROUP:ROLE`, separated by commas; the last colon separates, since a group's name may have some.
pub fn role_groups(text: &str) -> Result<Vec<RoleGroup>, Wanted> {
    let mut found: Vec<RoleGroup> = Vec::new();
    for item in list(text)? {
        let names = NetBirdRole::ALL.map(NetBirdRole::name).join(", ");
        let wanted = || format!("GROUP:ROLE entries with a role out of: {names}");
        let (group, role) = item.rsplit_once(':').ok_or_else(wanted)?;
        let (group, role) = (name(group.trim_end())?, role.trim_start());
        if role == "owner" {
            return Err(format!("{}; owner is not a role that can be given", wanted()));
        }
        let role = NetBirdRole::ALL.into_iter().find(|r| r.name() == role).ok_or_else(wanted)?;
        if group.is_empty() {
            return Err(wanted());
        }
        if found.iter().any(|known| known.group == group) {
            return Err(format!("each group once: {} stands twice", group.escape_debug()));
        }
        found.push(RoleGroup { group, role });
    }
    Ok(found)
}
