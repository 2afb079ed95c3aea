//! Keys of users, groups, tokens and roles.

use crate::release::{before, between, since};
use crate::shapes::{Key, all};

/// A user wherever it is shown in full.
pub(crate) static USER: &[Key] = &[
    all("pk"),
    all("username"),
    all("name"),
    all("is_active"),
    all("last_login"),
    ("date_joined", since(2025, 4)),
    all("is_superuser"),
    all("groups"),
    all("groups_obj"),
    ("roles", since(2025, 12)),
    ("roles_obj", since(2025, 12)),
    all("email"),
    all("avatar"),
    all("attributes"),
    all("uid"),
    all("path"),
    ("type", since(2023, 8)),
    ("uuid", since(2023, 10)),
    ("password_change_date", since(2025, 2)),
    ("last_updated", since(2025, 8)),
];

pub(crate) static GROUP: &[Key] = &[
    all("pk"),
    all("num_pk"),
    all("name"),
    all("is_superuser"),
    ("parent", before(2025, 12)),
    ("parent_name", between((2023, 2), (2025, 12))),
    ("parents", since(2025, 12)),
    ("parents_obj", since(2025, 12)),
    all("users"),
    all("users_obj"),
    all("attributes"),
    ("roles", since(2023, 10)),
    ("roles_obj", since(2023, 10)),
    ("inherited_roles_obj", since(2025, 12)),
    ("children", since(2025, 8)),
    ("children_obj", since(2025, 8)),
];

pub(crate) static TOKEN: &[Key] = &[
    all("pk"),
    all("managed"),
    all("identifier"),
    all("intent"),
    all("user"),
    all("user_obj"),
    all("description"),
    all("expires"),
    all("expiring"),
];

pub(crate) static ROLE: &[Key] = &[all("pk"), all("name")];
