//! Who is in the groups of `SETUP_ROLE_GROUPS`, as the subjects that NetBird's ids are made of.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, try_join};

use super::asked::Asked;
use super::plan::roles::Entry;
use crate::authentik::model::Provider;
use crate::authentik::people::{Circle, Member};
use crate::authentik::{Reader, Server};
use crate::config::RoleGroup;
use crate::error::{Error, Exit};
use crate::http::Trouble;
use crate::http::setback::{Phase, Setback};
use crate::state::store::Installation;

/// What Authentik says about the groups.
#[derive(Debug, Default)]
pub struct Groups {
    /// In the order of the variable.
    pub entries: Vec<Entry>,
    /// Groups that are not there yet.
    pub missing: Vec<String>,
    /// Whether the provider is there, which says what subjects are made of.
    pub has_provider: bool,
}

/// What a subject is made of: sub modes whose subjects people cannot choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Pk,
    Uuid,
    Uid,
}

/// Reads them.
///
/// # Errors
/// A [`Setback`]: trouble of a request, or what keeps roles from being settled.
pub async fn read(
    authentik: &Server,
    asked: &Asked,
    client_id: &str,
    known: Option<&Installation>,
) -> Result<Groups, Setback> {
    let reader = Reader(authentik);
    let at = |trouble: Trouble| Setback::Trouble(Phase::Objects, trouble);
    if let Some(known) = known
        && !is_same(reader, known, &asked.slug).await.map_err(at)?
    {
        return Err(another_authentik().into());
    }
    let names = asked.role_groups.iter().map(|entry| reader.circles(&entry.group));
    let circles = async { join_all(names).await.into_iter().collect::<Result<Vec<_>, _>>() };
    let (provider, circles) =
        try_join(provider(reader, asked, client_id), circles).await.map_err(at)?;
    let Some(provider) = provider else {
        return Ok(Groups::default());
    };
    let subject = subject(&provider)?;
    let mut uuids = BTreeMap::new();
    if subject == Subject::Uuid {
        let people = reader.people().await.map_err(at)?;
        uuids = people.into_iter().map(|person| (person.pk, person.uuid)).collect();
    }
    let mut groups = Groups { has_provider: true, ..Groups::default() };
    for (entry, found) in asked.role_groups.iter().zip(circles) {
        let members = match one(entry, found)? {
            Some(circle) => circle.users_obj,
            None => {
                groups.missing.push(entry.group.clone());
                Vec::new()
            }
        };
        groups.entries.push(Entry {
            role: entry.role.name().to_owned(),
            subjects: subjects(&members, subject, &uuids),
        });
    }
    groups.missing.dedup();
    Ok(groups)
}

/// Whether this is the Authentik that is remembered: by the token's user, the application or the default brand. Another
/// one has other people with the same numbers.
async fn is_same(reader: Reader<'_>, known: &Installation, slug: &str) -> Result<bool, Trouble> {
    let me = reader.me().await?.user;
    if !known.uid.is_empty() && (&known.uid, known.user) == (&me.uid, me.pk) {
        return Ok(true);
    }
    let application = reader.application(slug).await?.map(|application| application.pk);
    if known.application.is_some() && known.application == application {
        return Ok(true);
    }
    let brands = reader.brands(reader.release().await?).await?;
    let brand = brands.into_iter().find(|brand| brand.default).map(|brand| brand.brand_uuid);
    Ok(known.brand.is_some() && known.brand == brand)
}

fn another_authentik() -> Error {
    Error::new(Exit::Refused, "this is another Authentik than the one that NetBird's people came from")
        .because("its users have other numbers, so a person would get the role of somebody else")
        .remedy("restore Authentik's database; or run init with SETUP_ALLOW_IDENTITY_CHANGE=true if NetBird has no users yet")
}

/// The provider of the application: by its client id first, which costs the server a tenth of asking for the
/// application.
async fn provider(
    reader: Reader<'_>,
    asked: &Asked,
    client_id: &str,
) -> Result<Option<Provider>, Trouble> {
    let ours = |p: &Provider| p.assigned_application_slug.as_deref() == Some(&asked.slug);
    if let Some(found) = reader.providers("client_id", client_id).await?.into_iter().find(ours) {
        return Ok(Some(found));
    }
    match reader.application(&asked.slug).await?.and_then(|application| application.provider) {
        Some(pk) => reader.provider(pk).await,
        None => Ok(None),
    }
}

fn subject(provider: &Provider) -> Result<Subject, Error> {
    match provider.sub_mode.as_str() {
        "user_id" => Ok(Subject::Pk),
        "user_uuid" => Ok(Subject::Uuid),
        "hashed_user_id" => Ok(Subject::Uid),
        mode => Err(Error::new(
            Exit::Refused,
            format!("provider {} has sub_mode {mode}, and SETUP_ROLE_GROUPS is set", provider.name),
        )
        .because("people can choose their name and e-mail, and with it somebody else's role")
        .remedy("unset SETUP_ROLE_GROUPS, and give roles in NetBird's dashboard")),
    }
}

/// Names of groups are not unique before 2025.12: whose members are meant is not for this container to guess.
fn one(entry: &RoleGroup, mut found: Vec<Circle>) -> Result<Option<Circle>, Error> {
    if found.len() > 1 {
        let keys: Vec<&str> = found.iter().map(|group| group.pk.as_str()).collect();
        return Err(Error::new(
            Exit::Refused,
            format!(
                "Authentik has {} groups named {}: {}",
                found.len(),
                entry.group,
                keys.join(", ")
            ),
        )
        .because("SETUP_ROLE_GROUPS names a group, and either could be meant")
        .remedy("rename all but one in Authentik, or name another group in SETUP_ROLE_GROUPS"));
    }
    Ok(found.pop())
}

fn subjects(
    members: &[Member],
    subject: Subject,
    uuids: &BTreeMap<i64, String>,
) -> BTreeSet<String> {
    members
        .iter()
        .filter(|member| member.is_active)
        .filter_map(|member| match subject {
            Subject::Pk => Some(member.pk.to_string()),
            Subject::Uid => Some(member.uid.clone()),
            Subject::Uuid => uuids.get(&member.pk).cloned(),
        })
        .filter(|subject| !subject.is_empty())
        .collect()
}
