//! How each thing that a profile says is known: field by field, difference by difference.

use crate::differences::TABLE;
use crate::features::{Evidence, Feature, Source};
use crate::model::Model;
use crate::profile::Profile;
use crate::release::since;
use crate::shapes::{self, PROVIDER_HEAD};

/// Kinds of which no recording shows one. From 2024.12 on their keys were compared with the schemas.
const UNSEEN: [Model; 3] = [Model::Proxy, Model::Ldap, Model::Saml];

impl Profile {
    /// The keys this release serves, as `OAuth2Provider.pk`, each with how it is known.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, Source)> {
        let kinds = Model::ALL.into_iter().chain([Model::Proxy]);
        kinds
            .flat_map(|model| {
                let served =
                    shapes::keys(model).into_iter().filter(|(_, range)| self.within(*range));
                served.map(move |(key, _)| (model, key))
            })
            .map(|(model, key)| {
                (format!("{}.{key}", model.class()), self.source_of_field(model, key))
            })
            .collect()
    }

    fn source_of_field(&self, model: Model, key: &str) -> Source {
        let common = PROVIDER_HEAD.iter().any(|(name, _)| *name == key);
        if UNSEEN.contains(&model) && !common {
            if self.within(since(2024, 12)) { Source::Schema } else { Source::Read }
        } else if self.evidence == Evidence::Recorded {
            Source::Recorded
        } else {
            Source::Schema
        }
    }

    /// Every difference between releases with whether this one has it, and how that is known.
    #[must_use]
    pub fn differences(&self) -> Vec<(Feature, bool, Source)> {
        let mut known: Vec<Feature> = vec![];
        for row in TABLE {
            if !known.contains(&row.feature) {
                known.push(row.feature);
            }
        }
        known
            .into_iter()
            .map(|feature| (feature, self.has(feature), self.source_of(feature)))
            .collect()
    }
}
