//! The order that closes an agency.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    app::administration::closure::Closure,
    domain::{
        act::DocumentRef,
        id::{AgencyId, OfficialId, PetitionId},
        succession::Successor,
        time::Day,
    },
    http::bodies::DocumentBody,
};

/// An agency that takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "responsible_id": "01934f6e-0000-7000-8000-000000000002", "areas": ["00166"], "fields": [], "petitions": []}))]
struct SuccessorBody {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    /// Who becomes responsible there; holds a right to handle or approve there.
    #[schema(value_type = uuid::Uuid)]
    responsible_id: OfficialId,
    /// Takes petitions about these communes; besides, about the one it serves.
    #[serde(default)]
    #[schema(max_items = 1000)]
    areas: Vec<String>,
    /// Takes petitions of these fields.
    #[serde(default)]
    #[schema(max_items = 50)]
    fields: Vec<String>,
    /// Takes these petitions, whatever their area and field.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 1000)]
    petitions: Vec<PetitionId>,
}

/// A new place for an agency below.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000005", "parent_id": "01934f6e-0000-7000-8000-000000000000"}))]
struct ChildBody {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    #[schema(value_type = uuid::Uuid)]
    parent_id: AgencyId,
}

/// Where an official goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"official_id": "01934f6e-0000-7000-8000-000000000004", "agency_id": null}))]
struct OfficialMoveBody {
    #[schema(value_type = uuid::Uuid)]
    official_id: OfficialId,
    /// Absent: nowhere; the account is disabled.
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
}

/// What becomes of rights over the closed agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Rights {
    /// They end; who goes to a successor is granted the same there, who holds one from outside the same over the default.
    #[default]
    Moved,
    Ended,
}

/// The end of an agency, and where everything of it goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2025-07-01", "basis": {"number": "1656", "symbol": "NQ-UBTVQH15", "issued_on": "2025-06-16"}, "reason": "Tổ chức chính quyền hai cấp", "successors": [{"agency_id": "01934f6e-0000-7000-8000-000000000001", "responsible_id": "01934f6e-0000-7000-8000-000000000002", "areas": ["00166"]}]}))]
pub(in crate::http::admin) struct SuccessionBody {
    /// The first day on which it is no more, not after today.
    #[schema(value_type = String, format = Date)]
    effective_on: Day,
    /// The document that closes it.
    basis: DocumentBody,
    #[schema(max_length = 4000)]
    reason: Option<String>,
    /// Each open petition goes to one of them: whoever names it, else by its area, else by its field, else to the
    /// default.
    #[schema(min_items = 1, max_items = 50)]
    successors: Vec<SuccessorBody>,
    /// The successor that takes what no other does; needed where there are several.
    #[schema(value_type = Option<uuid::Uuid>)]
    default_successor_id: Option<AgencyId>,
    /// The agency that keeps what was over, and under which the closed one stands from then on; absent: the default
    /// successor.
    #[schema(value_type = Option<uuid::Uuid>)]
    archive_to: Option<AgencyId>,
    /// The agency under which those below go.
    #[schema(value_type = Option<uuid::Uuid>)]
    children_to: Option<AgencyId>,
    /// Those that go elsewhere.
    #[serde(default)]
    #[schema(max_items = 1000)]
    children: Vec<ChildBody>,
    /// The agency to which the officials go; absent: the default successor.
    #[schema(value_type = Option<uuid::Uuid>)]
    officials_to: Option<AgencyId>,
    /// Those who go elsewhere.
    #[serde(default)]
    #[schema(max_items = 1000)]
    officials: Vec<OfficialMoveBody>,
    #[serde(default)]
    #[schema(inline)]
    rights: Rights,
}

impl From<SuccessionBody> for Closure {
    fn from(body: SuccessionBody) -> Self {
        let successor = |one: SuccessorBody| Successor {
            agency_id: one.agency_id,
            responsible_id: one.responsible_id,
            areas: one.areas,
            fields: one.fields,
            petitions: one.petitions,
        };
        Self {
            effective_on: body.effective_on,
            basis: DocumentRef::from(body.basis),
            reason: body.reason.map(Into::into),
            successors: body.successors.into_iter().map(successor).collect(),
            default_id: body.default_successor_id,
            archive_to: body.archive_to,
            children_to: body.children_to,
            children: body.children.into_iter().map(|child| (child.agency_id, child.parent_id)).collect(),
            officials_to: body.officials_to,
            officials: body.officials.into_iter().map(|one| (one.official_id, one.agency_id)).collect(),
            rights_end: body.rights == Rights::Ended,
        }
    }
}
