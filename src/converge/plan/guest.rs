//! Whom a binding of the application lets in, and whether this container made it.

use serde_json::Value;

use super::placeholder;
use crate::authentik::people::Binding;
use crate::state::own::BoundGroup;
use crate::state::store::Remembered;

/// Whom a binding lets in.
#[derive(Clone, Debug)]
pub struct Guest {
    /// `group` or `user`.
    pub field: &'static str,
    /// For people.
    pub name: String,
    /// Its primary key, or what stands for it until it is made.
    pub pk: Value,
    /// Whether it lets no person in.
    pub is_empty: bool,
}

impl Guest {
    /// The members of a group.
    pub fn group(name: &str, key: String, is_empty: bool) -> Self {
        Self { field: "group", name: name.to_owned(), pk: key.into(), is_empty }
    }

    /// The service account, which is no person.
    pub fn service_account(name: &str, pk: Value) -> Self {
        Self { field: "user", name: name.to_owned(), pk, is_empty: true }
    }

    /// Whether this binding is about them.
    pub fn is_bound_by(&self, binding: &Binding) -> bool {
        match self.field {
            "group" => binding.group.is_some() && binding.group.as_deref() == self.pk.as_str(),
            _ => binding.user.is_some() && binding.user == self.pk.as_i64(),
        }
    }

    /// What is remembered of its binding before that is made.
    pub fn remembered(&self) -> BoundGroup {
        let known = |pk: &Value| pk.as_str().filter(|_| !placeholder::is(pk)).map(str::to_owned);
        BoundGroup {
            binding: String::new(),
            group: known(&self.pk).unwrap_or_default(),
            name: self.name.clone(),
            // The account's own key is not known before it is made; its name is enough then.
            user: (self.field == "user").then(|| self.pk.as_i64().unwrap_or_default()),
        }
    }
}

/// Whether this container made it, or the variable named its group in a run that got to its end.
pub fn is_ours(binding: &Binding, remembered: &Remembered) -> bool {
    remembered.bindings.iter().any(|known| {
        let same_guest = match known.user {
            Some(_) => binding.user == known.user,
            None => binding.group.as_ref() == Some(&known.group),
        };
        // One that is only wanted has no key.
        same_guest && known.binding == binding.pk
    })
}
