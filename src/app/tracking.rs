//! Following one's own petitions by code and access key, without an account.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    App, Error,
    actions::{self, Call, Done},
    caller::{self, Caller},
    clock::{new_id, real_now},
    deadline::Deadline,
    history::{self, Entry, Loaded},
    public::{self, AgencyFace, Names, PersonFace},
    reading::{self, Reading},
    secrets::{constant_time_eq, sha256},
    timeline::{self, Happening},
    tokens::{Issued, Scope, Subject},
    world::World,
};
use crate::{
    domain::{
        act::{Act, Delivery},
        decide::{Context, Known, checks::Checks, decide},
        event::{Actor, Event},
        id::{AgencyId, Id, PetitionId},
        identifiers::{AccessKey, PetitionCode},
        petition::Case,
        time::{Day, Instant},
        vocabulary::{Action, DeliveryMethod, Kind, PublicStatus, Role, State},
    },
    store::{
        AnyConnection, events, petitions,
        public::faces_of,
        tracking::{Lock, locks, parts},
    },
};

/// Most petitions one call may ask for.
pub const MOST_PROOFS: usize = 20;
/// Most petitions one token opens: those asked for, and what was split from them.
const MOST_PETITIONS: usize = 100;
/// Most characters of a code, and of a key, that are looked at.
const CODE_LIMIT: usize = 64;
const KEY_LIMIT: usize = 200;
/// Most merges that are followed from a petition to the one that survived.
const MOST_MERGES: usize = 20;

/// A code with the key that was given out for it.
#[derive(Clone)]
pub struct Proof {
    pub code: String,
    pub access_key: String,
}

/// A token, and what it opens.
#[derive(Debug)]
pub struct Opened {
    pub issued: Issued,
    /// Codes of the petitions it opens, parts of split ones included.
    pub petitions: Vec<String>,
    /// Codes, as sent, that are unknown or came with another key: the two read alike.
    pub not_found: Vec<String>,
}

/// What the author reads now: the word, and who moves next by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: PublicStatus,
    pub next: Option<NextStep>,
}

/// Who moves next, and the last day for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextStep {
    pub who: Role,
    pub by: Option<Day>,
}

/// One of the author's petitions in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedFace {
    pub code: String,
    pub kind: Kind,
    pub title: String,
    pub standing: Standing,
    pub received_at: Instant,
    pub promised_due_at: Option<Instant>,
    pub promised_due_on: Option<Day>,
    pub deadline: Option<Deadline>,
    pub agency: Option<AgencyFace>,
    pub responsible: Option<PersonFace>,
    pub version: u32,
}

/// One of the author's petitions in full.
#[derive(Debug)]
pub struct Tracked {
    pub reading: Reading,
    pub standing: Standing,
    pub deadline: Option<Deadline>,
    pub timeline: Vec<(Happening, Option<AgencyFace>)>,
    /// What the author may do now.
    pub actions: Vec<Action>,
    /// What shows instead of its own state when it was merged into another petition.
    pub survivor: Option<Survivor>,
}

/// What the author of a merged petition may know of the one that survived.
#[derive(Debug, Clone, PartialEq)]
pub struct Survivor {
    /// Only where it is public.
    pub code: Option<String>,
    /// The published text and when it was published; only where it is public.
    pub reply: Option<(Instant, String)>,
    standing: Standing,
    deadline: Option<Deadline>,
}

/// Gives a token for the petitions whose keys fit; `NotFound` when none does.
pub async fn open(app: &App, request_id: Option<String>, proofs: Vec<Proof>) -> Result<Opened, Error> {
    check(&proofs)?;
    let (found, petitions, not_found) =
        app.read(request_id, move |tx, world| Ok(prove(tx, world, &proofs)?)).await?;
    if found.is_empty() {
        return Err(Error::NotFound);
    }
    let subject = Subject {
        sub: new_id::<Proof>().to_string(),
        client_id: "tracking".to_owned(),
        scope: Scope::Tracking,
        petitions: found.into_iter().map(Id::uuid).collect(),
    };
    let issued = app.keys().issue(subject, app.options().token_minutes, real_now())?;
    Ok(Opened { issued, petitions, not_found })
}

