//! Doing something to a petition: the one use case behind every action of the transition table.

use super::{
    Error,
    caller::{self, Caller},
    clock::new_id,
    history::{self, Entry, Loaded},
    idempotency::{self, Replay, RequestKey},
    known,
    submission::{self, Part},
    succession,
    world::World,
};
use crate::{
    domain::{
        access,
        act::{Act, Survival},
        clock::{ClockOp, ClockStatus},
        decide::{Context, Decision, decide},
        event::Actor,
        id::PetitionId,
        lifecycle,
        time::Instant,
        vocabulary::{Action, Role, Visibility},
    },
    store::AnyConnection,
};

/// Which version the caller saw, as `If-Match` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// No `If-Match`.
    Nothing,
    Version(u32),
    /// A tag that no version of ours ever has.
    Foreign,
}

/// A request that could be read.
#[derive(Debug, Clone)]
pub struct Request {
    pub act: Act,
    pub occurred_at: Option<Instant>,
    /// The parts of a split; empty for everything else.
    pub parts: Vec<Part>,
}

impl<T: Into<Act>> From<T> for Request {
    fn from(act: T) -> Self {
        Self { act: act.into(), occurred_at: None, parts: Vec::new() }
    }
}

/// A call of an action; faults of form are carried along, because other refusals come before them.
#[derive(Debug)]
pub struct Call {
    pub caller: Caller,
    pub petition: PetitionId,
    pub action: Action,
    pub request: Result<Request, Error>,
    pub seen: Seen,
    pub key: Result<Option<RequestKey>, Error>,
}

/// What a call left: the petition, and how far its history went with it.
#[derive(Debug, Clone)]
pub struct Done {
    pub petition: PetitionId,
    pub sequence: u32,
    /// The petition in hand; nothing when the call was answered before.
    pub after: Option<Loaded>,
}

impl Done {
    /// Whether this is the answer to an earlier call.
    pub fn is_replayed(&self) -> bool {
        self.after.is_none()
    }
}

/// Does what a call asks for, or refuses in the order of the contract: not visible, role, form, replay,
/// version, state, content.
pub fn perform(tx: &mut AnyConnection, world: &World, call: &Call) -> Result<Done, Error> {
    let Some(loaded) = history::load(tx, call.petition)? else {
        // Who is nobody hears that first, whether the petition exists or not.
        caller::identify(tx, world, &call.caller)?;
        return Err(Error::NotFound);
    };
    let (person, roles) = caller::standing(tx, world, &call.caller, &loaded.case)?;
    if !roles.iter().any(|role| lifecycle::is_ever_for(call.action, *role)) {
        return Err(access::forbidden(call.action).into());
    }
    let request = call.request.as_ref().map_err(Error::again)?;
    let key = call.key.as_ref().map_err(Error::again)?.as_ref();
    if key.is_none() && !call.action.needs_version() {
        return Err(Error::IdempotencyKeyMissing);
    }
    if let Some(Replay { petition, sequence }) = idempotency::replay(tx, key)? {
        return Ok(Done { petition, sequence, after: None });
    }
    check_version(call, &loaded)?;
    let role = access::acting_role(&loaded.case, &roles, call.action)?;
    let actor = person.as_ref().map_or_else(Actor::citizen, |person| caller::actor(person, role));
    let after = carry_out(tx, world, &loaded, actor, request.clone(), &call.caller)?;
    let done = Replay { petition: after.case.id, sequence: after.case.sequence };
    idempotency::remember(tx, world, key, 200, done)?;
    Ok(Done { petition: done.petition, sequence: done.sequence, after: Some(after) })
}

fn check_version(call: &Call, loaded: &Loaded) -> Result<(), Error> {
    match call.seen {
        _ if !call.action.needs_version() => Ok(()),
        Seen::Nothing => Err(Error::PreconditionRequired),
        Seen::Version(version) if version == loaded.case.version => Ok(()),
        Seen::Version(_) | Seen::Foreign => Err(Error::Stale),
    }
}

