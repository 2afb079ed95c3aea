//! What is remembered around one write, so that a run that dies there is completed by the next one. An intention proves
//! nothing: it is noted right before its write, goes where the answer says that nothing was made, and becomes knowledge
//! by the key in the answer, or by a mark that nobody else can know.

use super::made::Made;
use super::plan::{Plan, Step, Target};
use crate::authentik::people::Binding;
use crate::error::Error;
use crate::http::Trouble;
use crate::random::random;
use crate::state::own::{BoundGroup, OwnAccount};
use crate::state::store::Remembered;

/// Which bindings are wanted, from before the first step on: they bind again whoever was to be let in, should the variable
/// that named them be unset in between. Of a binding that is found they do not say whose it is.
pub fn want(plan: &Plan, remembered: &mut Remembered) -> bool {
    let before = remembered.bindings.len();
    for wanted in &plan.intends {
        let is_known = |known: &BoundGroup| known.name == wanted.name && known.user == wanted.user;
        if !remembered.bindings.iter().any(is_known) {
            remembered.bindings.push(wanted.clone());
        }
    }
    remembered.bindings.len() != before
}

/// What this step is about to make, and could not be told from other people's after a crash.
pub fn intend(step: &Step, mark: Option<&String>, remembered: &mut Remembered) -> bool {
    if !step.creates() {
        return false;
    }
    match step.target {
        Target::ServiceAccount => {
            let (username, mark) = (step.name.clone(), mark.cloned());
            remembered.use_account(OwnAccount { pk: None, username, mark });
        }
        Target::Role => remembered.role = Some(String::new()),
        _ => return false,
    }
    true
}

/// The step is done: what it made is known by its key.
pub fn keep(step: &Step, made: &Made, remembered: &mut Remembered) -> bool {
    if !step.creates() {
        return false;
    }
    match step.target {
        Target::ServiceAccount => match made.account() {
            Some(account) => remembered.use_account(account.clone()),
            None => return false,
        },
        Target::Role => remembered.role = made.role(),
        Target::Binding => match made.last_binding() {
            Some(binding) => bound(binding, &step.name, remembered),
            None => return false,
        },
        _ => return false,
    }
    true
}

fn bound(binding: &Binding, name: &str, remembered: &mut Remembered) {
    let wanted =
        |known: &BoundGroup| known.name == name && known.user.is_some() == binding.user.is_some();
    remembered.bindings.retain(|known| !(known.binding.is_empty() && wanted(known)));
    remembered.bindings.push(BoundGroup {
        binding: binding.pk.clone(),
        group: binding.group.clone().unwrap_or_default(),
        name: name.to_owned(),
        user: binding.user,
    });
}

/// The answer says that nothing was made: whoever has the name has not got it from this run.
pub fn withdraw(step: &Step, trouble: &Trouble, remembered: &mut Remembered) -> bool {
    // A request that took too long may have been done all the same.
    let says_so =
        trouble.status.is_some_and(|status| (400..500).contains(&status) && status != 408);
    if !step.creates() || !says_so {
        return false;
    }
    match step.target {
        Target::ServiceAccount => {
            remembered.service_account.take_if(|account| account.pk.is_none()).is_some()
        }
        Target::Role => remembered.role.take_if(|role| role.is_empty()).is_some(),
        _ => false,
    }
}

/// A point in time, far away, that is one of more than 10^15.
///
/// # Errors
/// Where there are no random numbers.
pub fn mark() -> Result<String, Error> {
    let bytes = random::<8>()?;
    let mut number = u64::from_le_bytes(bytes);
    let mut of = |count: u64| {
        let part = number % count;
        number /= count;
        part
    };
    // Never a whole second: that is written otherwise.
    let micros = 1 + of(999_999);
    let (second, minute, hour) = (of(60), of(60), of(24));
    let (day, month, year) = (1 + of(28), 1 + of(12), 2100 + of(100));
    Ok(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"))
}
