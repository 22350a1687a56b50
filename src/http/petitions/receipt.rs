//! What a submission is answered with.

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{Error, submission::Accepted, world::World},
    domain::{
        id::PetitionId,
        time::{Day, Instant},
        vocabulary::{Kind, PublicStatus},
    },
    http::{openapi::open_code, views::AgencyRef},
    store::{AnyConnection, agencies},
};

/// The receipt of a petition.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q4M2K9XA", "access_key": "8F3KD-22MQX-7PZ0T-W4RVC-A", "kind": "feedback", "public_status": "waiting", "received_at": "2026-11-23T07:00:00Z", "promised_due_at": "2026-12-14T17:00:00Z", "promised_due_on": "2026-12-14", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.2", "name": "Ủy ban nhân dân phường Bến Gỗ"}, "version": 1}))]
pub(super) struct Receipt {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    /// Shown to people; says nothing about order.
    code: String,
    /// The secret to follow the petition by, with the code. Absent when the phone made its own.
    access_key: Option<String>,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    /// Fixed now, and never later by anything that happens: the first instant that is too late.
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    /// The last day in time.
    #[schema(value_type = Option<String>, format = Date)]
    promised_due_on: Option<Day>,
    /// Who received it.
    agency: AgencyRef,
    version: u32,
    #[serde(skip)]
    replayed: bool,
    #[serde(skip)]
    location: String,
}

impl Receipt {
    /// The receipt of a petition as it was registered; a replay shows the same one, key included.
    pub(super) fn of(
        tx: &mut AnyConnection,
        world: &World,
        accepted: Accepted,
        citizen: bool,
    ) -> Result<Self, Error> {
        let Accepted { case, own_key, replayed } = accepted;
        let name = agencies::names(tx, &[case.intake_agency])?.remove(&case.intake_agency);
        let (code, name) = name.map(|name| (name.code, name.name)).unwrap_or_default();
        Ok(Self {
            id: case.id,
            access_key: (!own_key).then(|| world.secret.access_key(case.id).reveal().to_owned()),
            kind: case.kind,
            public_status: case.state.public_status(),
            received_at: case.received_at,
            promised_due_at: case.registration.promised_due_at,
            promised_due_on: case.registration.promised_due_on,
            agency: AgencyRef { id: case.intake_agency, code, name },
            version: case.version,
            replayed,
            location: if citizen {
                format!("/v1/tracking/petitions/{}", case.code)
            } else {
                format!("/v1/petitions/{}", case.id)
            },
            code: case.code,
        })
    }

    /// 201 with where to follow it.
    pub(super) fn answer(self) -> HttpResponse {
        let mut reply = HttpResponse::Created();
        reply.insert_header((header::LOCATION, self.location.clone()));
        reply.insert_header((header::ETAG, format!("\"{}\"", self.version)));
        if self.replayed {
            reply.insert_header(("Idempotent-Replayed", "true"));
        }
        reply.json(self)
    }
}
