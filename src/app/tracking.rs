//! Following one's own petitions by code and access key, without an account.

mod account;
mod proof;

pub use account::{Claimed, claim, mine, opened};
pub use proof::{MOST_PROOFS, Opened, Proof, open};

use super::{
    App, Error,
    actions::{self, Call, Done},
    caller::{self, Caller},
    deadline::Deadline,
    history::{self, Entry, Loaded},
    public::{self, AgencyFace, Names, PersonFace},
    reading::{self, Reading},
    timeline::{self, Happening},
    world::World,
};
use crate::{
    domain::{
        act::{Act, Delivery},
        decide::{Context, Known, decide},
        event::{Actor, Event},
        id::{AgencyId, PetitionId},
        identifiers::PetitionCode,
        petition::Case,
        time::{Day, Instant},
        vocabulary::{Action, DeliveryMethod, Kind, PublicStatus, Role, State},
    },
    store::{AnyConnection, events, petitions, public::faces_of},
};

/// Most merges that are followed from a petition to the one that survived.
const MOST_MERGES: usize = 20;

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
        // A citizen's account is opened first.
        _ => Err(Error::Unauthenticated("tracking_required")),
    }
}

/// All petitions that a token opens, the latest received first.
pub fn list(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Vec<TrackedFace>, Error> {
    let caller = account::opened(tx, world, caller)?;
    let mut items = faces(tx, world, opened_by(&caller)?)?;
    items.sort_by_key(|item| std::cmp::Reverse((item.received_at, item.code.clone())));
    Ok(items)
}

/// The faces of these petitions, the latest submitted first.
fn faces(tx: &mut AnyConnection, world: &World, ids: &[PetitionId]) -> Result<Vec<TrackedFace>, Error> {
    let mut faces = faces_of(tx, ids)?;
    faces.sort_by_key(|face| std::cmp::Reverse(face.id));
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
            let caller = account::opened(tx, world, &asking.0)?;
            let id = find(tx, &caller, &asking.1)?;
            read(tx, world, &caller, id, None)
        })
        .await?;
    if !awaits_first_look(&tracked.reading.case) {
        return Ok(tracked);
    }
    let id = tracked.reading.case.id;
    app.write(request_id, move |tx, world| {
        let caller = account::opened(tx, world, &caller)?;
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
    let opened = account::opened(tx, world, &call.caller)?;
    call.petition = find(tx, &opened, code)?;
    call.caller = opened;
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
    let rated = case.ratings.iter().any(|rated| rated.round == case.round);
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
