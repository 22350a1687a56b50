//! The fold: each entry changes the facts of the clocks it speaks of, and nothing is derived before it is asked for.

use super::{
    Clock, ClockOp, ClockStatus, PROCEDURE,
    track::{Fixed, Measure, Pause, Track, fixed_due},
};
use std::borrow::Cow;

use crate::domain::{
    calendar::{Calendar, Due},
    id::AgencyId,
    rule::{Rule, RuleBook},
    time::Instant,
    vocabulary::{OnSupplement, Stage},
};

/// The facts of a petition's clocks after some entries. An entry that names a rule not in the book, or opens a clock in
/// a round before the one opened last, changes nothing.
#[derive(Debug, Clone)]
pub struct Ledger<'a> {
    book: &'a RuleBook,
    calendar: &'a Calendar,
    tracks: Vec<Track<'a>>,
    /// The round opened last.
    round: u32,
    /// Round and stage of the clocks that the latest stop ended, or that were met with it.
    stopped: Vec<(u32, Stage)>,
    /// The version of the calendar by which clocks count that start now.
    version: u32,
    /// Since when.
    since: Option<Instant>,
}

impl<'a> Ledger<'a> {
    /// An empty ledger.
    pub fn new(book: &'a RuleBook, calendar: &'a Calendar) -> Self {
        Self { book, calendar, tracks: Vec::new(), round: 0, stopped: Vec::new(), version: 1, since: None }
    }
    /// The clocks after these entries.
    pub fn fold<'o>(
        ops: impl IntoIterator<Item = &'o ClockOp>,
        book: &RuleBook,
        calendar: &Calendar,
    ) -> Vec<Clock> {
        let mut ledger = Ledger::new(book, calendar);
        ledger.extend(ops);
        ledger.clocks()
    }
    /// Takes in further entries, in their order.
    pub fn extend<'o>(&mut self, ops: impl IntoIterator<Item = &'o ClockOp>) {
        ops.into_iter().for_each(|op| self.apply(op));
    }
    /// The clocks as they stand, by round and stage.
    pub fn clocks(&self) -> Vec<Clock> {
        let mut clocks: Vec<Clock> = self.shown().map(Track::clock).collect();
        clocks.sort_by_key(|clock| (clock.round, clock.stage));
        clocks
    }

    /// When so many percent of a clock's time, pauses left out, are used; nothing while nobody knows its end.
    pub fn used_at(&self, round: u32, stage: Stage, percent: u8) -> Option<Instant> {
        let track = self.shown().find(|track| track.round == round && track.stage == stage)?;
        track.used_at(percent)
    }

    /// The line of agencies whose office hours a clock counts by; empty where the general ones count.
    pub fn offices(&self, round: u32, stage: Stage) -> &[AgencyId] {
        let own = self.shown().find(|track| track.round == round && track.stage == stage);
        own.map(|track| track.calendar.line()).unwrap_or_default()
    }

    /// Takes in one entry.
    pub fn apply(&mut self, op: &ClockOp) {
        let calendar = self.calendar;
        match op {
            ClockOp::Start { round, stage, at, rule, first_due, offices } => {
                self.start(*round, *stage, *at, rule, *first_due, offices);
            }
            ClockOp::Stated { round, stage, at, due_at } => {
                let due = fixed_due(calendar, *due_at);
                self.give(*round, *stage, *at, due, Measure::Stated);
            }
            ClockOp::Decided { round, stage, at, due_on } => {
                let due = fixed_due(calendar, due_on.end(calendar.zone()));
                self.give(*round, *stage, *at, due, Measure::Decided);
            }
            ClockOp::Select { stage, rule } => self.select(*stage, rule),
            ClockOp::Withdraw { stage } => self.withdraw(*stage),
            ClockOp::Extend { stage, amount, rule } => self.extend_amount(*stage, *amount, rule.as_deref()),
            ClockOp::Pause { at, until } => self.procedure().for_each(|track| track.pause(*at, *until)),
            ClockOp::Resume { at } => self.procedure().for_each(|track| track.resume(*at)),
            ClockOp::Restart { at } => self.restart(*at),
            ClockOp::Meet { stage, at } => self.meet(*stage, *at),
            ClockOp::Stop { at, stages } => self.stop(*at, stages.as_deref().unwrap_or(&PROCEDURE)),
            ClockOp::Unstop => self.unstop(),
            ClockOp::Cap { due_at, from, stage } => self
                .running()
                .filter(|track| stage.is_none_or(|stage| stage == track.stage))
                .for_each(|track| track.caps.push((*from, Fixed { at: *due_at, after: track.pauses.len() }))),
            ClockOp::Uncap { from } => {
                self.tracks.iter_mut().for_each(|track| track.caps.retain(|(by, _)| by != from));
            }
            ClockOp::Recalculate { calendar, at } => self.recalculate(*calendar, *at),
        }
    }

    /// The calendar by which a clock would count that starts now, beside those that run.
    pub fn calendar(&self) -> Cow<'a, Calendar> {
        self.in_force(self.tracks.last().map(|track| track.calendar.line()).unwrap_or_default())
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = &Track<'a>> {
        self.tracks.iter().filter(|track| !track.withdrawn)
    }

    /// The running clocks of the round opened last.
    fn running(&mut self) -> impl Iterator<Item = &mut Track<'a>> {
        let round = self.round;
        self.tracks.iter_mut().filter(move |track| {
            track.round == round && !track.withdrawn && track.status == ClockStatus::Running
        })
    }
    fn procedure(&mut self) -> impl Iterator<Item = &mut Track<'a>> {
        self.running().filter(|track| PROCEDURE.contains(&track.stage))
    }
    /// The calendar by which clocks count that start now, with the office hours of a line of agencies.
    fn in_force(&self, offices: &[AgencyId]) -> Cow<'a, Calendar> {
        self.calendar.edition(self.version).with_hours_of(offices)
    }
    fn rule(&self, id: &str) -> Option<&'a Rule> {
        self.book.get(id)
    }
    fn find(&mut self, round: u32, stage: Stage) -> Option<&mut Track<'a>> {
        self.tracks.iter_mut().find(|track| track.round == round && track.stage == stage)
    }

    fn start(
        &mut self,
        round: u32,
        stage: Stage,
        at: Instant,
        rule: &str,
        first_due: Option<Due>,
        offices: &[AgencyId],
    ) {
        let Some(rule) = self.rule(rule).filter(|_| round >= self.round) else { return };
        let calendar = self.in_force(offices);
        let due = first_due.unwrap_or_else(|| calendar.due(at, rule.amount, rule.unit));
        let measure = Measure::Rule { rule, amount: rule.amount, extended_from: None };
        if let Some(track) = self.find(round, stage)
            && !track.withdrawn
            && (track.status == ClockStatus::Running
                || (track.status == ClockStatus::Met && PROCEDURE.contains(&stage)))
        {
            return;
        }
        self.open(round, stage, at, due, measure, calendar);
    }

    /// A given end opens a clock, or replaces the end of a running one; an ended one stays as it ended.
    fn give(&mut self, round: u32, stage: Stage, at: Instant, due: Due, measure: fn(Fixed) -> Measure<'a>) {
        if round < self.round {
            return;
        }
        let calendar = self.in_force(&[]);
        match self.find(round, stage) {
            Some(track) if track.withdrawn => {
                self.open(round, stage, at, due, measure(Fixed { at: due.due_at, after: 0 }), calendar);
            }
            Some(track) if track.status == ClockStatus::Running => {
                track.measure = measure(Fixed { at: due.due_at, after: track.pauses.len() });
            }
            Some(_) => {}
            None => self.open(round, stage, at, due, measure(Fixed { at: due.due_at, after: 0 }), calendar),
        }
    }

    /// A fresh clock. In the procedure it keeps the first promise of the one it follows; a further delivery,
    /// publication or reconsideration makes a promise of its own.
    fn open(
        &mut self,
        round: u32,
        stage: Stage,
        at: Instant,
        due: Due,
        measure: Measure<'a>,
        calendar: Cow<'a, Calendar>,
    ) {
        self.round = self.round.max(round);
        let former = self.tracks.iter().position(|track| track.round == round && track.stage == stage);
        let former = former.map(|position| self.tracks.remove(position));
        let kept = former.filter(|_| PROCEDURE.contains(&stage)).map(|track| track.first_due);
        self.tracks.push(Track {
            round,
            stage,
            measure,
            calendar,
            started_at: at,
            counted_from: at,
            pauses: Vec::new(),
            caps: Vec::new(),
            first_due: kept.unwrap_or(due),
            status: ClockStatus::Running,
            ended_at: None,
            withdrawn: false,
        });
    }

    fn select(&mut self, stage: Stage, rule: &str) {
        let Some(chosen) = self.rule(rule) else { return };
        let fresh = self.in_force(&[]);
        for track in self.running().filter(|track| track.stage == stage) {
            match track.measure {
                Measure::Rule { rule, .. } if rule.id != chosen.id => {
                    track.measure =
                        Measure::Rule { rule: chosen, amount: chosen.amount, extended_from: None };
                    track.count_by(fresh.clone());
                }
                _ => {}
            }
        }
    }

    fn withdraw(&mut self, stage: Stage) {
        for track in self.running().filter(|track| track.stage == stage) {
            track.withdrawn = matches!(track.measure, Measure::Rule { .. });
        }
    }

    fn extend_amount(&mut self, stage: Stage, amount: u32, by: Option<&str>) {
        let by = by.and_then(|id| self.rule(id));
        let fresh = self.in_force(&[]);
        for track in self.running().filter(|track| track.stage == stage) {
            if let Measure::Rule { rule, amount: before, .. } = track.measure {
                let rule = by.unwrap_or(rule);
                track.measure = Measure::Rule { rule, amount, extended_from: Some(before) };
                track.count_by(fresh.clone());
            }
        }
    }

    /// Delivery, publication and reconsideration of an earlier round may still be met; its procedure is frozen.
    fn meet(&mut self, stage: Stage, at: Instant) {
        let round = self.round;
        let open = self.tracks.iter_mut().filter(|track| {
            track.stage == stage
                && track.status == ClockStatus::Running
                && !track.withdrawn
                && (track.round == round || !PROCEDURE.contains(&stage))
        });
        if let Some(track) = open.max_by_key(|track| track.round) {
            (track.status, track.ended_at) = (ClockStatus::Met, Some(at));
        }
    }

    fn stop(&mut self, at: Instant, stages: &[Stage]) {
        // What one act met and stopped together (a merge meets intake) is taken back together.
        let round = self.round;
        let met = self.tracks.iter().filter(|track| track.round == round && track.ended_at == Some(at));
        let mut stopped: Vec<_> = met.map(|track| (track.round, track.stage)).collect();
        for track in self.running().filter(|track| stages.contains(&track.stage)) {
            (track.status, track.ended_at) = (ClockStatus::Stopped, Some(at));
            stopped.push((track.round, track.stage));
        }
        self.stopped = stopped;
    }

    fn unstop(&mut self) {
        let (fresh, since) = (self.in_force(&[]), self.since);
        for (round, stage) in std::mem::take(&mut self.stopped) {
            if let Some(track) = self.find(round, stage) {
                (track.status, track.ended_at) = (ClockStatus::Running, None);
                // As if it had never stopped: what moved the running clocks meanwhile moves this one.
                if since.is_some_and(|since| !track.is_past(since)) {
                    track.count_by(fresh.clone());
                }
            }
        }
    }

    fn restart(&mut self, at: Instant) {
        let fresh = self.in_force(&[]);
        self.procedure().for_each(|track| track.restart(at, fresh.clone()));
    }

    /// Of every round: what is met after its round, such as a delivery, counts on too.
    fn recalculate(&mut self, version: u32, at: Instant) {
        (self.version, self.since) = (version, Some(at));
        let fresh = self.in_force(&[]);
        let running = |track: &&mut Track<'a>| !track.withdrawn && track.status == ClockStatus::Running;
        for track in self.tracks.iter_mut().filter(running).filter(|track| !track.is_past(at)) {
            track.count_by(fresh.clone());
        }
    }
}

