//! Reads given values one by one and collects what is wrong with them: all problems at once, none with a secret.

use super::declare::Given;
use super::parse::{Wanted, shape};
use super::problem::Problem;
use super::setting::Setting;

/// Collects problems. Whatever a method answers after a problem does not count: the configuration is refused then.
#[derive(Default)]
pub(super) struct Reader {
    /// What was wrong so far.
    pub(super) problems: Vec<Problem>,
    /// What is worth a remark.
    pub(super) warnings: Vec<String>,
}

impl Reader {
    /// A value that need not be there.
    pub(super) fn opt<T>(
        &mut self,
        given: Given<'_>,
        parse: impl FnOnce(&str) -> Result<T, Wanted>,
    ) -> Option<T> {
        let text = given.text?;
        if let Some(wanted) = shape::mistake(given.variable.name, given.variable.secret, text) {
            self.wrong(given, &wanted);
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(wanted) => {
                self.wrong(given, &wanted);
                None
            }
        }
    }

    /// A value that must be there.
    pub(super) fn required<T>(
        &mut self,
        given: Given<'_>,
        parse: impl FnOnce(&str) -> Result<T, Wanted>,
    ) -> Option<T> {
        let file = format!("{}_FILE", given.variable.name);
        if given.text.is_none() && !self.problems.iter().any(|p| p.variable == file) {
            self.problems.push(Problem::missing(given.variable));
        }
        self.opt(given, parse)
    }

    /// A value, or the default that is declared for it; and which of the two it is. Nothing only where it is wrong.
    pub(super) fn setting<T>(
        &mut self,
        given: Given<'_>,
        parse: impl FnOnce(&str) -> Result<T, Wanted>,
    ) -> Option<Setting<T>> {
        let (chosen, default) = (given.text.is_some(), given.variable.default_value());
        let text = given.text.or(default);
        let is_default = text == default;
        let value = self.opt(Given { text, ..given }, parse)?;
        Some(Setting { value, chosen, is_default })
    }

    /// As [`Reader::setting`], where it does not matter which of the two it is.
    pub(super) fn value<T>(
        &mut self,
        given: Given<'_>,
        parse: impl FnOnce(&str) -> Result<T, Wanted>,
    ) -> Option<T> {
        self.setting(given, parse).map(|setting| setting.value)
    }

    /// The value of a variable that is passed on is wrong, unless that is known.
    pub(super) fn passed_wrong(&mut self, name: &str, found: &str, wanted: &str) {
        if !self.problems.iter().any(|problem| problem.variable == name) {
            self.problems.push(Problem::new(name, Some(found), wanted));
        }
    }

    /// The value is wrong in this light.
    pub(super) fn wrong(&mut self, given: Given<'_>, wanted: &str) {
        let found = given.text.filter(|_| !given.variable.secret);
        self.problems.push(Problem::new(given.variable.name, found, wanted));
    }
}
