//! What a petition looks like to staff. None of these types has a place for personal data.

use serde::Serialize;
use utoipa::ToSchema;

mod parts;

pub(super) use parts::*;

use super::openapi::open_code;
use crate::{
    app::reading::Reading,
    domain::{
        act::{Commitment, SignedDocument, SignedNotice},
        clock::Clock,
        id::{AgencyId, OfficialId, PetitionId},
        petition::Rated,
        rule::RuleBook,
        submission::Location,
        time::{Day, Instant},
        vocabulary::{
            Action, Channel, Code, Complexity, Kind, Language, Provenance, PublicStatus, State,
            SubmitterType, Timeliness, Urgency, Visibility,
        },
    },
};

/// A petition as its handlers see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q4M2K9XA", "kind": "proposal", "channel": "dialogue_conference", "submitter_type": "individual", "state": "assigned", "public_status": "in_progress", "timeliness": "on_track", "title": "Ngõ 45 phố Cây Sữa ngập", "content": "Cứ mưa to là ngập nửa bánh xe.", "field_code": "urban_infrastructure", "urgency": "normal", "complexity": "normal", "remote_area": false, "visibility": "public_redacted", "provenance": "native", "round": 1, "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "intake_agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "responsible_person": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}, "supporting": [], "clocks": [], "keep_secret": false, "ratings": [], "request_pending": false, "links": [], "external_refs": [], "received_at": "2026-11-12T02:00:00Z", "version": 3, "actions": [{"action": "acceptance", "label": "Thụ lý", "href": "/v1/petitions/01934f6e-0000-7000-8000-000000000003/acceptance"}]}))]
pub(super) struct PetitionView {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    instance: Option<u8>,
    #[schema(schema_with = open_code::<Channel>)]
    channel: Channel,
    #[schema(schema_with = open_code::<SubmitterType>)]
    submitter_type: SubmitterType,
    #[schema(schema_with = open_code::<State>)]
    state: State,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    #[schema(schema_with = open_code::<Timeliness>)]
    timeliness: Timeliness,
    title: Option<String>,
    content: Option<String>,
    public_title: Option<String>,
    public_summary: Option<String>,
    field_code: String,
    #[schema(schema_with = open_code::<Urgency>)]
    urgency: Urgency,
    #[schema(schema_with = open_code::<Complexity>)]
    complexity: Complexity,
    remote_area: bool,
    #[schema(schema_with = open_code::<Visibility>)]
    visibility: Visibility,
    #[schema(schema_with = open_code::<Provenance>)]
    provenance: Provenance,
    round: u32,
    /// The lead agency; before an assignment the intake agency.
    agency: AgencyRef,
    intake_agency: AgencyRef,
    responsible_person: Option<PersonView>,
    #[schema(max_items = 50)]
    supporting: Vec<SupportView>,
    deadline: Option<DeadlineView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    promised_due_on: Option<Day>,
    #[schema(max_items = 100)]
    clocks: Vec<ClockView>,
    location: Option<LocationView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    incident_at: Option<Instant>,
    incoming_number: Option<String>,
    group_size: Option<u32>,
    keep_secret: bool,
    /// What is waited for, while the petition awaits a supplement.
    wanted: Option<WantedView>,
    reply: Option<ReplyView>,
    /// What the citizen thinks of the answer, round by round.
    #[schema(max_items = 100)]
    ratings: Vec<RatedView>,
    /// A request for reconsideration waits for its decision.
    request_pending: bool,
    #[schema(max_items = 1000)]
    links: Vec<LinkView>,
    #[schema(max_items = 100)]
    external_refs: Vec<ExternalView>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    /// The strong ETag; send it as `If-Match`. Of a petition as it stood, the version it had.
    version: u32,
    /// The moment it shows, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) as_of: Option<Instant>,
    /// What was recorded later is left out; null where all that is known now counts.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// None at a petition as it stood.
    #[schema(max_items = 100)]
    actions: Vec<ActionView>,
}

