//! Reminders: which are due on a petition, for whom, and when they may be delivered.
//!
//! A threshold names a moment of a clock and a level: the responsible person, then the head, then the superior. Each
//! level hears once of each clock (petition, round, stage), inside the working hours that it counts by; a clock that rests waits, one that
//! was met or stopped never reminds. Nothing here knows who holds which post.

use super::{
    calendar::{Calendar, Due},
    clock::{Clock, ClockStatus, Ledger, PROCEDURE},
    id::AgencyId,
    petition::Case,
    refusal::{FieldError, Refusal},
    rule::RuleBook,
    time::{Day, Instant},
    vocabulary::{Anchor, Code, Provenance, ReminderLevel, Stage, Unit},
};

/// The longest way from the due instant, in the threshold's unit.
const MOST: u32 = 1_000;

/// When a level is reminded of the clocks of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    pub code: String,
    /// Nothing: every stage of the procedure.
    pub stage: Option<Stage>,
    pub level: ReminderLevel,
    pub anchor: Anchor,
    /// Percent of the time, or so many of `unit`.
    pub amount: u32,
    /// Nothing for a share.
    pub unit: Option<Unit>,
    /// Where it is written; `policy` where no law says so.
    pub legal_basis: String,
    pub effective_from: Option<Day>,
    /// The first day on which it is no longer in force.
    pub effective_to: Option<Day>,
}

/// A reminder that has not been given yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    pub stage: Stage,
    pub level: ReminderLevel,
    /// The code of the threshold.
    pub threshold: String,
    pub due: Due,
    /// When the threshold is reached.
    reached_at: Instant,
    /// A rest of the clock in which nobody is reminded; it ends by itself.
    rest: Option<(Instant, Instant)>,
    /// The line of agencies whose office hours the clock counts by; empty where the general ones count.
    offices: Vec<AgencyId>,
}

impl Threshold {
    /// Whether a clock that began on a day runs by it: like a deadline rule, the version in force at the start.
    pub fn fits(&self, stage: Stage, started_on: Day) -> bool {
        self.stage.is_none_or(|own| own == stage)
            && self.effective_from.is_none_or(|from| from <= started_on)
            && self.effective_to.is_none_or(|to| started_on < to)
    }

    /// The first day on which this and another could both speak to one level of one clock (nothing: since ever).
    fn meets(&self, other: &Self) -> Option<Option<Day>> {
        let stages = self.stage.is_none() || other.stage.is_none() || self.stage == other.stage;
        let from = self.effective_from.max(other.effective_from);
        let before = |to: Option<Day>| to.is_none_or(|to| from.map_or(to > Day::FIRST, |from| from < to));
        let both = self.level == other.level && stages && self.is_ever() && other.is_ever();
        (both && before(self.effective_to) && before(other.effective_to)).then_some(from)
    }

    /// Whether there is a day on which it is in force.
    fn is_ever(&self) -> bool {
        self.effective_from.zip(self.effective_to).is_none_or(|(from, to)| from < to)
    }

    /// Refuses what cannot be, and what speaks to a level of a clock to which another speaks already.
    pub fn check(&self, others: &[Self]) -> Result<(), Refusal> {
        let mut errors = Vec::new();
        let mut fault = |holds: bool, pointer: &str, code, vi: &str, en: &str| {
            if !holds {
                errors.push(FieldError::new(pointer, code, vi, en));
            }
        };
        fault(
            self.stage.is_none_or(|stage| PROCEDURE.contains(&stage)),
            "/stage",
            "not_in_the_procedure",
            "Chỉ nhắc được khi đơn còn mở: thụ lý, giải quyết, chuyển đơn.",
            "Only while a petition is open can somebody be reminded: intake, resolution, forwarding.",
        );
        let share = self.anchor == Anchor::ShareUsed;
        fault(
            self.unit.is_none() == share,
            "/unit",
            "unit_does_not_fit",
            "share_used tính bằng phần trăm, không có unit; các mốc khác cần unit.",
            "share_used is counted in percent and has no unit; the other anchors need one.",
        );
        let (most, vi, en) = if share {
            (99, "Cần từ 1 đến 99 phần trăm.", "Needs 1 to 99 percent.")
        } else {
            (MOST, "Cần từ 0 đến 1000.", "Needs 0 to 1000.")
        };
        fault(self.amount <= most && (!share || self.amount > 0), "/amount", "out_of_range", vi, en);
        fault(
            self.effective_from.zip(self.effective_to).is_none_or(|(from, to)| from <= to),
            "/effective_to",
            "before_the_beginning",
            "Ngày hết hiệu lực không được trước ngày bắt đầu.",
            "It must not end before it begins.",
        );
        let met = others.iter().find_map(|other| Some((other, self.meets(other)?)));
        if let Some((other, from)) = met {
            let since =
                |language: &str, ever: &str| from.map_or(ever.to_owned(), |day| format!("{language} {day}"));
            errors.push(FieldError::new(
                "/effective_from",
                "overlaps",
                format!(
                    "Trùng với mốc nhắc «{}» cùng mức và giai đoạn {}; hãy kết thúc mốc đó trước hoặc chọn ngày khác.",
                    other.code,
                    since("từ", "từ trước đến nay"),
                ),
                format!(
                    "Overlaps with “{}”, which reminds the same level of the same stage {}; end that one first, or choose other days.",
                    other.code,
                    since("from", "since ever"),
                ),
            ));
        }
        if errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(errors)) }
    }

    fn reached_at(
        &self,
        ledger: &Ledger<'_>,
        clock: &Clock,
        due: Due,
        calendar: &Calendar,
    ) -> Option<Instant> {
        let unit = self.unit.unwrap_or(Unit::WorkingDays);
        match self.anchor {
            Anchor::ShareUsed => {
                ledger.used_at(clock.round, clock.stage, u8::try_from(self.amount).unwrap_or(100))
            }
            Anchor::BeforeDue => Some(calendar.earlier(due.due_at, self.amount, unit)),
            Anchor::AfterDue => Some(calendar.later(due.due_at, self.amount, unit)),
            Anchor::AfterStart => Some(calendar.later(clock.started_at, self.amount, unit).max(due.due_at)),
        }
    }
}

