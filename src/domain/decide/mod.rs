//! The decision: a case and an act come in, what happens comes out, or a refusal that changed nothing.

pub mod checks;
mod ending;
mod handling;
mod intake;
mod reply;

use checks::Checks;
pub use ending::closes_at;
pub(crate) use intake::check_instance;

use super::{
    act::Act,
    calendar::Calendar,
    clock::{Clock, ClockOp, ClockStatus},
    event::Actor,
    id::{AgencyId, OfficialId},
    lifecycle::{self, To},
    petition::Case,
    refusal::{FieldError, Refusal},
    rule::RuleBook,
    time::{Day, Instant},
    vocabulary::{Action, Basis, Kind, Provenance, Role, Stage, StartEvent, State, Visibility},
};
use jiff::tz::TimeZone;

/// What the act meets: the time, who acts, the rules and the calendar, and what was looked up beforehand.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub now: Instant,
    /// When it took effect, where the caller says so.
    pub occurred_at: Option<Instant>,
    pub actor: Actor,
    pub rules: &'a RuleBook,
    pub calendar: &'a Calendar,
    pub known: Known,
}

/// What a decision needs to know about others, looked up by the caller of [`decide`].
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The agency named as lead, with its head.
    pub agency: Option<KnownAgency>,
    /// The official named as responsible.
    pub person: Option<KnownPerson>,
    /// The agencies and persons named as supporting all exist and belong together.
    pub supporting_fit: bool,
    /// Those of them that exist.
    pub supporting: Vec<KnownSupport>,
    /// The agency that has the case now.
    pub holder: Option<KnownAgency>,
    /// The field named exists.
    pub field_exists: bool,
    /// The petition to merge into.
    pub survivor: Option<Box<Case>>,
    /// The author named for a revision exists.
    pub author_exists: bool,
    /// Whoever else is named exists: respondent, whoever is urged or promises something.
    pub named_exist: bool,
    /// The agencies that the acting official heads.
    pub heads: Vec<AgencyId>,
}

/// An agency that exists now.
#[derive(Debug, Clone)]
pub struct KnownAgency {
    pub id: AgencyId,
    pub head: Option<OfficialId>,
    /// The agency and everything above it.
    pub line: Vec<AgencyId>,
}

/// An official who can be held responsible.
#[derive(Debug, Clone)]
pub struct KnownPerson {
    pub id: OfficialId,
    pub agency: AgencyId,
    /// Holds a right to handle or approve at the agency in question.
    pub may_handle: bool,
    pub heads: Vec<AgencyId>,
}

/// An agency that helps, and the person it names.
#[derive(Debug, Clone)]
pub struct KnownSupport {
    pub agency: KnownAgency,
    pub person: Option<OfficialId>,
    /// The agencies that this person heads.
    pub heads: Vec<AgencyId>,
}

/// What happens.
#[derive(Debug, Clone)]
pub struct Decision {
    pub act: Act,
    pub to: State,
    pub round: u32,
    pub clocks: Vec<ClockOp>,
    pub occurred_at: Instant,
}

/// Decides on an act of the transition table, already known to be the actor's to do.
///
/// Refuses in this order: the table (409), guards (409), content (422).
pub fn decide(case: &Case, act: Act, context: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(action) = act.action() else {
        return Err(Refusal::guard("no_action", "Không phải là một bước xử lý.", "This is not an action."));
    };
    let row = lifecycle::find(case.state, action, context.actor.role)
        .ok_or(Refusal::IllegalMove { action, state: case.state })?;
    let fault = backdating_fault(case, action, context);
    let given = context.occurred_at.filter(|_| fault.is_none());
    let occurred_at = given.unwrap_or(context.now.max(case.settled_at));
    let to = match row.to {
        To::State(state) => state,
        To::Stays => case.state,
        To::Back => case.came_from.unwrap_or(case.state),
    };
    let clocks = case.clocks(context.rules, context.calendar);
    let turn = Turn { case, context, at: occurred_at, clocks };
    let plan = Decision { act, to, round: case.round, clocks: Vec::new(), occurred_at };
    let decided = match plan.act {
        Act::Classification(_)
        | Act::Reclassification(_)
        | Act::Correction(_)
        | Act::SupplementRequest(_)
        | Act::Supplement(_)
        | Act::SupplementWaiver(_)
        | Act::Split(_)
        | Act::Merge(_)
        | Act::MergeReversal(_) => turn.intake(plan),
        Act::Assignment(_)
        | Act::Transfer(_)
        | Act::Handover(_)
        | Act::Decline(_)
        | Act::Acceptance(_)
        | Act::Suspension(_)
        | Act::Resumption(_)
        | Act::Extension(_)
        | Act::ProgressNote(_)
        | Act::Urging(_)
        | Act::Escalation(_) => turn.handling(plan),
        Act::ReplyDraft(_)
        | Act::ReplySubmission(_)
        | Act::ReplyReturn(_)
        | Act::ReplyApproval(_)
        | Act::ReplyRevision(_)
        | Act::Publication(_)
        | Act::Takedown(_)
        | Act::Delivery(_)
        | Act::Rating(_) => turn.reply(plan),
        _ => turn.ending(plan),
    };
    match (decided, fault) {
        (Ok(_), Some(fault)) => Err(Refusal::Invalid(vec![fault])),
        (Err(Refusal::Invalid(mut errors)), Some(fault)) => {
            errors.push(fault);
            Err(Refusal::Invalid(errors))
        }
        (decided, _) => decided,
    }
}

