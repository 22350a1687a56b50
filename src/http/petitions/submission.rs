//! The body of a submission.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        id::{PetitionId, RowId},
        submission::{Consent, Location, Paper, Personal, PreviousPetition, Submission, Submitter},
        time::{Day, Instant},
        vocabulary::{Assurance, Channel, Kind, LinkKind, SubmitterType, Urgency},
    },
    http::{bodies::RespondentBody, openapi::code},
};

/// Who submits; absent for an anonymous petition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"full_name": "Nguyễn Văn A", "phone": "0912345678", "address": "Ngõ 45 phố Cây Sữa"}))]
pub(in crate::http) struct SubmitterBody {
    #[schema(value_type = Option<String>, max_length = 300)]
    full_name: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    phone: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    email: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    address: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    id_document_type: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    id_document_number: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    organisation: Option<Personal>,
    #[schema(value_type = Option<String>, max_length = 300)]
    tax_code: Option<Personal>,
}

/// Where it is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Ngõ 45 phố Cây Sữa", "latitude": 21.03, "longitude": 105.85}))]
pub(in crate::http) struct LocationBody {
    #[schema(value_type = Option<String>, max_length = 4000)]
    text: Option<Personal>,
    /// Degrees north, WGS 84.
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    /// Degrees east, WGS 84.
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
    /// Province (2 digits) or commune (5 digits).
    #[schema(max_length = 5)]
    area_code: Option<String>,
}

/// The consent to the handling of personal data.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text_version": "2026-01", "at": "2026-11-23T14:00:00+07:00"}))]
pub(in crate::http) struct ConsentBody {
    #[schema(max_length = 300)]
    text_version: String,
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
}

/// The petition this one follows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PreviousBody {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    #[schema(schema_with = code::<LinkKind>)]
    link: LinkKind,
}

/// A petition on its way in. The members after `access_key_hash` are for intake officers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "feedback", "channel": "mobile_app", "title": "Nắp hố ga bị mất", "content": "Nắp hố ga trước cổng trường bị mất, rất nguy hiểm.", "field_code": "urban_infrastructure", "urgency": "urgent", "submitter": {"full_name": "Nguyễn Văn A", "phone": "0912345678"}}))]
pub(in crate::http) struct SubmissionBody {
    #[schema(schema_with = code::<Kind>)]
    kind: Kind,
    /// 1 or 2; for complaints only.
    #[schema(minimum = 1, maximum = 2)]
    instance: Option<u8>,
    /// Citizens: `mobile_app` or `web_portal` (default).
    #[schema(schema_with = code::<Channel>)]
    #[serde(default = "web_portal")]
    channel: Channel,
    /// Absent: an individual, or nobody named.
    #[schema(schema_with = code::<SubmitterType>)]
    submitter_type: Option<SubmitterType>,
    #[schema(min_length = 1, max_length = 300)]
    title: String,
    #[schema(min_length = 1, max_length = 20000)]
    content: String,
    /// See /v1/reference.
    #[schema(max_length = 100)]
    field_code: String,
    #[schema(schema_with = code::<Urgency>)]
    #[serde(default = "normal")]
    urgency: Urgency,
    #[serde(default)]
    remote_area: bool,
    /// The agency that should take it; absent: by area, else the installation's default.
    #[schema(max_length = 35)]
    agency_code: Option<String>,
    location: Option<LocationBody>,
    #[schema(value_type = Option<String>, format = DateTime)]
    incident_at: Option<Instant>,
    submitter: Option<SubmitterBody>,
    /// Keep the submitter's identity from those who handle the petition.
    #[serde(default)]
    keep_secret: bool,
    consent: Option<ConsentBody>,
    /// The phone's own UUID for this petition: a retry, even a month later, finds the same one.
    #[schema(value_type = Option<uuid::Uuid>)]
    client_reference: Option<RowId>,
    /// SHA-256 of a key the phone made itself, 64 hexadecimal digits.
    #[schema(min_length = 64, max_length = 64)]
    access_key_hash: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    received_at: Option<Instant>,
    #[schema(max_length = 300)]
    incoming_number: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    letter_date: Option<Day>,
    #[schema(minimum = 1, maximum = 100000)]
    group_size: Option<u32>,
    respondent: Option<RespondentBody>,
    previous_petition: Option<PreviousBody>,
    #[schema(schema_with = code::<Assurance>)]
    assurance: Option<Assurance>,
}

fn web_portal() -> Channel {
    Channel::WebPortal
}

fn normal() -> Urgency {
    Urgency::Normal
}

impl From<SubmissionBody> for Submission {
    fn from(body: SubmissionBody) -> Self {
        Self {
            kind: body.kind,
            instance: body.instance,
            channel: body.channel,
            submitter_type: body.submitter_type,
            title: body.title,
            content: body.content,
            field_code: body.field_code,
            urgency: body.urgency,
            remote_area: body.remote_area,
            agency_code: body.agency_code,
            location: body.location.map(|place| Location {
                text: place.text,
                latitude: place.latitude,
                longitude: place.longitude,
                area_code: place.area_code,
            }),
            incident_at: body.incident_at,
            submitter: body.submitter.map(submitter),
            keep_secret: body.keep_secret,
            consent: body
                .consent
                .map(|consent| Consent { text_version: consent.text_version, at: consent.at }),
            client_reference: body.client_reference,
            access_key_hash: body.access_key_hash,
            paper: Paper {
                received_at: body.received_at,
                incoming_number: body.incoming_number,
                letter_date: body.letter_date,
                group_size: body.group_size,
                respondent: body.respondent.map(Into::into),
                previous_petition: body
                    .previous_petition
                    .map(|previous| PreviousPetition { id: previous.id, link: previous.link }),
                assurance: body.assurance,
            },
        }
    }
}

fn submitter(body: SubmitterBody) -> Submitter {
    Submitter {
        full_name: body.full_name,
        phone: body.phone,
        email: body.email,
        address: body.address,
        id_document_type: body.id_document_type,
        id_document_number: body.id_document_number,
        organisation: body.organisation,
        tax_code: body.tax_code,
    }
}
