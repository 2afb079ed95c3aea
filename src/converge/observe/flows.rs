//! Reads flows and brands where a question needs them: a page of either costs the server half a second.

use super::{Observed, installation, permitted};
use crate::authentik::Reader;
use crate::authentik::model::{Brand, Flow};
use crate::converge::desired::Desired;
use crate::http::Trouble;
use crate::state::store::Remembered;

/// Under this key the state remembers the brand's device code flow that was found to be sound.
pub const SOUND_DEVICE_FLOW: &str = "device code flow";

/// Under this one, the flow that was named where the brand keeps another, and found to be sound or not to be there.
pub const NAMED_DEVICE_FLOW: &str = "named device code flow";

/// Under this one, the provider's authorization flow, by primary key.
pub const SOUND_LOGIN_FLOW: &str = "authorization flow";

impl Observed {
    /// Flows are referred to by a new provider, by a wish for another flow, and by a brand without one. Those that
    /// provider and brand have already are looked at once.
    pub(super) async fn read_flows(
        &self,
        reader: Reader<'_>,
        desired: &Desired,
        remembered: &Remembered,
    ) -> Result<Option<Vec<Flow>>, Trouble> {
        let provider = &desired.provider;
        let on_brand = self.brand.as_ref().map(|brand| brand.flow_device_code.as_deref());
        let needed = self.found.linked().is_none()
            || provider.authorization_flow.chosen
            || (provider.invalidation_flow.chosen && self.release.has_invalidation_flow())
            || on_brand == Some(None);
        if needed {
            return reader.flows().await.map(Some);
        }
        let seen = |key: &str| remembered.verified.get(key).map(String::as_str);
        let unseen = |key: &str, flow: Option<&str>| flow.is_some() && seen(key) != flow;
        let on_provider = self.found.linked().and_then(|l| l.authorization_flow.as_deref());
        let (on_brand, named) = (on_brand.flatten(), desired.device_code_flow.as_deref());
        // One that was named is looked at once, too, where the brand keeps another.
        let is_named = desired.names_device_code_flow && named != on_brand;
        let unused = on_brand.is_some() && is_named && unseen(NAMED_DEVICE_FLOW, named);
        let sound = !unseen(SOUND_DEVICE_FLOW, on_brand) && !unseen(SOUND_LOGIN_FLOW, on_provider);
        match sound && !unused {
            true => Ok(None),
            false => permitted(reader.flows().await),
        }
    }

    /// Brands are listed to change one, and to remember the default one.
    pub(super) async fn read_brands(
        &self,
        reader: Reader<'_>,
        remembered: &Remembered,
    ) -> Result<Option<Vec<Brand>>, Trouble> {
        if self.brand.as_ref().is_some_and(|brand| brand.flow_device_code.is_none()) {
            return reader.brands(self.release).await.map(Some);
        }
        // Where nothing is to be set on a brand, a token that may not see them is asked for them once.
        let known = remembered.installation.as_ref().is_some_and(|installation| {
            let asked = installation.brand.is_some() || self.brand.is_none();
            asked && installation::same_user(installation, &self.me)
        });
        match known {
            true => Ok(None),
            false => permitted(reader.brands(self.release).await),
        }
    }
}