/// What is wrong with a stated time of effect: only what happens outside may be recorded afterwards, never before
/// the latest change, so that the fold runs in sequence order.
fn backdating_fault(case: &Case, action: Action, context: &Context<'_>) -> Option<FieldError> {
    let given = context.occurred_at?;
    let on_paper =
        matches!(action, Action::Supplement | Action::Withdrawal) && context.actor.role == Role::Intake;
    let later = matches!(
        action,
        Action::Acceptance | Action::Forwarding | Action::ForwardingResult | Action::Delivery
    );
    let fault = |code, vi: String, en: String| Some(FieldError::new("/occurred_at", code, vi, en));
    if !(later || on_paper) {
        return fault(
            "not_allowed",
            "Việc này có hiệu lực khi được ghi nhận; không thể ghi lùi thời điểm.".to_owned(),
            "This takes effect when it is recorded; it cannot be dated back.".to_owned(),
        );
    }
    if given > context.now {
        return fault(
            "in_the_future",
            "Thời điểm không được ở tương lai.".to_owned(),
            "The time must not be in the future.".to_owned(),
        );
    }
    if given < case.settled_at {
        return fault(
            "before_last_change",
            format!("Thời điểm không được trước lần thay đổi gần nhất ({}).", case.settled_at),
            format!("The time must not be before the latest change ({}).", case.settled_at),
        );
    }
    None
}

/// One decision in the making.
struct Turn<'a> {
    case: &'a Case,
    context: &'a Context<'a>,
    at: Instant,
    /// Folded once: a decision asks them many times.
    clocks: Vec<Clock>,
}

