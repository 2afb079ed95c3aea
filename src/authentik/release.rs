//! Which release of Authentik answers, and the few questions that only the version number settles: what
//! a first POST must look like, and which of two paths to try first. Everything else is seen by shape.

use std::fmt;

/// An Authentik release, such as 2026.2.2. Suffixes such as `-rc1` do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    year: u16,
    month: u16,
    patch: u16,
}

/// The oldest release whose answers were read or recorded.
pub const OLDEST: Release = Release::new(2022, 12, 0);

/// The newest release whose answers were read or recorded.
pub const NEWEST: Release = Release::new(2026, 8, u16::MAX);

impl Release {
    /// The first release with an invalidation flow on a provider.
    pub const INVALIDATION_FLOW: Release = Release::new(2024, 10, 0);

    /// A release by its numbers.
    pub const fn new(year: u16, month: u16, patch: u16) -> Self {
        Self { year, month, patch }
    }

    /// Reads `version_current` of `/admin/version/`. What cannot be read is taken for a release newer
    /// than all known ones: the newest shapes are the best guess for a future numbering.
    pub fn parse(text: &str) -> Self {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u16>);
        let mut next = || numbers.next().and_then(Result::ok);
        match (next(), next(), next()) {
            (Some(year), Some(month), patch) if year >= 2000 => {
                Self { year, month, patch: patch.unwrap_or(0) }
            }
            _ => Self { year: u16::MAX, month: 0, patch: 0 },
        }
    }

    /// Year and month, as releases are spoken of: 2023.2.
    pub fn month(self) -> String {
        format!("{}.{}", self.year, self.month)
    }

    const fn since(self, year: u16, month: u16) -> bool {
        self.year > year || (self.year == year && self.month >= month)
    }

    /// Whether this release is newer than all that were read or recorded.
    pub fn is_newer_than_known(self) -> bool {
        self > NEWEST
    }

    /// Whether this release is older than all that were read or recorded.
    pub fn is_older_than_known(self) -> bool {
        self < OLDEST
    }

    /// `redirect_uris` as a list of objects. It came with security fixes, so 2024.8.5 has it and 2024.10.2
    /// has not.
    pub fn lists_redirect_uris(self) -> bool {
        match (self.year, self.month) {
            (2024, 8) => self.patch >= 5,
            (2024, 10) => self.patch >= 3,
            _ => self.since(2024, 8),
        }
    }

    /// Redirect entries that are for logout only (`redirect_uri_type`).
    pub fn has_logout_redirects(self) -> bool {
        self.since(2026, 5)
    }

    /// Scope mappings under `propertymappings/provider/scope/`.
    pub fn has_provider_scope_path(self) -> bool {
        self.since(2024, 8)
    }

    /// `core/brands/`; `core/tenants/` before.
    pub fn has_brands(self) -> bool {
        self.since(2024, 2)
    }

    /// The managed scope mapping for `offline_access`; before, refresh tokens come without it.
    pub fn has_offline_access(self) -> bool {
        self.since(2024, 2)
    }

    /// An invalidation flow on a provider.
    pub fn has_invalidation_flow(self) -> bool {
        self >= Self::INVALIDATION_FLOW
    }

    /// Grant types on a provider: its API creates providers with none.
    pub fn has_grant_types(self) -> bool {
        self.since(2026, 5)
    }

    /// Whether key pairs come without details (and cheaply) when asked so; newer releases keep them.
    pub fn has_optional_key_details(self) -> bool {
        !self.since(2025, 12)
    }

    /// The managed scope mapping for `goauthentik.io/api`.
    pub fn has_api_scope_mapping(self) -> bool {
        self.since(2024, 6)
    }

    /// Whether NetBird's user list can work: the API takes tokens of a login by app password, and
    /// `sub_mode` `user_id` exists.
    pub fn can_list_users(self) -> bool {
        self.since(2023, 2)
    }

    /// Adding a user to a group takes a permission of its own.
    pub fn needs_permission_to_add_to_groups(self) -> bool {
        self.since(2024, 4)
    }

    /// Roles with permissions.
    pub fn has_roles(self) -> bool {
        self.since(2024, 2)
    }

    /// A user has a role by itself; before, through a group.
    pub fn users_have_roles(self) -> bool {
        self.since(2025, 12)
    }

    /// Whether the name of a group is unique.
    pub fn has_unique_group_names(self) -> bool {
        self.since(2025, 12)
    }

    /// Whether the system settings decide if an application without bindings is open to everyone.
    pub fn has_default_access(self) -> bool {
        self.since(2026, 5)
    }

    /// Whether this release knows a `sub_mode`; and from which release on.
    pub fn sub_mode_since(mode: &str) -> Self {
        match mode {
            "user_id" => Self::new(2023, 2, 0),
            "user_uuid" => Self::new(2023, 5, 0),
            _ => OLDEST,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.year == u16::MAX {
            return f.write_str("of an unknown release");
        }
        write!(f, "{}.{}", self.year, self.month)?;
        if self.patch == u16::MAX { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_suffixes() {
        assert_eq!(Release::parse("2026.5.0-rc1"), Release::new(2026, 5, 0));
        assert_eq!(Release::parse("2024.2"), Release::new(2024, 2, 0));
        assert!(Release::parse("main").is_newer_than_known());
        assert!(Release::parse("").is_newer_than_known());
        assert!(Release::parse("2026.11.0").is_newer_than_known());
        assert!(!Release::parse("2026.8.5").is_newer_than_known());
        assert!(Release::parse("2022.11.4").is_older_than_known());
    }

    #[test]
    fn redirect_uris_became_a_list_in_patch_releases() {
        for (version, list) in [
            ("2024.2.4", false),
            ("2024.8.4", false),
            ("2024.8.5", true),
            ("2024.10.0", false),
            ("2024.10.2", false),
            ("2024.10.3", true),
            ("2024.12.0", true),
        ] {
            assert_eq!(Release::parse(version).lists_redirect_uris(), list, "{version}");
        }
    }
}