impl<'a> Track<'a> {
    /// Counts by another version of the calendar; whose office hours count stays as it was.
    fn count_by(&mut self, calendar: Cow<'a, Calendar>) {
        self.calendar = match self.calendar.line() {
            [] => calendar,
            line => Cow::Owned(calendar.at(line)),
        };
    }

    /// Whether it was due at an instant, or before.
    fn is_past(&self, at: Instant) -> bool {
        self.standing().due.is_some_and(|due| due.due_at <= at)
    }

    /// Begins to rest; a pause within a pause lasts as long as the longer of the two.
    fn pause(&mut self, at: Instant, until: Option<Instant>) {
        let from = at.max(self.counted_from);
        if let Some(last) = self.pauses.last_mut() {
            let end = last.end();
            if end.is_none_or(|end| end > from) {
                last.until = end.zip(until).map(|(end, until)| end.max(until));
                last.resumed = None;
                return;
            }
        }
        if until.is_none_or(|until| until > from) {
            self.pauses.push(Pause { from, until, resumed: None });
        }
    }

    fn resume(&mut self, at: Instant) {
        if let Some(last) = self.pauses.last_mut()
            && last.resumed.is_none()
            && last.until.is_none_or(|until| at < until)
        {
            last.resumed = Some(at.max(last.from));
        }
    }

    fn restart(&mut self, at: Instant, calendar: Cow<'a, Calendar>) {
        let restarts =
            matches!(self.measure, Measure::Rule { rule, .. } if rule.on_supplement == OnSupplement::Restart);
        if !restarts || self.is_past(at) {
            return self.resume(at);
        }
        self.count_by(calendar);
        self.counted_from = at.max(self.counted_from);
        self.pauses.clear();
        self.caps.iter_mut().for_each(|(_, cap)| cap.after = 0);
    }
}