impl Turn<'_> {
    fn live(&self, stage: Stage) -> Option<Clock> {
        let own = self.clocks.iter().find(|clock| {
            clock.stage == stage && clock.round == self.case.round && clock.status == ClockStatus::Running
        });
        own.cloned()
    }

    fn zone(&self) -> &TimeZone {
        self.context.calendar.zone()
    }

    /// Starts a stage's clock by the rule that fits the case, if there is one.
    fn start(&self, case: &Case, stage: Stage, at: Instant) -> Option<ClockOp> {
        let rule = self.context.rules.select(stage, &case.traits(), at.day(self.zone()))?;
        Some(ClockOp::start(case.round, stage, at, rule, self.context.calendar))
    }

    /// Selects the rules again after the case's traits changed; each clock counts on from its original start.
    fn reselect(&self, changed: &Case, basis: Option<Day>) -> Vec<ClockOp> {
        [Stage::Intake, Stage::Resolution, Stage::Forwarding]
            .into_iter()
            .flat_map(|stage| self.reselect_stage(changed, stage, basis))
            .collect()
    }

    fn reselect_stage(&self, changed: &Case, stage: Stage, basis: Option<Day>) -> Vec<ClockOp> {
        let live = self.live(stage);
        if live.as_ref().is_some_and(|clock| clock.basis != Basis::Rule) {
            return Vec::new();
        }
        // Backfill without a clock stays without one; what was accepted no longer waits for intake or forwarding.
        let backfill = changed.provenance == Provenance::Imported && changed.round == 1;
        let behind = changed.accepted_at.is_some() && stage != Stage::Resolution;
        if live.is_none() && (backfill || behind) {
            return Vec::new();
        }
        let on = live.as_ref().map_or(changed.round_from, |clock| clock.started_at).day(self.zone());
        let Some(rule) = self.context.rules.select(stage, &changed.traits(), on) else {
            return live.map(|_| ClockOp::Withdraw { stage }).into_iter().collect();
        };
        let basis = basis.or(changed.basis_on).map(|day| day.start(self.zone()));
        let start = match rule.start_event {
            _ if changed.round > 1 => Some(changed.round_from),
            StartEvent::Receipt => Some(changed.received_at),
            // A rule that counts from a document nobody named counts from the acceptance instead.
            StartEvent::BasisDocument => basis.or(changed.accepted_at),
            StartEvent::Acceptance => changed.accepted_at,
            StartEvent::Answer | StartEvent::Request => None,
        };
        let begin = |at| ClockOp::start(changed.round, stage, at, rule, self.context.calendar);
        let former = live.as_ref().and_then(|clock| clock.rule.as_deref());
        let same_event = former
            .and_then(|former| self.context.rules.get(former))
            .is_some_and(|former| former.start_event == rule.start_event);
        match (&live, start) {
            (Some(clock), start)
                if start.is_none_or(|at| at == clock.started_at) && (same_event || start.is_some()) =>
            {
                let changes = former != Some(rule.id.as_str());
                changes.then(|| ClockOp::Select { stage, rule: rule.id.clone() }).into_iter().collect()
            }
            (Some(_), None) => vec![ClockOp::Withdraw { stage }],
            (Some(_), Some(at)) => vec![ClockOp::Withdraw { stage }, begin(at)],
            (None, start) => {
                let ended =
                    self.clocks.iter().any(|clock| clock.stage == stage && clock.round == changed.round);
                start.filter(|_| !ended).map(begin).into_iter().collect()
            }
        }
    }

    /// What an end does to the clocks: these stages are met, the other stoppable ones stop without result.
    fn end(&self, met: &[Stage]) -> Vec<ClockOp> {
        let reached = met.iter().filter(|stage| self.live(**stage).is_some());
        let mut ops: Vec<ClockOp> =
            reached.map(|stage| ClockOp::Meet { stage: *stage, at: self.at }).collect();
        ops.push(ClockOp::Stop { at: self.at, stages: None });
        ops
    }

    /// For denunciations and second-instance complaints: never the respondent, never a unit he heads (LTC 12, LKN 7).
    fn guard_respondent(
        &self,
        agency: Option<&KnownAgency>,
        persons: &[(OfficialId, &[AgencyId])],
    ) -> Result<(), Refusal> {
        if !is_barred(self.case, agency, persons) {
            return Ok(());
        }
        Err(Refusal::guard(
            "respondent",
            "Người bị tố cáo, bị khiếu nại và đơn vị do người đó đứng đầu không được xử lý đơn này.",
            "The respondent, and a unit he heads, may not handle this petition.",
        ))
    }

    /// The guard on whoever acts himself.
    fn guard_actor(&self) -> Result<(), Refusal> {
        let official = self.context.actor.official;
        let persons: Vec<_> =
            official.map(|official| (official, self.context.known.heads.as_slice())).into_iter().collect();
        self.guard_respondent(None, &persons)
    }

    /// The guard on the agency that has the case: it may be headed by the respondent since it was assigned.
    fn guard_holder(&self) -> Result<(), Refusal> {
        self.guard_actor()?;
        self.guard_respondent(self.context.known.holder.as_ref(), &[])
    }
}

/// Whether an agency, or one of these persons with the agencies that each heads, may not handle a case because it is
/// against them: only denunciations and second-instance complaints bar anybody (LTC 12, LKN 7).
pub fn is_barred(case: &Case, agency: Option<&KnownAgency>, persons: &[(OfficialId, &[AgencyId])]) -> bool {
    let bound = case.kind == Kind::Denunciation || (case.kind == Kind::Complaint && case.instance == Some(2));
    let Some(respondent) = case.respondent.filter(|_| bound) else { return false };
    let person_hit = persons.iter().any(|(person, heads)| {
        respondent.official_id == Some(*person)
            || respondent.agency_id.is_some_and(|accused| heads.contains(&accused))
    });
    let agency_hit = agency.is_some_and(|agency| {
        respondent.agency_id == Some(agency.id)
            || (agency.head.is_some() && agency.head == respondent.official_id)
    });
    person_hit || agency_hit
}

/// The visibility a kind has unless somebody decides otherwise (domain facts §1.8).
pub fn default_visibility(kind: Kind) -> Visibility {
    match kind {
        Kind::Denunciation => Visibility::Restricted,
        Kind::Complaint => Visibility::PartiesOnly,
        _ => Visibility::PublicRedacted,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(in crate::domain) use tests::story_of;
