//! What is told of frozen reports.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    app::{
        Error,
        frozen::{Compared, Comparison, Kept, KeptPage, told},
        history::hex,
        own::Page,
    },
    domain::{
        event::Event,
        figures::Change,
        id::{OfficialId, PetitionId, RowId},
        time::Instant,
    },
    store::frozen::{FrozenHead, FrozenRow},
};

/// What was frozen, without its figures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "report": "timeliness", "query": {"to": "2026-06-30T17:00:00.000001Z", "as_of": "2026-06-30T17:00:00Z", "recorded_by": "2026-07-01T02:00:00Z", "group_by": "agency"}, "as_of": "2026-06-30T17:00:00Z", "petitions": 0, "figures": ["received", "resolved_early"], "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "kid": "k1", "signature": "eyJ0eXAiOiJmcm96ZW4tcmVwb3J0K2p3dCJ9.e30.AA", "frozen_at": "2026-07-01T02:00:00Z", "frozen_by": "01934f6e-0000-7000-8000-000000000002"}))]
pub(super) struct FrozenHeadView {
    #[schema(value_type = uuid::Uuid)]
    pub(super) id: RowId,
    /// The report, as its address names it.
    report: String,
    /// The question, as the report takes it: closed at the moment it shows, by what was known then.
    #[schema(value_type = Object)]
    query: Value,
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// How many petitions it counted; what each counted is kept.
    petitions: i32,
    /// The figures that are kept of each petition, and what was measured of it: `handling_days`, `publication_days`,
    /// `hops`.
    #[schema(max_items = 100)]
    figures: Vec<String>,
    /// SHA-256, in hex, over report, question, rows and what is kept of each petition.
    sha256: String,
    /// The key of /.well-known/attestation-keys.json that signed.
    kid: String,
    /// A compact JWS (RFC 7515) over the digest, of type `frozen-report+jwt`.
    signature: String,
    #[schema(value_type = String, format = DateTime)]
    frozen_at: Instant,
    #[schema(value_type = uuid::Uuid)]
    frozen_by: OfficialId,
}

/// A frozen report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "report": "timeliness", "query": {"to": "2026-06-30T17:00:00.000001Z", "as_of": "2026-06-30T17:00:00Z", "recorded_by": "2026-07-01T02:00:00Z", "group_by": "agency"}, "as_of": "2026-06-30T17:00:00Z", "petitions": 0, "figures": ["received", "resolved_early"], "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "kid": "k1", "signature": "eyJ0eXAiOiJmcm96ZW4tcmVwb3J0K2p3dCJ9.e30.AA", "frozen_at": "2026-07-01T02:00:00Z", "frozen_by": "01934f6e-0000-7000-8000-000000000002", "rows": [{"key": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm", "figures": {"received": 0, "on_time_rate": null}}]}))]
pub(super) struct FrozenView {
    #[serde(flatten)]
    pub(super) head: FrozenHeadView,
    /// Each group with its figures as they were; rates as text with six decimals.
    #[schema(value_type = Vec<Object>, max_items = 10000)]
    rows: Value,
}

/// A page of frozen reports, the latest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub(super) struct FrozenList {
    #[schema(max_items = 100)]
    items: Vec<FrozenHeadView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// What is kept of a petition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"petition_id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "figures": {"received": 1, "open_overdue": 1}}))]
struct KeptView {
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    code: String,
    /// How often each figure counted it, by id, where it did; what was measured of it.
    figures: BTreeMap<String, i64>,
}

/// A page of the petitions of a frozen report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub(super) struct KeptList {
    #[schema(max_items = 100)]
    items: Vec<KeptView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A figure that counts a petition otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"figure": "open_overdue", "then": 1, "now": 0}))]
struct FigureChangeView {
    /// The id of the figure, or of what is measured: `handling_days`, `publication_days`, `hops`.
    figure: String,
    /// How often it counted the petition when it was frozen; of what is measured null where it was not.
    then: Option<i64>,
    /// How often it counts it in the question asked again.
    now: Option<i64>,
}

/// Something recorded of a petition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sequence": 9, "type": "reply-approval", "occurred_at": "2026-07-02T02:00:00Z", "recorded_at": "2026-07-02T02:00:00Z"}))]
struct TakenInView {
    sequence: u32,
    r#type: &'static str,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Instant,
}

/// A petition that counts otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"petition_id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "changes": [{"figure": "open_overdue", "then": 1, "now": 0}, {"figure": "resolved_late", "then": 0, "now": 1}], "events": [{"sequence": 9, "type": "reply-approval", "occurred_at": "2026-07-02T02:00:00Z", "recorded_at": "2026-07-02T02:00:00Z"}]}))]
struct ComparedView {
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    code: String,
    /// In the order of the report. Over all petitions they add up to the difference of each figure.
    #[schema(max_items = 100)]
    changes: Vec<FigureChangeView>,
    /// What was recorded of it that only one of the two takes into account, in order, the first hundred. None: time
    /// alone did it, or what happened elsewhere: to a petition that it follows or resembles, its agency, the calendar.
    #[schema(max_items = 100)]
    events: Vec<TakenInView>,
}

/// A page of petitions that count otherwise than they were frozen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "items": [], "next_cursor": null}))]
pub(super) struct ComparisonView {
    /// The moment it is compared with.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts there; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 100)]
    items: Vec<ComparedView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl FrozenHeadView {
    fn of(head: FrozenHead) -> Result<Self, Error> {
        Ok(Self {
            figures: told(&head)?,
            id: head.id,
            report: head.report,
            query: head.query.0,
            as_of: head.as_of,
            petitions: head.petitions,
            sha256: hex(&head.digest),
            kid: head.kid,
            signature: head.signature,
            frozen_at: head.frozen_at,
            frozen_by: head.frozen_by,
        })
    }
}

impl FrozenView {
    pub(super) fn of(row: FrozenRow) -> Result<Self, Error> {
        Ok(Self { head: FrozenHeadView::of(row.head)?, rows: row.rows.0 })
    }
}

impl FrozenList {
    pub(super) fn of(page: Page<FrozenHead>) -> Result<Self, Error> {
        let items = page.items.into_iter().map(FrozenHeadView::of);
        Ok(Self { items: items.collect::<Result<_, _>>()?, next_cursor: page.next_cursor })
    }
}

impl From<Kept> for KeptView {
    fn from(kept: Kept) -> Self {
        Self { petition_id: kept.petition, code: kept.code, figures: kept.entry.numbers().clone() }
    }
}

impl From<KeptPage> for KeptList {
    fn from(page: KeptPage) -> Self {
        let items = page.items.into_iter().map(KeptView::from).collect();
        Self { items, next_cursor: page.next_cursor }
    }
}

impl From<Change> for FigureChangeView {
    fn from(change: Change) -> Self {
        Self { figure: change.figure, then: change.then, now: change.now }
    }
}

impl From<Event> for TakenInView {
    fn from(event: Event) -> Self {
        Self {
            sequence: event.sequence,
            r#type: event.record.act.name(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
        }
    }
}

impl From<Compared> for ComparedView {
    fn from(one: Compared) -> Self {
        Self {
            petition_id: one.petition,
            code: one.code,
            changes: one.changes.into_iter().map(FigureChangeView::from).collect(),
            events: one.events.into_iter().map(TakenInView::from).collect(),
        }
    }
}

impl From<Comparison> for ComparisonView {
    fn from(page: Comparison) -> Self {
        let items = page.items.into_iter().map(ComparedView::from).collect();
        Self { as_of: page.as_of, recorded_by: page.recorded_by, items, next_cursor: page.next_cursor }
    }
}