fn check(proofs: &[Proof]) -> Result<(), Error> {
    let mut checks = Checks::default();
    checks.require(
        (1..=MOST_PROOFS).contains(&proofs.len()),
        "/items",
        "wrong_length",
        "Cần từ 1 đến 20 mã đơn.",
        "Between 1 and 20 items are needed.",
    );
    for (index, proof) in proofs.iter().enumerate().take(MOST_PROOFS) {
        let lengths = [("code", &proof.code, CODE_LIMIT), ("access_key", &proof.access_key, KEY_LIMIT)];
        for (name, text, limit) in lengths {
            checks.require(
                (1..=limit).contains(&text.chars().count()),
                &format!("/items/{index}/{name}"),
                "wrong_length",
                "Độ dài không hợp lệ.",
                "Of a length it cannot have.",
            );
        }
    }
    Ok(checks.finish()?)
}

type Proven = (Vec<PetitionId>, Vec<String>, Vec<String>);

/// Which petitions the keys open, their codes, and the codes that open nothing.
fn prove(tx: &mut AnyConnection, world: &World, proofs: &[Proof]) -> Result<Proven, Error> {
    let canonical = |proof: &Proof| {
        PetitionCode::parse("", &proof.code).map_or_else(|_| proof.code.clone(), |code| code.to_string())
    };
    let codes: Vec<String> = proofs.iter().map(canonical).collect();
    let locks: HashMap<String, Lock> =
        locks(tx, &codes)?.into_iter().map(|lock| (lock.code.clone(), lock)).collect();
    let (mut ids, mut opened, mut not_found) = (Vec::new(), Vec::new(), Vec::new());
    for (proof, code) in proofs.iter().zip(codes) {
        match fitting(world, proof, locks.get(&code)) {
            Some(id) if ids.contains(&id) => {}
            Some(id) => {
                ids.push(id);
                opened.push(code);
            }
            None => not_found.push(proof.code.clone()),
        }
    }
    let mut fresh = ids.clone();
    while !fresh.is_empty() && ids.len() < MOST_PETITIONS {
        let below = parts(tx, &fresh)?.into_iter().filter(|(id, _)| !ids.contains(id));
        let below: Vec<_> = below.take(MOST_PETITIONS - ids.len()).collect();
        fresh = below.iter().map(|(id, _)| *id).collect();
        ids.extend(&fresh);
        opened.extend(below.into_iter().map(|(_, code)| code));
    }
    Ok((ids, opened, not_found))
}

/// The petition, if the key is the one given out for it.
///
/// An unknown code goes the same way as a wrong key, with the key of a petition that does not exist, and both
/// comparisons are always made, so that the time taken tells nothing.
fn fitting(world: &World, proof: &Proof, lock: Option<&Lock>) -> Option<PetitionId> {
    let petition = lock.map_or(Id::new(Uuid::nil()), |lock| lock.petition);
    let ours = world.secret.access_key(petition);
    let typed = AccessKey::parse("", &proof.access_key);
    let typed = typed.as_ref().map_or("", |key| key.reveal());
    let by_server = constant_time_eq(&sha256(typed.as_bytes()), &sha256(ours.reveal().as_bytes()));
    let hash = lock.and_then(|lock| lock.key_hash.as_deref());
    let by_phone = constant_time_eq(&sha256(proof.access_key.as_bytes()), hash.unwrap_or(&[0; 32]));
    let fits = if hash.is_some() { by_phone } else { by_server };
    lock.filter(|_| fits).map(|lock| lock.petition)
}

/// The petition of a code, if the token opens it.
pub fn find(tx: &mut AnyConnection, caller: &Caller, code: &str) -> Result<PetitionId, Error> {
    let opened = opened_by(caller)?;
    let code = PetitionCode::parse("code", code).map_err(|_| Error::NotFound)?;
    let row = petitions::find_by_code(tx, code.as_str())?;
    row.map(|row| row.id).filter(|id| opened.contains(id)).ok_or(Error::NotFound)
}

