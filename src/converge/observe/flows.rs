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

impl Observed {
    /// Flows are referred to by a new provider, by a wish for another flow, and by a brand without one. The one that a
    /// brand has already is looked at once.
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
        let seen = remembered.verified.get(SOUND_DEVICE_FLOW).map(String::as_str);
        // One that was named is looked at once, too, where the brand keeps another.
        let known = remembered.verified.get(NAMED_DEVICE_FLOW);
        let named = desired
            .device_code_flow
            .as_ref()
            .filter(|named| desired.names_device_code_flow && known != Some(*named));
        match on_brand.flatten() {
            Some(slug) if seen != Some(slug) || named.is_some_and(|named| named != slug) => {
                permitted(reader.flows().await)
            }
            _ => Ok(None),
        }
    }

    /// Brands are listed to change one, and to remember the default one.
    pub(super) async fn read_brands(
        &self,
        reader: Reader<'_>,
        desired: &Desired,
        remembered: &Remembered,
    ) -> Result<Option<Vec<Brand>>, Trouble> {
        let Some(brand) = &self.brand else { return Ok(None) };
        if brand.flow_device_code.is_none() {
            return reader.brands(self.release).await.map(Some);
        }
        let known = remembered.installation.as_ref().is_some_and(|installation| {
            installation.brand.is_some() && installation::same_user(installation, &self.me)
        });
        match known || desired.device_code_flow.is_none() {
            true => Ok(None),
            false => permitted(reader.brands(self.release).await),
        }
    }
}