impl PetitionView {
    /// The version as a strong ETag.
    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// The view of a reading, with labels in a language.
    pub(super) fn of(reading: &Reading, rules: &RuleBook, language: Language) -> Self {
        let case = &reading.case;
        let text = |prose| reading.text(prose).map(str::to_owned);
        let present = reading.present_clock();
        Self {
            id: case.id,
            code: case.code.clone(),
            kind: case.kind,
            instance: case.instance,
            channel: case.channel,
            submitter_type: case.submitter_type,
            state: case.state,
            public_status: case.state.public_status(),
            timeliness: present.map_or(Timeliness::None, |clock| clock.timeliness(reading.now)),
            title: text(&case.title),
            content: text(&case.content),
            public_title: case.public_title.as_ref().and_then(text),
            public_summary: case.public_summary.as_ref().and_then(text),
            field_code: case.field_code.clone(),
            urgency: case.urgency,
            complexity: case.complexity,
            remote_area: case.remote_area,
            visibility: case.visibility,
            provenance: case.provenance,
            round: case.round,
            agency: agency(reading, case.lead_or_intake()),
            intake_agency: agency(reading, case.intake_agency),
            responsible_person: case.responsible.map(|id| person(reading, id)),
            supporting: supporting(reading),
            deadline: present.map(|clock| deadline(clock, reading.now, rules)),
            promised_due_at: case.registration.promised_due_at,
            promised_due_on: case.registration.promised_due_on,
            clocks: reading.clocks.iter().map(|clock| ClockView::of(clock, reading.now, rules)).collect(),
            location: location(reading),
            incident_at: case.registration.incident_at,
            incoming_number: case.incoming_number.clone(),
            group_size: case.group_size,
            keep_secret: case.registration.keep_secret,
            wanted: case
                .wanted
                .as_ref()
                .map(|wanted| WantedView { missing: text(&wanted.missing), answer_by: wanted.answer_by }),
            reply: reply(reading),
            ratings: ratings(reading),
            request_pending: case.request_pending,
            links: links(reading),
            external_refs: externals(reading),
            received_at: case.received_at,
            version: case.version,
            as_of: reading.past.map(|past| past.as_of),
            recorded_by: reading.past.and_then(|past| past.recorded_by),
            actions: actions(reading, language),
        }
    }
}

fn actions(reading: &Reading, language: Language) -> Vec<ActionView> {
    let view = |action: Action| ActionView {
        action,
        label: action.label(language),
        href: format!("/v1/petitions/{}/{}", reading.case.id, action.as_str()),
    };
    reading.actions().into_iter().map(view).collect()
}

fn externals(reading: &Reading) -> Vec<ExternalView> {
    let view = |(source, external_id): &(String, String)| ExternalView {
        source: source.clone(),
        external_id: external_id.clone(),
    };
    reading.externals.iter().map(view).collect()
}

fn links(reading: &Reading) -> Vec<LinkView> {
    let links = reading.links.iter().map(|link| LinkView {
        kind: link.kind,
        direction: if link.outgoing { "to" } else { "from" },
        id: link.id,
        code: link.code.clone(),
        href: format!("/v1/petitions/{}", link.id),
    });
    links.collect()
}

/// An agency with its name, as far as it is known.
pub(super) fn agency(reading: &Reading, id: AgencyId) -> AgencyRef {
    let name = reading.agencies.get(&id);
    AgencyRef {
        id,
        code: name.map(|name| name.code.clone()).unwrap_or_default(),
        name: name.map(|name| name.name.clone()).unwrap_or_default(),
    }
}

/// An official with his name, as far as it is known.
pub(super) fn person(reading: &Reading, id: OfficialId) -> PersonView {
    let (full_name, position) = reading.people.get(&id).cloned().unwrap_or_default();
    PersonView { id, full_name, position }
}

fn supporting(reading: &Reading) -> Vec<SupportView> {
    let view = |support: &crate::domain::act::Support| SupportView {
        agency: agency(reading, support.agency_id),
        person: support.person_id.map(|id| person(reading, id)),
    };
    reading.case.supporting.iter().map(view).collect()
}

