//! A petition comes in: from a citizen without an account, from an intake officer, or as a part of another.

mod parts;
mod receiving;

use super::{
    Error,
    caller::{self, Caller},
    clock::new_id,
    history::{self, Entry, Loaded, Opening, hex},
    idempotency::{self, Replay, RequestKey},
    known, seals,
    secrets::{random, sha256},
    tracking,
    world::World,
};
use crate::{
    domain::{
        access::Person,
        act::{Act, Previous, Registration},
        clock::{self, ClockOp},
        decide::{Decision, checks::Checks},
        event::{Actor, SCHEMA},
        id::{AgencyId, PetitionId},
        identifiers::PetitionCode,
        petition::Case,
        prose::Prose,
        refusal::Refusal,
        rule::Traits,
        submission::{Location, Submission},
        vocabulary::{Assurance, Complexity, Provenance, Role, Stage, StartEvent, State},
    },
    store::{
        AnyConnection, DatabaseKind, accounts,
        idempotency::IdempotencyRow,
        petitions::{self, DetailRow, SubmitterRow},
        reference,
    },
};

pub use parts::Part;
pub(super) use parts::{begin_parts, check_parts};

/// A submission on its way in; faults of form are carried along, because other refusals come before them.
#[derive(Debug)]
pub struct Incoming {
    pub caller: Caller,
    pub submission: Result<Submission, Error>,
    pub key: Result<Option<RequestKey>, Error>,
}

/// What came of it: the petition as it was registered.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub case: Case,
    /// Whether the phone made its own access key.
    pub own_key: bool,
    pub replayed: bool,
}

/// Takes a submission in, or finds the petition that the same one made before.
pub fn submit(tx: &mut AnyConnection, world: &World, incoming: &Incoming) -> Result<Accepted, Error> {
    let registrar = registrar(tx, world, &incoming.caller)?;
    let submission = held(&incoming.submission)?;
    let key = held(&incoming.key)?.as_ref().ok_or(Error::IdempotencyKeyMissing)?;
    if let Some(Replay { petition, .. }) = idempotency::replay(tx, Some(key))? {
        return accepted_before(tx, petition);
    }
    let fingerprint = fingerprint(submission)?;
    if let Some(petition) = known_reference(tx, submission, &fingerprint)? {
        idempotency::remember(tx, world, Some(key), 201, Replay { petition, sequence: 1 })?;
        return accepted_before(tx, petition);
    }
    submission.check(world.now, registrar.is_some())?;
    let intake = receiving::agency(tx, submission, registrar.as_ref())?;
    let caller = tracking::opened(tx, world, &incoming.caller)?;
    check_references(tx, world, &caller, submission)?;
    known::check_watch(tx, world, submission.visibility(), intake)?;
    let id: PetitionId = new_id();
    let remembered = idempotency::record(world, key, 201, Replay { petition: id, sequence: 1 })?;
    let arrival = Arrival { id, intake, registrar: registrar.as_ref(), fingerprint, remembered };
    let case = register(tx, world, submission, arrival)?.case;
    if let Caller::Citizen(account, _) = &incoming.caller {
        accounts::keep(tx, *account, &[id], world.now)?;
    }
    Ok(Accepted { case, own_key: submission.access_key_hash.is_some(), replayed: false })
}

/// The answer to a submission that made a petition before.
fn accepted_before(tx: &mut AnyConnection, petition: PetitionId) -> Result<Accepted, Error> {
    let row = petitions::find(tx, petition)?.ok_or(Error::NotFound)?;
    let own_key = petitions::detail(tx, petition)?.access_key_hash.is_some();
    Ok(Accepted { case: history::fold(tx, row, Some(1))?.case, own_key, replayed: true })
}

/// How a submission comes in: under which id, where, through whom.
struct Arrival<'a> {
    id: PetitionId,
    intake: AgencyId,
    registrar: Option<&'a Person>,
    fingerprint: Vec<u8>,
    remembered: IdempotencyRow,
}

/// A fault of form is told when its turn comes.
fn held<T>(value: &Result<T, Error>) -> Result<&T, Error> {
    value.as_ref().map_err(Error::again)
}

