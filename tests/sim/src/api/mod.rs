//! The handlers of `/api/v3`.

pub mod accounts;
pub mod applications;
pub mod auth;
pub mod bindings;
pub mod blueprints;
pub mod body;
pub mod brands;
pub mod filter;
pub mod flows;
pub mod form;
pub mod groups;
pub mod keypairs;
pub mod kinds;
pub mod list;
pub mod mappings;
pub mod providers;
pub mod race;
pub mod redirects;
pub mod roles;
pub mod root;
pub mod serve;
pub mod settings;
pub mod tokens;
pub mod transactional;
pub mod users;
pub mod write;

use crate::api::auth::Caller;
use crate::call::Call;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::profile::Profile;
use crate::routes::Endpoint;
use crate::state::State;

/// A refusal is an answer too.
pub(crate) type Answer = Result<Reply, Reply>;

/// What a handler works with.
pub(crate) struct Env<'a> {
    pub(crate) profile: &'static Profile,
    pub(crate) state: &'a mut State,
    pub(crate) call: &'a Call,
    pub(crate) caller: Caller,
}

impl Env<'_> {
    /// Whether the caller holds the permission for an action on a kind of object.
    pub(crate) fn may(&self, action: &str, model: Model) -> bool {
        self.caller.may(&model.permission(action, self.profile))
    }

    /// Whether the object is a token of the caller's, who may do with it as they like.
    pub(crate) fn owns(&self, model: Model, id: &str) -> bool {
        let token = self.state.token(id).filter(|_| model == Model::Token);
        token.is_some_and(|token| token["user"] == self.caller.user)
    }

    /// Refuses unless the caller may.
    pub(crate) fn need(&self, action: &str, model: Model) -> Result<(), Reply> {
        if self.may(action, model) { Ok(()) } else { Err(auth::forbidden()) }
    }
}

/// Runs the handler of an endpoint for a method it allows.
pub(crate) fn run(env: &mut Env<'_>, endpoint: Endpoint<'_>, method: &str) -> Answer {
    match (endpoint, method) {
        (Endpoint::List(Model::Application), "GET") => applications::list(env),
        (Endpoint::List(model), "GET") => list::list(env, model),
        (Endpoint::List(model), _) => write::create(env, model),
        (Endpoint::Detail(model, id), "GET") => list::detail(env, model, id),
        (Endpoint::Detail(model, id), "DELETE") => write::delete(env, model, id),
        (Endpoint::Detail(model, id), method) => write::update(env, model, id, method == "PATCH"),
        (Endpoint::Me, _) => root::me(env),
        (Endpoint::Version, _) => root::version(env),
        (Endpoint::Config, _) => root::config(env),
        (Endpoint::Schema, _) => root::schema(env),
        (Endpoint::BrandCurrent, _) => brands::current(env),
        (Endpoint::ServiceAccount, _) => accounts::create(env),
        (Endpoint::ViewKey(id), _) => tokens::view_key(env, id),
        (Endpoint::SetKey(id), _) => tokens::set_key(env, id),
        (Endpoint::AddUser(pk), _) => groups::member(env, pk, true),
        (Endpoint::RemoveUser(pk), _) => groups::member(env, pk, false),
        (Endpoint::SetupUrls(pk), _) => providers::setup_urls(env, pk),
        (Endpoint::Settings, "GET") => settings::show(env),
        (Endpoint::Settings, _) => settings::change(env),
        (Endpoint::CheckAccess(slug), _) => settings::check_access(env, slug),
        (Endpoint::Transactional, _) => transactional::create(env),
        (Endpoint::AllMappings, _) => mappings::all(env),
        (Endpoint::AllProviders, _) => kinds::all(env),
        (Endpoint::Blueprints, _) => blueprints::list(env),
        (Endpoint::GenerateKeyPair, _) => keypairs::generate(env),
        (Endpoint::Assign(pk), _) => roles::assign(env, pk),
        (Endpoint::Unassign(pk), _) => roles::unassign(env, pk),
        (Endpoint::RolePermissions, _) => roles::held(env),
        (Endpoint::RoleAddUser(pk), _) => roles::member(env, pk, true),
        (Endpoint::RoleRemoveUser(pk), _) => roles::member(env, pk, false),
    }
}
