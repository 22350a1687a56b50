//! Random samples for auditors, which anybody can draw again by hand.

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, OpenApi, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{
    auth::Call,
    extract::{Query, Short, UpTo},
    lists::query::{Levels, Structures, asked},
    openapi::{DayOrInstant, code, one_of, open_code},
    problem::Problem,
    views::AgencyRef,
};
use crate::{
    app::{
        Error,
        history::hex,
        lists::{self, Asked, LevelAsked},
        samples::{self, Drawn, Sample, StrataBy, Wanted},
        structure::Structure,
        when::When,
    },
    domain::{
        id::{AgencyId, OfficialId, PetitionId},
        refusal::FieldError,
        time::Instant,
        vocabulary::{Channel, Kind, Provenance, PublicStatus, State, Visibility},
    },
};

#[derive(OpenApi)]
#[openapi(paths(draw_sample))]
pub(super) struct Api;

/// The address of samples.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/samples").route(get().to(draw_sample)));
}

asked! {
    /// The seed, the size, and what is drawn from.
    SampleQuery {
        /// Any text; who chooses it should do so before he knows the petitions, by a die or a lottery for one.
        #[param(value_type = String, min_length = 1, max_length = 100, example = "2026-11-23 xổ số 48213")]
        seed: Short<100>,
        /// How many are drawn, all strata together.
        #[param(value_type = u32, minimum = 1, maximum = 1000, example = 25)]
        size: UpTo<1_000>,
        /// Whether the places are shared out among `agency`, `kind`, `field` or `level` by size; without, all are one.
        #[param(value_type = Strata, inline, required = false, example = "agency")]
        strata: Option<StrataBy>,
        /// Only what is overdue.
        #[serde(default)]
        #[param(value_type = Option<bool>, default = false)]
        overdue: bool,
    }
    query => {}
}

/// [`StrataBy`] to the document.
enum Strata {}

impl PartialSchema for Strata {
    fn schema() -> RefOr<Schema> {
        one_of(["agency", "kind", "field", "level"])
    }
}
impl ToSchema for Strata {}

/// How many of a stratum fit, and how many were drawn.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"key": "H99.1", "population": 40, "drawn": 4}))]
struct StratumView {
    /// The code of the agency, kind, field or level; `all` without strata.
    key: String,
    population: u64,
    drawn: u64,
}

/// One petition that was drawn.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"stratum": "all", "rank": "000a91…", "id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "kind": "proposal", "state": "in_progress", "field_code": "urban_infrastructure", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "received_at": "2026-11-12T02:00:00Z", "href": "/v1/petitions/01934f6e-0000-7000-8000-000000000003?as_of=2026-11-23T07:00:00Z&recorded_by=2026-11-23T07:00:00Z"}))]
struct DrawnView {
    stratum: String,
    /// SHA-256 over the seed, a colon and the id, in hexadecimal.
    rank: String,
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    #[schema(schema_with = open_code::<State>)]
    state: State,
    field_code: String,
    agency: AgencyRef,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    /// The petition as it stood.
    href: String,
}

/// A sample with all that is needed to draw it again.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"seed": "48213", "as_of": "2026-11-23T07:00:00Z", "recorded_by": "2026-11-23T07:00:00Z", "population": 40, "strata": [{"key": "all", "population": 40, "drawn": 4}], "items": []}))]
struct SampleView {
    seed: String,
    /// The moment it was drawn at: give it as `as_of` to draw the same again.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// What was recorded later does not count: give it as `recorded_by`.
    #[schema(value_type = String, format = DateTime)]
    recorded_by: Instant,
    /// How many petitions fit.
    population: u64,
    #[schema(max_items = 10000)]
    strata: Vec<StratumView>,
    /// The strata in the order of their keys, in each the smallest rank first.
    #[schema(max_items = 1000)]
    items: Vec<DrawnView>,
}

/// Draw a random sample.
///
/// Of the petitions that fit the filters at the moment, as far as the reader may see them, those are drawn whose rank is
/// smallest: SHA-256 over the UTF-8 bytes of the seed, a colon and the id in small letters, as in
/// `printf '%s:%s' "$SEED" "$ID" | sha256sum`. With `strata` the places are shared out by size first (whole parts, then
/// the largest remainders, ties in the order of the keys). So the same seed, filters and moment give the same petitions
/// for ever, on any server, and anybody who lists the population can draw it again by hand.
#[utoipa::path(get, path = "/v1/samples", tag = "audit", security(("bearer" = [])), params(SampleQuery),
    responses((status = 200, description = "The sample.", body = SampleView)))]
pub(super) async fn draw_sample(call: Call, query: Query<SampleQuery>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let sample = call.read(move |tx, world| {
        let reader = lists::reader(tx, world, &caller)?;
        let wanted = query.0?.wanted()?;
        Ok(SampleView::of(samples::draw(tx, world, &reader, &wanted)?, wanted.seed))
    });
    let sample = sample.await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(sample))
}

impl SampleQuery {
    fn wanted(self) -> Result<Wanted, Error> {
        let refuse = |name, vi: &str, en: &str| {
            Err(Error::BadParameter(FieldError::new(name, "out_of_range", vi, en)))
        };
        if self.seed.0.is_empty() {
            return refuse("seed", "Cần ít nhất một ký tự.", "Needs at least one character.");
        }
        if self.size.0 == 0 {
            return refuse("size", "Cần số từ 1 đến 1000.", "Needs a number from 1 to 1000.");
        }
        let (seed, size, strata, overdue) = (self.seed.0.clone(), self.size.0, self.strata, self.overdue);
        Ok(Wanted { seed, size, strata, asked: self.into(), overdue })
    }
}

impl SampleView {
    fn of(sample: Sample, seed: String) -> Self {
        let moment = format!("as_of={}&recorded_by={}", sample.as_of, sample.recorded_by);
        let stratum = |(key, (population, drawn))| StratumView { key, population, drawn };
        Self {
            seed,
            as_of: sample.as_of,
            recorded_by: sample.recorded_by,
            population: sample.population,
            strata: sample.strata.into_iter().map(stratum).collect(),
            items: sample.items.into_iter().map(|drawn| DrawnView::of(drawn, &moment)).collect(),
        }
    }
}

impl DrawnView {
    fn of(drawn: Drawn, moment: &str) -> Self {
        let Drawn { row, stratum, rank, agency } = drawn;
        let (code, name) = agency.map(|agency| (agency.code, agency.name)).unwrap_or_default();
        Self {
            stratum,
            rank: hex(&rank),
            id: row.petition,
            code: row.code,
            kind: row.kind,
            state: row.state,
            field_code: row.field_code,
            agency: AgencyRef { id: row.agency, code, name },
            received_at: row.received_at,
            href: format!("/v1/petitions/{}?{moment}", row.petition),
        }
    }
}
