//! Where a release's schema and what its servers do are known to differ, and what is known to be wrong here.

use crate::features::Evidence;
use crate::release::{ALL, ALWAYS, Range, Release, before, between, since};

/// In which way an object differs from its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A key that the model does not have.
    Unknown,
    /// A key of the model is missing.
    Absent,
    /// A key is null, and may not be.
    Null,
}

impl Difference {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Unknown => "is not in the schema",
            Self::Absent => "is missing",
            Self::Null => "is null, which the schema does not allow",
        }
    }
}

/// One difference that is no complaint.
#[derive(Debug)]
pub struct Known {
    /// The model in the schema.
    pub model: &'static str,
    /// The key.
    pub field: &'static str,
    /// How it differs.
    pub difference: Difference,
    /// In which releases.
    pub range: Range,
    /// Whether a recorded server differs so.
    pub evidence: Evidence,
    /// Why.
    pub reason: &'static str,
}

const fn seen(
    model: &'static str,
    field: &'static str,
    difference: Difference,
    range: Range,
    reason: &'static str,
) -> Known {
    Known { model, field, difference, range, evidence: Evidence::Recorded, reason }
}

const fn read(
    model: &'static str,
    field: &'static str,
    difference: Difference,
    range: Range,
    reason: &'static str,
) -> Known {
    Known { model, field, difference, range, evidence: Evidence::Read, reason }
}

use Difference::{Absent, Null, Unknown};

const BACKCHANNEL: &str =
    "documented since 2023.5; the recorded 2024.12.5 leaves it out, 2025.12.4 has it";
const UNASSIGNED: &str = "null for a provider without an application; documented from 2025.12.2 on";
const NO_FLOW: &str = "left out where the brand has no such flow";
const NO_APPLICATION: &str = "null for a provider without an application";
const ONE_OF_THREE: &str =
    "a binding has one of the three, the others are null; documented from 2026.2.3 on";

/// Until the schema of 2025.12.2 said what servers did all along.
const UNDOCUMENTED: Range = Range(ALWAYS, Release(2025, 12, 2));

/// What the schema says otherwise than servers do, and what is sent although a release does not know it.
pub const KNOWN: &[Known] = &[
    seen(
        "OAuth2Provider",
        "assigned_backchannel_application_name",
        Absent,
        before(2025, 8),
        BACKCHANNEL,
    ),
    seen(
        "OAuth2Provider",
        "assigned_backchannel_application_slug",
        Absent,
        before(2025, 8),
        BACKCHANNEL,
    ),
    seen("Provider", "assigned_backchannel_application_name", Absent, before(2025, 8), BACKCHANNEL),
    seen("Provider", "assigned_backchannel_application_slug", Absent, before(2025, 8), BACKCHANNEL),
    seen("OAuth2Provider", "assigned_application_name", Null, UNDOCUMENTED, UNASSIGNED),
    seen("OAuth2Provider", "assigned_application_slug", Null, UNDOCUMENTED, UNASSIGNED),
    read("OAuth2Provider", "assigned_backchannel_application_name", Null, UNDOCUMENTED, UNASSIGNED),
    read("OAuth2Provider", "assigned_backchannel_application_slug", Null, UNDOCUMENTED, UNASSIGNED),
    read("Provider", "assigned_backchannel_application_name", Null, UNDOCUMENTED, UNASSIGNED),
    read("Provider", "assigned_backchannel_application_slug", Null, UNDOCUMENTED, UNASSIGNED),
    seen(
        "Application",
        "provider_obj",
        Null,
        Range(ALWAYS, Release(2026, 2, 2)),
        "null for an application without a provider; documented from 2026.2.2 on",
    ),
    seen("CurrentBrand", "flow_device_code", Absent, ALL, NO_FLOW),
    seen("CurrentBrand", "flow_recovery", Absent, ALL, NO_FLOW),
    seen("CurrentBrand", "flow_unenrollment", Absent, ALL, NO_FLOW),
    read("CurrentBrand", "flow_lockdown", Absent, since(2026, 5), NO_FLOW),
    read("CurrentBrand", "flow_request", Absent, since(2026, 8), NO_FLOW),
    read("CurrentBrand", "flow_user_switch", Absent, since(2026, 8), NO_FLOW),
    seen(
        "CurrentBrandFlags",
        "enterprise_audit_include_expanded_diff",
        Absent,
        between((2026, 2), (2026, 8)),
        "a flag of the enterprise edition; a server without a licence leaves it out",
    ),
    seen("SessionUser", "original", Absent, ALL, "there only while somebody is impersonated"),
    seen("OAuth2ProviderSetupURLs", "issuer", Null, ALL, NO_APPLICATION),
    seen("OAuth2ProviderSetupURLs", "logout", Null, ALL, NO_APPLICATION),
    seen("OAuth2ProviderSetupURLs", "provider_info", Null, ALL, NO_APPLICATION),
    seen(
        "OAuth2ProviderSetupURLs",
        "jwks",
        Absent,
        ALL,
        "left out for a provider without an application",
    ),
    seen("UserServiceAccountResponse", "group_pk", Absent, ALL, "there only with create_group"),
    read("PolicyBinding", "policy_obj", Null, before(2026, 5), ONE_OF_THREE),
    read("PolicyBinding", "group_obj", Null, before(2026, 5), ONE_OF_THREE),
    read("PolicyBinding", "user_obj", Null, before(2026, 5), ONE_OF_THREE),
    read(
        "OAuth2ProviderRequest",
        "grant_types",
        Unknown,
        before(2026, 5),
        "sent to every release, since one without it makes a provider that allows nothing; those that do not know \
         it ignore it",
    ),
];

/// What the simulator does wrong and is to be corrected; `*` stands for any key. Empty is the aim.
pub const PENDING: &[Known] = &[];
