//! Carries out a plan, step by step. Each step is safe to repeat: a run that dies between two is completed
//! by the next one, which looks first.

use serde_json::{Map, Value};
use tracing::{debug, info};

use crate::authentik::conflict::refers_to_nothing;
use crate::authentik::people::Binding;
use crate::authentik::writer::Operation;
use crate::authentik::{Reader, Release, Writer};
use crate::converge::alone;
use crate::converge::intent;
use crate::converge::kept::kept;
use crate::converge::made::Made;
use crate::converge::plan::placeholder::{self, Known};
use crate::converge::plan::{Action, Plan, Step, Target};
use crate::error::{Error, Exit};
use crate::http::setback::{Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::random::random;
use crate::state::Memory;
use crate::state::store::Remembered;
use crate::text::{Secret, redact};

/// What was done, over all attempts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(Target, bool)>);

/// Who is written to, and what is known of the way there.
#[derive(Clone, Copy, Debug)]
pub struct Applying<'a> {
    /// The writing side of the API.
    pub writer: Writer<'a>,
    /// Which release it is.
    pub release: Release,
    /// Whose token it is.
    pub me: i64,
    /// The service account's app password, if there is one already.
    pub app_password: Option<&'a Secret>,
    /// What must not be lost in a crash.
    pub memory: &'a Memory,
}

impl Tally {
    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many objects were created.
    pub fn created(&self) -> usize {
        self.0.iter().filter(|(_, created)| *created).count()
    }

    /// How many objects were changed.
    pub fn changed(&self) -> usize {
        self.0.len() - self.created()
    }

    /// Each object's kind, and whether it was created, in order.
    pub fn steps(&self) -> impl Iterator<Item = (Target, bool)> {
        self.0.iter().copied()
    }
}

impl Applying<'_> {
    /// Does every step in order.
    ///
    /// # Errors
    /// A [`Setback`]: trouble of a request, a conflict with somebody else, or a server that does not keep what
    /// it was told.
    pub async fn apply(
        self,
        plan: &Plan,
        tally: &mut Tally,
        made: &mut Made,
    ) -> Result<(), Setback> {
        let mut known = Known::default();
        if let Some(secret) = self.app_password {
            known.learn(placeholder::app_password(), secret.expose().into());
        }
        self.note(|remembered| intent::want(plan, remembered)).await?;
        let needs = |step: &Step, placeholder: String| {
            step.changes.iter().any(|change| change.wire == placeholder.as_str())
        };
        if plan.steps.iter().any(|step| needs(step, placeholder::app_password())) {
            self.memory.keep_secrets().await?;
        }
        let is_binding = |step: &Step| step.creates() && step.target == Target::Binding;
        let (last_binding, mut bound) = (plan.steps.iter().rposition(is_binding), Vec::new());
        for (position, step) in plan.steps.iter().enumerate() {
            if needs(step, placeholder::client_secret()) {
                known.learn(placeholder::client_secret(), new_client_secret()?.expose().into());
            }
            let mut mark = None;
            if needs(step, placeholder::account_mark()) {
                let new = mark.insert(intent::mark()?);
                known.learn(placeholder::account_mark(), new.as_str().into());
            }
            let (operation, body) = filled(step, &known)?;
            self.still_fit(step).await?;
            self.note(|remembered| intent::intend(step, mark.as_ref(), remembered)).await?;
            let answer = match self.writer.write(self.release, &operation, &body).await {
                Ok(answer) => answer,
                Err(trouble) => return Err(self.setback(step, trouble, made).await),
            };
            tell(step);
            tally.0.push((step.target, step.creates()));
            if step.creates() {
                // A service account's answer calls it `user_pk`.
                let pk =
                    answer.get("pk").or_else(|| answer.get("user_pk")).cloned().unwrap_or_default();
                known.learn(placeholder::key_of(step.target.kind(), &step.name), pk);
                made.note(step.target, &step.name, &answer);
                self.note(|remembered| intent::keep(step, made, remembered)).await?;
            }
            if step.target == Target::Application && !step.creates() {
                // It may have got a provider that an interrupted run had made.
                made.note(step.target, &step.name, &answer);
            }
            made.done(&operation);
            if let Some(provider) = kept(step, &answer)? {
                made.changed(provider);
            }
            if step.creates() && step.target == Target::Group {
                alone::group(self.writer, self.release, step, &answer).await?;
            }
            if is_binding(step) {
                bound.extend(serde_json::from_value::<Binding>(answer).ok());
                if last_binding == Some(position) {
                    alone::bindings(self.writer, self.release, &body, &bound, made).await?;
                }
            }
        }
        Ok(())
    }

    /// Notes what must not be lost in a crash, if there is anything.
    async fn note(self, change: impl FnOnce(&mut Remembered) -> bool) -> Result<(), Setback> {
        let mut remembered = self.memory.remembered();
        if change(&mut remembered) {
            self.memory.note(|kept| *kept = remembered).await?;
        }
        Ok(())
    }

    /// Whoever gains by a step is looked at right before it: nothing is given to an account that is not seen to be a
    /// service account, whatever it was when the plan was made. One that this run made was seen by its making.
    async fn still_fit(self, step: &Step) -> Result<(), Setback> {
        let Some(pk) = step.gains.filter(|_| !step.changes.is_empty()) else { return Ok(()) };
        let reader = Reader(self.writer.0);
        let seen = reader.account_by_key(pk).await;
        let seen = seen.map_err(|trouble| Setback::Trouble(Phase::Apply, trouble))?;
        match seen.is_some_and(|account| account.unfit(self.me).is_none()) {
            true => Ok(()),
            false => {
                let object = format!("the service account for {}", step.headline());
                Err(Setback::missing([object]))
            }
        }
    }

    /// What a refusal of a step means. Whatever its words, a refused create is a reason to look again: somebody else may
    /// have made it; so is a reference that is gone.
    async fn setback(self, step: &Step, trouble: Trouble, made: &mut Made) -> Setback {
        let withdrawn = self.note(|remembered| intent::withdraw(step, &trouble, remembered)).await;
        if let Err(setback) = withdrawn {
            return setback;
        }
        // Whatever its body: a 400 whose fields cannot be read is one too.
        let refused = matches!(trouble.kind, Kind::Invalid(_)) || trouble.status == Some(400);
        if step.creates() && refused {
            made.refused(step, &trouble);
            return Setback::Conflict(trouble);
        }
        if refused && refers_to_nothing(&trouble) {
            return Setback::Conflict(trouble);
        }
        // What was to be changed or removed is gone.
        if step.action != Action::Create && trouble.kind == Kind::Missing {
            return Setback::Conflict(Trouble { kind: Kind::Busy(None), ..trouble });
        }
        Setback::Trouble(Phase::Apply, trouble)
    }
}

