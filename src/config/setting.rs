//! A value together with whether it was asked for, since the ownership rules treat a wish unlike a default.

/// A value, and whether its variable was set: a wish is enforced, a default only used at creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What applies.
    pub value: T,
    /// Whether the variable was set.
    pub chosen: bool,
    /// Whether it is the default's value, set or not: such a name is one of Authentik's own objects.
    pub is_default: bool,
}

impl<T> Setting<T> {
    /// What was set, else the default.
    pub fn or(set: Option<T>, default: T) -> Self {
        match set {
            Some(value) => Self { value, chosen: true, is_default: false },
            None => Self { value: default, chosen: false, is_default: true },
        }
    }

    /// The value, if it was asked for.
    pub fn wish(&self) -> Option<&T> {
        self.chosen.then_some(&self.value)
    }
}