fn opened_by(caller: &Caller) -> Result<&[PetitionId], Error> {
    match caller {
        Caller::Tracker(petitions) => Ok(petitions),
        Caller::Anonymous => Err(Error::Unauthenticated("missing_token")),
        Caller::Official(_) => Err(Error::Unauthenticated("tracking_required")),
    }
}

/// All petitions that a token opens, the latest received first.
pub fn list(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Vec<TrackedFace>, Error> {
    let faces = faces_of(tx, opened_by(caller)?)?;
    let names = Names::of(tx, &faces)?;
    let deadlines = public::deadlines(tx, world, &faces)?;
    let mut items = Vec::with_capacity(faces.len());
    for (face, deadline) in faces.into_iter().zip(deadlines) {
        let by = deadline.as_ref().and_then(|deadline| deadline.due_on);
        let mut item = TrackedFace {
            standing: standing(face.span.state, by),
            agency: names.agency(face.span.agency_id),
            responsible: face.responsible_id.and_then(|id| names.person(id)),
            code: face.code,
            kind: face.span.kind,
            title: face.title,
            received_at: face.span.received_at,
            promised_due_at: face.promised_due_at,
            promised_due_on: face.promised_due_on,
            deadline,
            version: face.version.try_into().map_err(Error::internal)?,
        };
        // Two cases stand otherwise than their row says, and both are rare.
        if face.merged_into.is_some() || face.span.state == State::AwaitingSupplement {
            let case = history::load(tx, face.id)?.ok_or(Error::NotFound)?.case;
            match survivor(tx, world, &case)? {
                Some(survivor) => {
                    item.standing = survivor.standing;
                    item.deadline = survivor.deadline;
                }
                None => item.standing = standing_of(&case, item.deadline.as_ref()),
            }
        }
        items.push(item);
    }
    items.sort_by_key(|item| std::cmp::Reverse((item.received_at, item.code.clone())));
    Ok(items)
}

/// One petition for its author; the first look at a signed answer is its delivery.
pub async fn view(
    app: &App,
    request_id: Option<String>,
    caller: Caller,
    code: String,
) -> Result<Tracked, Error> {
    let asking = (caller.clone(), code);
    let tracked = app
        .read(request_id.clone(), move |tx, world| {
            let id = find(tx, &asking.0, &asking.1)?;
            read(tx, world, &asking.0, id, None)
        })
        .await?;
    if !awaits_first_look(&tracked.reading.case) {
        return Ok(tracked);
    }
    let id = tracked.reading.case.id;
    app.write(request_id, move |tx, world| {
        deliver(tx, world, id)?;
        read(tx, world, &caller, id, None)
    })
    .await
}

/// Whether an answer waits that nobody has recorded as delivered.
fn awaits_first_look(case: &Case) -> bool {
    let signed = case.reply.as_ref().is_some_and(|reply| reply.approved.is_some());
    matches!(case.state, State::Answered | State::Closed) && signed && case.delivered_at.is_none()
}

/// Records that the author has seen the answer, unless somebody was faster.
fn deliver(tx: &mut AnyConnection, world: &World, id: PetitionId) -> Result<(), Error> {
    let loaded = history::load(tx, id)?.ok_or(Error::NotFound)?;
    if !awaits_first_look(&loaded.case) {
        return Ok(());
    }
    let context = Context {
        now: world.now,
        occurred_at: None,
        actor: Actor::system(),
        rules: world.rules(),
        calendar: world.calendar(),
        known: Known::default(),
    };
    let act = Act::Delivery(Delivery { method: DeliveryMethod::Online });
    let decision = decide(&loaded.case, act, &context)?;
    history::append(tx, world, &loaded, Entry::new(Actor::system(), decision))?;
    Ok(())
}

/// Does what the author asks for to the petition of a code, and reads it as it is then (or was, for a repeated
/// request); the petition that the call names is replaced.
pub fn act(
    tx: &mut AnyConnection,
    world: &World,
    code: &str,
    call: &mut Call,
) -> Result<(Done, Tracked), Error> {
    call.petition = find(tx, &call.caller, code)?;
    let done = actions::perform(tx, world, call)?;
    let tracked = read(tx, world, &call.caller, call.petition, Some(done.sequence))?;
    Ok((done, tracked))
}

/// One petition for its author, as far as a sequence when one is given.
pub fn read(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
    up_to: Option<u32>,
) -> Result<Tracked, Error> {
    let row = petitions::find(tx, id)?.ok_or(Error::NotFound)?;
    let events: Vec<Event> = events::history(tx, id, up_to)?.into_iter().map(|row| row.event).collect();
    let case = Case::fold(&events).ok_or_else(|| Error::internal("a petition without a beginning"))?;
    let (_, roles) = caller::standing(tx, world, caller, &case)?;
    let happenings: Vec<Happening> = events.iter().filter_map(timeline::for_author).collect();
    let agencies: Vec<AgencyId> = happenings.iter().filter_map(|entry| entry.mark.agency).collect();
    let names = Names::load(tx, &agencies, &[])?;
    let timeline = happenings
        .into_iter()
        .map(|entry| (entry.clone(), entry.mark.agency.and_then(|id| names.agency(id))))
        .collect();
    let reading = reading::put_together(tx, world, caller, Loaded { case, row }, roles)?;
    let survivor = survivor(tx, world, &reading.case)?;
    let own = public::deadline(&reading.case, world);
    let (standing, deadline) = match &survivor {
        Some(survivor) => (survivor.standing, survivor.deadline.clone()),
        None => (standing_of(&reading.case, own.as_ref()), own),
    };
    Ok(Tracked { standing, deadline, timeline, actions: open_actions(&reading), survivor, reading })
}

/// What the table allows, less what a guard is known to refuse.
fn open_actions(reading: &Reading) -> Vec<Action> {
    let case = &reading.case;
    let rated = case.ratings.iter().any(|(round, _)| *round == case.round);
    let open = |action: &Action| match action {
        Action::Rating => !rated,
        Action::ReconsiderationRequest => !case.request_pending,
        _ => true,
    };
    reading.actions().into_iter().filter(open).collect()
}

fn standing_of(case: &Case, deadline: Option<&Deadline>) -> Standing {
    let wanted = case.wanted.as_ref().filter(|_| case.state == State::AwaitingSupplement);
    let due_on = deadline.and_then(|deadline| deadline.due_on);
    standing(case.state, wanted.map(|wanted| wanted.answer_by).or(due_on))
}

fn standing(state: State, by: Option<Day>) -> Standing {
    Standing { status: state.public_status(), next: state.next_actor().map(|who| NextStep { who, by }) }
}

/// The petition that a merged one lives on in, followed to the last of a row of merges.
fn survivor(tx: &mut AnyConnection, world: &World, case: &Case) -> Result<Option<Survivor>, Error> {
    let mut next = case.merged_into;
    let mut last = None;
    for _ in 0..MOST_MERGES {
        let Some(id) = next else { break };
        let loaded = history::load(tx, id)?.ok_or(Error::NotFound)?;
        next = loaded.case.merged_into;
        last = Some(loaded.case);
    }
    let Some(case) = last else { return Ok(None) };
    let deadline = public::deadline(&case, world);
    let mut standing = standing_of(&case, deadline.as_ref());
    // Its author is asked for a supplement, not whoever reads this.
    if standing.status == PublicStatus::NeedsYou {
        standing = Standing { status: PublicStatus::InProgress, next: None };
    }
    let public = case.is_public();
    let reply = if public { public::published(tx, &case)? } else { None };
    Ok(Some(Survivor { code: public.then_some(case.code), reply, standing, deadline }))
}

/// Without the key, so that it reaches no log.
impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").field("code", &self.code).finish_non_exhaustive()
    }
}
