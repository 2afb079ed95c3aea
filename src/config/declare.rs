//! What there is to say about a variable, and the macro that makes of one declaration both the table that people read
//! and the struct that envy fills, so that the two cannot disagree.

use super::kind::Kind;

/// Which part of the whole a variable is about: `help` and the README show them by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// How Authentik is reached and what it is to hold.
    Authentik,
    /// What NetBird is and where it is.
    NetBird,
    /// Where files go and what they are like.
    Files,
    /// How this program runs.
    Running,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Authentik, Self::NetBird, Self::Files, Self::Running];

    /// As a heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentik => "Authentik",
            Self::NetBird => "NetBird",
            Self::Files => "Files",
            Self::Running => "Running",
        }
    }
}

/// What applies when a variable is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Nothing does: it must be set.
    Required,
    /// This value, read as if it had been given.
    Value(&'static str),
    /// What these words say; in Markdown.
    Words(&'static str),
    /// Nothing at all.
    Unset,
}

impl std::fmt::Display for Default {
    /// For a table in Markdown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Required => f.write_str("required"),
            Self::Value(value) => write!(f, "`{value}`"),
            Self::Words(words) => f.write_str(words),
            Self::Unset => Ok(()),
        }
    }
}

/// One environment variable of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// What applies when it is not set.
    pub default: Default,
    /// A value as people write it.
    pub example: &'static str,
    /// What it means, in Markdown.
    pub meaning: &'static str,
    /// A secret: never printed, and may be given as `NAME_FILE`, a path.
    pub secret: bool,
    /// The kinds of NetBird that it is for.
    pub kinds: &'static [Kind],
    /// A value that says nothing, and so may be given with every kind.
    pub neutral: &'static str,
    /// The commands that use it.
    pub used_by: &'static str,
}

/// What most variables are for: every command that looks at Authentik.
const MOST: &str = "init, plan, check, watch, connect";

impl Variable {
    /// One of this group. The macro adds the name.
    pub(super) const fn new(
        group: Group,
        default: Default,
        example: &'static str,
        meaning: &'static str,
    ) -> Self {
        let (name, secret, kinds, neutral, used_by) = ("", false, Kind::ALL, "", MOST);
        Self { name, group, default, example, meaning, secret, kinds, neutral, used_by }
    }

    /// The text that is read when it is not set.
    pub fn default_value(&self) -> Option<&'static str> {
        match self.default {
            Default::Value(value) => Some(value),
            Default::Required | Default::Words(_) | Default::Unset => None,
        }
    }

    /// Never printed.
    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// For these kinds of NetBird.
    pub(super) const fn only(self, kinds: &'static [Kind]) -> Self {
        Self { kinds, ..self }
    }

    /// For these commands.
    pub(super) const fn by(self, used_by: &'static str) -> Self {
        Self { used_by, ..self }
    }

    /// This value may be given with the other kinds too.
    pub(super) const fn but(self, neutral: &'static str) -> Self {
        Self { neutral, ..self }
    }
}

/// A variable and what it is set to.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Which.
    pub variable: &'static Variable,
    /// What was given.
    pub text: Option<&'a str>,
}

/// Makes `VARIABLES` and `Raw` of one declaration. envy compares names in lower case, as fields have them.
macro_rules! declare {
    ($($field:ident: $variable:expr;)*) => {
        /// Every variable, in the order in which `help` and the README show them. `NETBIRD_*` names that are not
        /// listed are passed on into `setup.env`.
        pub const VARIABLES: &[Variable] = &[$(declare!(@named $field $variable)),*];

        /// Every variable as text. Nothing is parsed here, so that no error of envy can show a value.
        #[derive(Debug, std::default::Default, serde::Deserialize)]
        pub struct Raw {
            $($field: Option<String>,)*
        }

        impl Raw {
            /// Each variable and what it is set to.
            pub fn all(&self) -> Vec<Given<'_>> {
                vec![$(self.$field()),*]
            }

            $(
                #[doc = concat!("What `", stringify!($field), "` is set to, in upper case.")]
                pub fn $field(&self) -> Given<'_> {
                    const VARIABLE: Variable = declare!(@named $field $variable);
                    Given { variable: &VARIABLE, text: self.$field.as_deref() }
                }
            )*
        }
    };
    (@named $field:ident $variable:expr) => {
        Variable {
            name: {
                const LOWER: &[u8] = stringify!($field).as_bytes();
                const UPPER: [u8; LOWER.len()] = $crate::config::declare::upper(LOWER);
                match std::str::from_utf8(&UPPER) {
                    Ok(name) => name,
                    Err(_) => panic!("identifiers are UTF-8"),
                }
            },
            ..$variable
        }
    };
}
pub(super) use declare;

/// A name as the environment has it.
pub(super) const fn upper<const N: usize>(lower: &[u8]) -> [u8; N] {
    let mut name = [0; N];
    name.copy_from_slice(lower);
    name.make_ascii_uppercase();
    name
}