/// The intake officer who registers; nobody when a citizen submits himself.
fn registrar(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Option<Person>, Error> {
    match caller {
        Caller::Anonymous | Caller::Tracker(_) => Ok(None),
        Caller::Citizen(..) => caller::account(tx, world, caller).map(|_| None),
        Caller::Official(_) | Caller::SignedIn(..) => {
            let person = caller::person(tx, world, caller)?;
            if person.rights.iter().any(|right| right.role == Role::Intake) {
                return Ok(Some(person));
            }
            Err(Refusal::Forbidden(crate::domain::refusal::Words::new(
                "Tiếp nhận đơn thuộc về cán bộ tiếp nhận.",
                "Registering petitions is for intake officers.",
            ))
            .into())
        }
    }
}

/// The digest of everything stated: the same phone reference with other content is another petition.
fn fingerprint(submission: &Submission) -> Result<Vec<u8>, Error> {
    Ok(sha256(&serde_json::to_vec(submission).map_err(Error::internal)?).to_vec())
}

fn known_reference(
    tx: &mut AnyConnection,
    submission: &Submission,
    fingerprint: &[u8],
) -> Result<Option<PetitionId>, Error> {
    let Some(reference) = submission.client_reference else { return Ok(None) };
    match petitions::find_by_client_reference(tx, reference)? {
        Some((petition, Some(known))) if known == fingerprint => Ok(Some(petition)),
        Some(_) => Err(Refusal::guard(
            "client_reference_used",
            "client_reference này đã dùng cho một đơn có nội dung khác.",
            "This client_reference already belongs to a petition with other content.",
        )
        .into()),
        None => Ok(None),
    }
}

fn check_references(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    submission: &Submission,
) -> Result<(), Error> {
    let mut checks = Checks::default();
    checks.require(
        reference::is_active(tx, &submission.field_code)?,
        "/field_code",
        "unknown_code",
        "Không có lĩnh vực này; xem /v1/reference.",
        "There is no such field; see /v1/reference.",
    );
    if let Some(previous) = submission.paper.previous_petition {
        let found = match history::load(tx, previous.id)? {
            Some(loaded) => caller::standing(tx, world, caller, &loaded.case).is_ok(),
            None => false,
        };
        checks.require(
            found,
            "/previous_petition/id",
            "unknown",
            "Không có đơn này.",
            "There is no such petition.",
        );
    }
    if submission.paper.respondent.is_some() {
        checks.require(
            known::respondent_exists(tx, submission.paper.respondent)?,
            "/respondent",
            "unknown",
            "Không có cơ quan hoặc cán bộ này.",
            "There is no such agency or official.",
        );
    }
    Ok(checks.finish()?)
}

fn register(
    tx: &mut AnyConnection,
    world: &World,
    submission: &Submission,
    arrival: Arrival<'_>,
) -> Result<Loaded, Error> {
    let Arrival { id, intake, registrar, fingerprint, remembered } = arrival;
    let paper = &submission.paper;
    let submitter = submitter_row(id, submission)?;
    let location = submission.location.as_ref();
    let detail = DetailRow {
        client_reference: submission.client_reference,
        client_fingerprint: submission.client_reference.map(|_| fingerprint),
        access_key_hash: submission.access_key_hash.as_deref().map(unhex),
        ..detail_row(id, location)
    };
    let registration = Registration {
        code: new_code(tx)?,
        kind: submission.kind,
        instance: submission.instance,
        channel: submission.channel,
        submitter_type: submission.speaker(),
        field_code: submission.field_code.clone(),
        urgency: submission.urgency,
        remote_area: submission.remote_area,
        visibility: submission.visibility(),
        provenance: Provenance::Native,
        intake_agency: intake,
        received_at: paper.received_at.unwrap_or(world.now),
        title: submission.title.clone().into(),
        content: submission.content.clone().into(),
        location: location.map(text_of).transpose()?,
        incident_at: submission.incident_at,
        incoming_number: paper.incoming_number.clone(),
        letter_date: paper.letter_date,
        group_size: paper.group_size,
        keep_secret: submission.keep_secret,
        respondent: paper.respondent,
        submitter_digest: submitter.as_ref().map(|row| hex(&row.digest)),
        keys_digest: seals::keys(&detail)?,
        previous: paper
            .previous_petition
            .map(|previous| Previous { petition: previous.id, link: previous.link }),
        part_of: None,
        promised_due_at: None,
        promised_due_on: None,
    };
    let (actor, on_behalf_of) = match registrar {
        Some(person) => (caller::actor(person, Role::Intake), Some("citizen".to_owned())),
        None => (Actor::citizen(), None),
    };
    let entry = Entry { on_behalf_of, ..Entry::new(actor, opening(tx, world, registration)?) };
    let opening = Opening { detail, submitter, remembered: Some(remembered) };
    let loaded = history::begin(tx, world, id, entry, &opening)?;
    if let Some(previous) = paper.previous_petition {
        petitions::link(tx, id, previous.id, previous.link, world.now)?;
    }
    Ok(loaded)
}

/// The decision that opens a petition: the promise, and the clocks that count from the receipt.
fn opening(tx: &mut AnyConnection, world: &World, mut registration: Registration) -> Result<Decision, Error> {
    let calendar = world.calendar_at(tx, registration.intake_agency)?;
    let traits = Traits {
        kind: registration.kind,
        instance: registration.instance,
        channel: registration.channel,
        submitter_type: registration.submitter_type,
        field_code: registration.field_code.clone(),
        urgency: registration.urgency,
        complexity: Complexity::Normal,
        remote_area: registration.remote_area,
    };
    let at = registration.received_at;
    let promise = clock::promise(&traits, at, world.rules(), &calendar);
    registration.promised_due_at = promise.map(|due| due.due_at);
    registration.promised_due_on = promise.map(|due| due.due_on);
    let on = at.day(world.zone());
    let clocks = [Stage::Intake, Stage::Resolution, Stage::Forwarding].into_iter().filter_map(|stage| {
        let rule = world.rules().select(stage, &traits, on)?;
        let counts = rule.start_event == StartEvent::Receipt;
        counts.then(|| ClockOp::start(1, stage, at, rule, &calendar))
    });
    Ok(Decision {
        clocks: clocks.collect(),
        to: State::Received,
        round: 1,
        occurred_at: at,
        act: Act::Registration(Box::new(registration)),
    })
}

/// A code nobody has yet; eight random characters collide so seldom that a second try is plenty. On PostgreSQL a
/// write that meets a taken code runs anew by itself, and the look, a round trip, is saved.
pub(super) fn new_code(tx: &mut AnyConnection) -> Result<String, Error> {
    for _ in 0..8 {
        let code = PetitionCode::from_bytes(random::<5>()?);
        if tx.kind() == DatabaseKind::Postgres || petitions::find_by_code(tx, code.as_str())?.is_none() {
            return Ok(code.as_str().to_owned());
        }
    }
    Err(Error::internal("no free code was found"))
}

pub(super) fn text_of(location: &Location) -> Result<Prose, Error> {
    Ok(Prose::Given(serde_json::to_string(location).map_err(Error::internal)?))
}

pub(super) fn detail_row(id: PetitionId, location: Option<&Location>) -> DetailRow {
    DetailRow {
        petition_id: id,
        public_title: None,
        public_summary: None,
        location_text: location.and_then(|place| place.text.as_ref()).map(|text| text.reveal().to_owned()),
        latitude: location.and_then(|place| place.latitude),
        longitude: location.and_then(|place| place.longitude),
        area_code: location.and_then(|place| place.area_code.clone()),
        client_reference: None,
        client_fingerprint: None,
        access_key_hash: None,
    }
}

/// The submitter's row, with the salted digest that the event commits to.
fn submitter_row(id: PetitionId, submission: &Submission) -> Result<Option<SubmitterRow>, Error> {
    let Some(submitter) = &submission.submitter else { return Ok(None) };
    let text = |field: &Option<crate::domain::submission::Personal>| {
        field.as_ref().map(|text| text.reveal().to_owned())
    };
    let consent = submission.consent.as_ref();
    let row = SubmitterRow {
        petition_id: id,
        full_name: text(&submitter.full_name),
        phone: text(&submitter.phone),
        email: text(&submitter.email),
        address: text(&submitter.address),
        id_document_type: text(&submitter.id_document_type),
        id_document_number: text(&submitter.id_document_number),
        organisation: text(&submitter.organisation),
        tax_code: text(&submitter.tax_code),
        assurance: submission.paper.assurance.unwrap_or(Assurance::Declared),
        consent_version: consent.map(|consent| consent.text_version.clone()),
        consent_at: consent.map(|consent| consent.at),
        salt: random::<16>()?.to_vec(),
        digest: Vec::new(),
    };
    sealed(row).map(Some)
}

/// The row with the digest that an event of today commits to.
fn sealed(row: SubmitterRow) -> Result<SubmitterRow, Error> {
    Ok(SubmitterRow { digest: seals::submitter(&row, SCHEMA)?, ..row })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect()
}