impl Reminder {
    /// When it may be delivered first, from its own moment on.
    pub fn deliverable_at(&self, calendar: &Calendar) -> Instant {
        self.next(calendar, self.reached_at)
    }

    /// When it may be delivered first, not before an instant: inside working hours, and not while its clock rests.
    pub fn next(&self, calendar: &Calendar, now: Instant) -> Instant {
        let calendar = calendar.with_hours_of(&self.offices);
        let at = calendar.opening(self.reached_at.max(now));
        match self.rest {
            Some((from, until)) if (from..until).contains(&at) => calendar.opening(until),
            _ => at,
        }
    }

    /// Whether it may be delivered now.
    pub fn is_due(&self, calendar: &Calendar, now: Instant) -> bool {
        self.next(calendar, now) == now
    }
}

/// The reminders that are still to come on a petition, in the order in which their levels climb.
///
/// Backfill is silent: what was taken over from another system reminds nobody.
pub fn pending(
    case: &Case,
    thresholds: &[Threshold],
    rules: &RuleBook,
    calendar: &Calendar,
) -> Vec<Reminder> {
    if !case.state.is_open() || case.provenance == Provenance::Imported {
        return Vec::new();
    }
    let mut ledger = Ledger::new(rules, calendar);
    ledger.extend(&case.clock_ops);
    let clocks = ledger.clocks();
    let live = |clock: &&Clock| {
        clock.status == ClockStatus::Running && clock.round == case.round && PROCEDURE.contains(&clock.stage)
    };
    let mut all = Vec::new();
    for clock in clocks.iter().filter(live) {
        let Some(due) = clock.due else { continue };
        let offices = ledger.offices(clock.round, clock.stage);
        let calendar = &*calendar.with_hours_of(offices);
        let started_on = clock.started_at.day(calendar.zone());
        for level in ReminderLevel::ALL {
            if case.reminded.contains(&(clock.round, clock.stage, *level)) {
                continue;
            }
            let fits = |own: &&Threshold| own.level == *level && own.fits(clock.stage, started_on);
            let Some(threshold) = thresholds.iter().find(fits) else { continue };
            let Some(reached_at) = threshold.reached_at(&ledger, clock, due, calendar) else { continue };
            let rest = clock.hold.and_then(|hold| Some((hold.from, hold.until?)));
            let (stage, level, code) = (clock.stage, *level, threshold.code.clone());
            let offices = offices.to_vec();
            all.push(Reminder { stage, level, threshold: code, due, reached_at, rest, offices });
        }
    }
    all
}

/// When a petition must be looked at next: the first moment at which one of its reminders may be delivered.
pub fn next_look(
    case: &Case,
    thresholds: &[Threshold],
    rules: &RuleBook,
    calendar: &Calendar,
) -> Option<Instant> {
    let pending = pending(case, thresholds, rules, calendar);
    pending.iter().map(|reminder| reminder.deliverable_at(calendar)).min()
}

#[cfg(test)]
#[path = "escalation_tests.rs"]
mod tests;