fn location(reading: &Reading) -> Option<LocationView> {
    let prose = reading.case.registration.location.as_ref()?;
    let place: Location = serde_json::from_str(reading.text(prose)?).ok()?;
    Some(LocationView {
        text: place.text.map(|text| text.reveal().to_owned()),
        latitude: place.latitude,
        longitude: place.longitude,
        area_code: place.area_code,
    })
}

/// The deadline of a clock as seen at a moment.
pub(super) fn deadline(clock: &Clock, now: Instant, rules: &RuleBook) -> DeadlineView {
    let due = clock.due_as_of(now);
    DeadlineView {
        stage: clock.stage,
        due_at: due.map(|due| due.due_at),
        due_on: due.map(|due| due.due_on),
        first_due_at: clock.first_due.due_at,
        basis: clock.basis,
        provisional: due.is_some_and(|due| due.provisional),
        rule: rule(clock, rules),
    }
}

fn rule(clock: &Clock, rules: &RuleBook) -> Option<RuleRef> {
    let rule = rules.get(clock.rule.as_deref()?)?;
    Some(RuleRef { code: rule.code.clone(), legal_basis: rule.legal_basis.clone() })
}

impl ClockView {
    /// A clock as seen at a moment.
    pub(super) fn of(clock: &Clock, now: Instant, rules: &RuleBook) -> Self {
        let due = clock.due_as_of(now);
        let hold = clock.hold.filter(|_| clock.is_paused(now));
        Self {
            round: clock.round,
            stage: clock.stage,
            timeliness: clock.timeliness(now),
            started_at: clock.started_at,
            due_at: due.map(|due| due.due_at),
            due_on: due.map(|due| due.due_on),
            first_due_at: clock.first_due.due_at,
            basis: clock.basis,
            provisional: due.is_some_and(|due| due.provisional),
            ended_at: clock.ended_at,
            paused_until: hold.and_then(|hold| hold.until),
            remaining: hold.map(|hold| RemainingView {
                amount: hold.remaining.amount,
                minutes: hold.remaining.minutes,
                unit: hold.remaining.unit,
            }),
            rule: rule(clock, rules),
        }
    }
}

/// Promises with the names of who keeps them.
pub(super) fn commitments(reading: &Reading, given: &[Commitment]) -> Vec<CommitmentView> {
    let view = |commitment: &Commitment| CommitmentView {
        text: reading.text(&commitment.text).map(str::to_owned),
        due_on: commitment.due_on,
        agency: commitment.agency_id.map(|id| agency(reading, id)),
        person: commitment.person_id.map(|id| person(reading, id)),
    };
    given.iter().map(view).collect()
}

fn reply(reading: &Reading) -> Option<ReplyView> {
    let reply = reading.case.reply.as_ref()?;
    let approved = reply.approved.as_ref();
    let published = reading.case.published.as_ref();
    Some(ReplyView {
        number: reply.number,
        outcome: reply.outcome,
        text: reading.text(&reply.text).map(str::to_owned),
        commitments: commitments(reading, &reply.commitments),
        approved_at: approved.map(|approved| approved.at),
        document: approved.and_then(|approved| approved.document.as_ref()).map(document),
        notice: approved.and_then(|approved| approved.notice.as_ref()).map(notice),
        published_at: published.map(|(at, _)| *at),
        public_text: published.and_then(|(_, text)| reading.text(text)).map(str::to_owned),
        delivered_at: reading.case.delivered_at,
    })
}

fn ratings(reading: &Reading) -> Vec<RatedView> {
    let view = |rated: &Rated| RatedView {
        round: rated.round,
        satisfaction: rated.satisfaction,
        reasons: rated.reasons.as_ref().and_then(|reasons| reading.text(reasons)).map(str::to_owned),
        rated_at: rated.at,
    };
    reading.case.ratings.iter().map(view).collect()
}

/// A document as it is cited.
pub(super) fn document(document: &SignedDocument) -> DocumentView {
    DocumentView {
        number: document.number.clone(),
        symbol: document.symbol.clone(),
        signer: document.signer.clone(),
        issued_on: document.issued_on,
    }
}

/// A signed notice as it is cited.
pub(super) fn notice(notice: &SignedNotice) -> NoticeView {
    NoticeView { signer: notice.signer.clone(), signed_on: notice.signed_on }
}