/// As Authentik makes them, letters and digits: NetBird's provider sends it in a header, where other characters are
/// escaped in ways that not every release undoes.
fn new_client_secret() -> Result<Secret, Error> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    // Bytes above the last multiple of 62 are left out, so that every letter is as likely as any other: of 256 bytes
    // more than 200 remain.
    let usable = random::<256>()?.into_iter().filter(|byte| *byte < 248);
    let letters = usable.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    let secret = Secret::new(letters.take(CLIENT_SECRET_LENGTH).collect::<String>());
    redact::learn(&secret);
    Ok(secret)
}

/// Of Authentik's own.
const CLIENT_SECRET_LENGTH: usize = 128;

/// The lines that `plan` shows, now that it is done. Of a new object the fields are for debug: they are what the
/// variables say; of a change they say what had drifted.
fn tell(step: &Step) {
    let (object, name) = (step.target.kind(), &step.name);
    info!(stage = "apply", object, %name, "{}", step.headline());
    for change in &step.changes {
        for line in change.lines(step.creates()) {
            let field = change.field;
            if step.creates() {
                debug!(stage = "apply", object, %name, field, "    {line}");
            } else {
                info!(stage = "apply", object, %name, field, "    {line}");
            }
        }
    }
}

/// The step with its placeholders replaced.
fn filled(step: &Step, known: &Known) -> Result<(Operation, Value), Error> {
    let unknown = |what: String| {
        Error::new(Exit::Bug, format!("step {} needs {what}", step.headline()))
            .remedy("please report this bug of netbird-authentik-init")
    };
    let mut body = Map::new();
    for change in &step.changes {
        body.insert(change.key.to_owned(), known.fill(&change.wire).map_err(unknown)?);
    }
    let operation = step.operation.clone().map_key(|key| known.fill_text(key)).map_err(unknown)?;
    Ok((operation, Value::Object(body)))
}
