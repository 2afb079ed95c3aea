//! Names to primary keys: everything that a new or changed object refers to. No write happens before all
//! of it is there.

use serde_json::Value;

use super::flows;
use super::placeholder::key_of;
use crate::authentik::redirect::Shape;
use crate::config::Setting;
use crate::converge::desired::Desired;
use crate::converge::observe::{Found, Observed};
use crate::http::setback::{Absent, Missing};
use crate::netbird::standalone::API_SCOPE;

/// A flow by slug and primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRef {
    /// Its slug.
    pub slug: String,
    /// Its primary key.
    pub pk: String,
}

/// A key pair by name and primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRef {
    /// Its name.
    pub name: String,
    /// Its primary key.
    pub pk: String,
    /// `rsa` and so on, if known.
    pub kind: Option<String>,
}

/// What the plan refers to, resolved.
#[derive(Clone, Debug)]
pub struct References {
    /// Where it is needed.
    pub authorization_flow: Option<FlowRef>,
    /// Where it is needed and the release has it.
    pub invalidation_flow: Option<FlowRef>,
    /// Where it is needed.
    pub signing_key: Option<KeyRef>,
    /// Managed name and primary key, in the order of the wish; of an application that has a provider, those that serve a
    /// scope which no mapping of its serves yet.
    pub scope_mappings: Vec<(String, String)>,
    /// How the server wants redirect URIs.
    pub redirect_shape: Shape,
}

/// Which question tells whether a missing object has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The flow of this slug: while it is not there, that costs the server a tenth of a list.
    Flow(String),
    /// All flows: whether others come tells whether the user's own name may still.
    Flows,
    /// All scope mappings.
    ScopeMappings,
    /// All key pairs.
    KeyPairs,
    /// The brand that serves the public host.
    Brand,
}

/// What is missing, and how to find out when it is there.
#[derive(Clone, Debug, Default)]
pub struct Lacking {
    /// The objects.
    pub missing: Missing,
    /// As many questions, in the same order.
    questions: Vec<Question>,
}

impl Lacking {
    fn push(&mut self, absent: Absent, question: Question) {
        self.missing.absent.push(absent);
        self.questions.push(question);
    }

    /// What to ask first. Names that the user set come last: whether one is wrong is decided when nothing else is missing.
    pub fn question(&self) -> Option<&Question> {
        let is_default = |absent: &Absent| absent.chosen_by.is_none();
        let first = self.missing.absent.iter().position(is_default).unwrap_or(0);
        self.questions.get(first)
    }
}

impl References {
    /// Resolves, or says what is missing.
    ///
    /// # Errors
    /// The missing objects.
    pub fn resolve(
        desired: &Desired,
        observed: &Observed,
        shape: Option<Shape>,
    ) -> Result<Self, Lacking> {
        let mut lacking = Lacking::default();
        let absent = |object: String| Absent { object, chosen_by: None };
        let named = |object: String, wish: &Setting<String>, variable| Absent {
            object,
            chosen_by: (!wish.is_default).then_some(variable),
        };
        let flow = |slug: &str| {
            observed.flow(slug).map(|f| FlowRef { slug: f.slug.clone(), pk: f.pk.clone() })
        };
        let provider = observed.found.linked();
        let wished = &desired.provider;

        let mut authorization_flow = None;
        if provider.is_none() || wished.authorization_flow.chosen {
            authorization_flow = flow(&wished.authorization_flow.value);
            if authorization_flow.is_none() {
                let wish = &wished.authorization_flow;
                let object = format!("flow {}", wish.value);
                let absent = named(object, wish, "AUTHENTIK_AUTHORIZATION_FLOW");
                lacking.push(
                    absent,
                    match wish.is_default {
                        true => Question::Flow(wish.value.clone()),
                        false => Question::Flows,
                    },
                );
            }
        }
        let mut invalidation_flow = None;
        if observed.release.has_invalidation_flow()
            && (provider.is_none() || wished.invalidation_flow.chosen)
        {
            invalidation_flow = flow(flows::invalidation(desired, observed));
            if invalidation_flow.is_none() {
                let wish = &wished.invalidation_flow;
                let object = format!("flow {}", wish.value);
                // Either of two may come.
                let absent = named(object, wish, "AUTHENTIK_INVALIDATION_FLOW");
                lacking.push(absent, Question::Flows);
            }
        }

        let mut scope_mappings = Vec::new();
        // One mapping that serves a scope is enough: a managed one beside somebody's own would undo what that filters.
        for scope in wished.client.scopes.iter().filter(|scope| !observed.serves(scope.name)) {
            let by_name = scope.name == API_SCOPE;
            let name = scope.managed.filter(|_| !by_name).unwrap_or(scope.name);
            let mapping = observed.scope_mappings.iter().find(|m| match by_name {
                true => m.scope_name == scope.name,
                false => m.managed.as_deref() == Some(name),
            });
            match mapping {
                Some(mapping) => scope_mappings.push((name.to_owned(), mapping.pk.clone())),
                None if scope.managed.is_some() => {
                    let absent = absent(format!("scope mapping {name}"));
                    lacking.push(absent, Question::ScopeMappings);
                }
                // Made by the plan.
                None => scope_mappings.push((name.to_owned(), key_of("scope mapping", name))),
            }
        }

        let signing_key =
            observed.key_pairs.iter().find(|k| k.name == wished.signing_key.value).map(|k| {
                KeyRef { name: k.name.clone(), pk: k.pk.clone(), kind: k.kind().map(str::to_owned) }
            });
        // A provider that has a key may keep it; that one exists was told by the provider's own answer.
        let has_key = provider.is_some_and(|p| p.signing_key.is_some());
        if signing_key.is_none() && (!has_key || wished.signing_key.chosen) {
            let object = format!("key pair {}", wished.signing_key.value);
            let absent = named(object, &wished.signing_key, "AUTHENTIK_SIGNING_KEY");
            lacking.push(absent, Question::KeyPairs);
        }

        // Where there is no brand yet, Authentik speaks of a fallback that cannot be changed.
        let needs_brand = observed.brand.as_ref().is_some_and(|b| b.flow_device_code.is_none());
        if needs_brand && observed.serving_brand().is_none() {
            let absent = absent(format!("a brand for {}", desired.public.authority()));
            lacking.push(absent, Question::Brand);
        }

        if !lacking.questions.is_empty() {
            lacking.missing.seen = observed.flows.as_ref().map_or(0, Vec::len)
                + observed.scope_mappings.len()
                + observed.key_pairs.len()
                + observed.brands.as_ref().map_or(0, Vec::len);
            return Err(lacking);
        }
        Ok(Self {
            authorization_flow,
            invalidation_flow,
            signing_key,
            scope_mappings,
            redirect_shape: redirect_shape(observed, shape),
        })
    }
}

/// By what was learnt from a refusal, else by what a provider shows, else by the release's number.
fn redirect_shape(observed: &Observed, learnt: Option<Shape>) -> Shape {
    let shown = match &observed.found {
        Found::Linked(provider) => provider.redirect_uris.shape,
        Found::NoApplication(candidates) | Found::NoProvider(_, candidates) => {
            candidates.iter().find_map(|c| c.redirect_uris.shape)
        }
        Found::OtherType(..) => None,
    };
    let release = observed.release;
    learnt.or(shown).unwrap_or(match release.lists_redirect_uris() {
        true if release.has_logout_redirects() => Shape::TypedList,
        true => Shape::List,
        false => Shape::Text,
    })
}

/// A flow's primary key for the wire.
pub fn pk(flow: &FlowRef) -> Value {
    Value::from(flow.pk.clone())
}