fn carry_out(
    tx: &mut AnyConnection,
    world: &World,
    loaded: &Loaded,
    actor: Actor,
    request: Request,
    caller: &Caller,
) -> Result<Loaded, Error> {
    let Request { act, occurred_at, parts } = request;
    let part_ids: Vec<PetitionId> = parts.iter().map(|_| new_id()).collect();
    let act = with_parts(act, &part_ids, &parts, loaded.case.visibility);
    let known = known::look_up(tx, world, &loaded.case, &act, &actor, caller)?;
    let survivor = known.survivor.clone();
    let action = act.action();
    let calendar = world.calendar_at(tx, loaded.case.lead_or_intake())?;
    let context = Context {
        now: world.now,
        occurred_at,
        actor: actor.clone(),
        rules: world.rules(),
        calendar: &calendar,
        known,
    };
    if !parts.is_empty() {
        submission::check_parts(tx, &loaded.case, &parts)?;
    }
    let decision = decide(&loaded.case, act, &context)?;
    let for_citizen = actor.role == Role::Intake
        && action.is_some_and(|action| lifecycle::is_ever_for(action, Role::Citizen));
    let on_behalf_of = for_citizen.then(|| "citizen".to_owned());
    let after = history::append(tx, world, loaded, Entry { on_behalf_of, ..Entry::new(actor, decision) })?;
    if after.case.visibility != loaded.case.visibility {
        known::check_watch(tx, world, after.case.visibility, after.case.intake_agency)?;
    }
    submission::begin_parts(tx, world, loaded, after.case.last_event, &part_ids, &parts)?;
    settle_merge(tx, world, loaded, &after, survivor.map(|case| case.id))?;
    // What was over stays with an agency that was closed; open again it goes to the successor.
    let opened = after.case.state.is_open() && !loaded.case.state.is_open();
    if opened { succession::settle(tx, world, after) } else { Ok(after) }
}

/// A split names its parts before they exist, so that the parent's event can refer to them.
fn with_parts(act: Act, ids: &[PetitionId], parts: &[Part], own: Visibility) -> Act {
    match act {
        Act::Split(mut split) => {
            split.parts = ids.to_vec();
            split.visibility = parts.iter().map(|part| part.visibility(own)).max().unwrap_or(own);
            Act::Split(split)
        }
        other => other,
    }
}

/// Tells the survivor of a merge, and takes over the earlier deadlines; or takes both back.
fn settle_merge(
    tx: &mut AnyConnection,
    world: &World,
    before: &Loaded,
    after: &Loaded,
    survivor: Option<PetitionId>,
) -> Result<(), Error> {
    let left = before.case.merged_into.is_some() && after.case.merged_into.is_none();
    let other =
        if left { before.case.merged_into } else { after.case.merged_into.filter(|_| survivor.is_some()) };
    let Some(other) = other else { return Ok(()) };
    let survivor = history::load(tx, other)?.ok_or(Error::NotFound)?;
    let clocks = if left {
        vec![ClockOp::Uncap { from: after.case.id }]
    } else if survivor.case.state.is_open() {
        caps(world, before)
    } else {
        Vec::new()
    };
    let decision = Decision {
        act: Act::Survival(Survival { merged: after.case.id, left }),
        to: survivor.case.state,
        round: survivor.case.round,
        clocks,
        occurred_at: world.now.max(survivor.case.settled_at),
    };
    let entry = Entry::new(Actor::system(), decision).caused_by(after.case.last_event);
    history::append(tx, world, &survivor, entry)?;
    Ok(())
}

/// The due instants of the clocks that ran when a petition was merged.
fn caps(world: &World, merged: &Loaded) -> Vec<ClockOp> {
    let clocks = merged.case.clocks(world.rules(), world.calendar());
    let running = clocks
        .into_iter()
        .filter(|clock| clock.status == ClockStatus::Running && clock.round == merged.case.round);
    running
        .filter_map(|clock| {
            let due = clock.due?;
            Some(ClockOp::Cap { due_at: due.due_at, from: merged.case.id, stage: Some(clock.stage) })
        })
        .collect()
}
