//! Decisions while it is handled: who has it, acceptance, rest, more time, notes.

use super::{
    Checks, Decision, KnownPerson, Turn,
    checks::{MANY, REASON},
};
use crate::domain::{
    act::{Act, Assignment, Decline, Escalation, Extension, Handover, Support, Suspension, Transfer, Urging},
    clock::ClockOp,
    id::OfficialId,
    refusal::Refusal,
    time::Day,
    vocabulary::{Complexity, Kind, Stage},
};

impl Turn<'_> {
    pub(super) fn handling(&self, mut plan: Decision) -> Result<Decision, Refusal> {
        match &mut plan.act {
            Act::Assignment(facts) => plan.clocks = self.assign(facts)?,
            Act::Transfer(facts) => self.transfer(facts)?,
            Act::Handover(facts) => self.hand_over(facts)?,
            Act::Decline(facts) => self.decline(facts)?,
            Act::Acceptance(facts) => {
                self.guard_holder()?;
                let mut checks = Checks::default();
                checks.optional_document("/document", facts.document.as_ref(), self.this_day());
                checks.finish()?;
                plan.clocks = self.accept();
            }
            Act::Suspension(facts) => {
                self.suspend(facts)?;
                plan.clocks = vec![ClockOp::Pause { at: self.at, until: None }];
            }
            Act::Resumption(facts) => {
                let mut checks = Checks::default();
                checks.optional_document("/document", facts.document.as_ref(), self.this_day());
                checks.finish()?;
                plan.clocks = vec![ClockOp::Resume { at: self.at }];
            }
            Act::Extension(facts) => plan.clocks = self.extend(facts)?,
            Act::ProgressNote(facts) => {
                let mut checks = Checks::default();
                checks.text("/text", &facts.text, REASON);
                checks.require(
                    facts.answers.is_none_or(|urging| self.case.urgings.contains(&urging)),
                    "/answers",
                    "unknown",
                    "Không có lần đôn đốc này ở đơn này.",
                    "There is no such urging on this petition.",
                );
                checks.finish()?;
            }
            Act::Urging(facts) => self.urge(facts)?,
            Act::Escalation(facts) => self.escalate(facts)?,
            _ => {}
        }
        Ok(plan)
    }

    pub(super) fn this_day(&self) -> Day {
        self.context.now.day(self.zone())
    }

    /// A reminder comes once for each clock and level, while the clock runs.
    fn escalate(&self, facts: &Escalation) -> Result<(), Refusal> {
        if self.case.reminded.contains(&(self.case.round, facts.stage, facts.level)) {
            return Err(Refusal::guard(
                "already_reminded",
                "Đã nhắc ở mức này cho thời hạn này.",
                "This level was reminded of this clock already.",
            ));
        }
        if self.live(facts.stage).is_none() {
            return Err(Refusal::guard("no_clock", "Thời hạn không còn chạy.", "This clock runs no more."));
        }
        Ok(())
    }

    /// An urging says whom it urges: the agency that has the case, unless it names somebody.
    fn urge(&self, facts: &mut Urging) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.text("/text", &facts.text, REASON);
        checks.require(
            self.context.known.named_exist,
            if facts.agency_id.is_some() { "/agency_id" } else { "/official_id" },
            "unknown",
            "Không có cơ quan hoặc cán bộ này.",
            "There is no such agency or official.",
        );
        checks.finish()?;
        if facts.agency_id.is_none() && facts.official_id.is_none() {
            facts.agency_id = Some(self.case.lead_or_intake());
        }
        Ok(())
    }

    fn assign(&self, facts: &Assignment) -> Result<Vec<ClockOp>, Refusal> {
        let running = [Stage::Resolution, Stage::Intake].into_iter().any(|stage| self.live(stage).is_some());
        if !running && facts.due_on.is_none() {
            return Err(Refusal::guard(
                "no_deadline",
                "Đơn chưa có hạn giải quyết: hãy nêu due_on khi giao.",
                "The petition has no deadline: give due_on with the assignment.",
            ));
        }
        if running && facts.due_on.is_some() {
            return Err(Refusal::guard(
                "deadline_by_rule",
                "Đơn đã có hạn theo quy định; không đặt due_on khi giao.",
                "The petition already has its deadline; due_on is not taken.",
            ));
        }
        let mut checks = Checks::default();
        checks.require(
            facts.due_on.is_none_or(|due_on| due_on >= self.this_day()),
            "/due_on",
            "in_the_past",
            "Hạn không được ở quá khứ.",
            "The deadline must not be in the past.",
        );
        self.check_holder(facts.responsible_id, &facts.supporting, checks)?;
        let decided = facts.due_on.map(|due_on| ClockOp::Decided {
            round: self.case.round,
            stage: Stage::Resolution,
            at: self.at,
            due_on,
        });
        Ok(decided.into_iter().collect())
    }

    /// The lead agency and the responsible person: they exist, belong together, and are not the respondent.
    fn check_holder(
        &self,
        person: OfficialId,
        supporting: &[Support],
        mut checks: Checks,
    ) -> Result<(), Refusal> {
        let known = &self.context.known;
        let named = known.person.as_ref();
        let heads = named.map_or(&[][..], |named| named.heads.as_slice());
        self.guard_actor()?;
        self.guard_respondent(known.agency.as_ref(), &[(person, heads)])?;
        for support in &known.supporting {
            let person = support.person.map(|person| (person, support.heads.as_slice()));
            self.guard_respondent(Some(&support.agency), person.as_slice())?;
        }
        checks.require(
            known.agency.is_some(),
            "/agency_id",
            "unknown",
            "Không có cơ quan này.",
            "There is no such agency.",
        );
        check_person(&mut checks, named);
        checks.at_most("/supporting", supporting.len(), MANY);
        checks.require(
            known.supporting_fit,
            "/supporting",
            "unknown",
            "Có cơ quan hoặc người phối hợp không tồn tại, trùng, hoặc là cơ quan chủ trì.",
            "A supporting agency or person does not exist, is named twice, or is the lead.",
        );
        checks.finish()
    }

    fn transfer(&self, facts: &Transfer) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.text("/reason", &facts.reason, REASON);
        checks.require(
            self.case.lead != Some(facts.agency_id) || self.case.responsible != Some(facts.responsible_id),
            "/agency_id",
            "unchanged",
            "Đơn đang ở chính cơ quan và người này.",
            "The petition is already with this agency and person.",
        );
        self.check_holder(facts.responsible_id, &facts.supporting, checks)
    }

    fn hand_over(&self, facts: &Handover) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.optional("/reason", facts.reason.as_ref(), REASON);
        checks.require(
            self.case.responsible != Some(facts.responsible_id),
            "/responsible_id",
            "unchanged",
            "Người này đang phụ trách.",
            "This person is already responsible.",
        );
        let known = &self.context.known;
        let heads = known.person.as_ref().map_or(&[][..], |named| named.heads.as_slice());
        self.guard_holder()?;
        self.guard_respondent(None, &[(facts.responsible_id, heads)])?;
        check_person(&mut checks, known.person.as_ref());
        checks.finish()
    }

    fn decline(&self, facts: &Decline) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.text("/reason", &facts.reason, REASON);
        checks.require(
            self.context.known.agency.is_some() && self.case.lead != Some(facts.agency_id),
            "/agency_id",
            "unknown",
            "Cần nêu một cơ quan khác có trong hệ thống sẽ nhận đơn.",
            "Name another agency, known here, that should take it.",
        );
        checks.finish()
    }

    /// The first acceptance of a round meets intake and starts what counts from it; later ones change no clock.
    fn accept(&self) -> Vec<ClockOp> {
        if self.case.accepted_at.is_some() {
            return Vec::new();
        }
        let mut ops = Vec::new();
        if self.live(Stage::Intake).is_some() {
            ops.push(ClockOp::Meet { stage: Stage::Intake, at: self.at });
        }
        if self.live(Stage::Forwarding).is_some() {
            ops.push(ClockOp::Stop { at: self.at, stages: Some(vec![Stage::Forwarding]) });
        }
        if self.live(Stage::Resolution).is_none() {
            ops.extend(self.start(self.case, Stage::Resolution, self.at));
        }
        ops
    }

    fn suspend(&self, facts: &Suspension) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.optional("/explanation", facts.explanation.as_ref(), REASON);
        checks.document("/document", &facts.document, self.this_day());
        checks.finish()
    }

    /// More time: refused to the responsible person, after the due instant, and above the ceiling.
    fn extend(&self, facts: &mut Extension) -> Result<Vec<ClockOp>, Refusal> {
        if self.case.responsible.is_some() && self.case.responsible == self.context.actor.official {
            return Err(Refusal::guard(
                "own_deadline",
                "Người phụ trách không được tự gia hạn cho mình.",
                "The responsible person may not extend the deadline.",
            ));
        }
        let Some(clock) = self.live(Stage::Resolution) else {
            return Err(Refusal::guard(
                "no_deadline",
                "Không có hạn đang chạy để gia hạn.",
                "No deadline is running.",
            ));
        };
        if clock.due.is_some_and(|due| due.due_at <= self.context.now) {
            return Err(Refusal::guard(
                "already_overdue",
                "Đã quá hạn; không thể gia hạn sau khi hết hạn.",
                "The deadline has passed; it cannot be extended afterwards.",
            ));
        }
        let rule = clock.rule.as_deref().and_then(|rule| self.context.rules.get(rule));
        let Some(rule) = rule else {
            return Err(Refusal::guard(
                "not_by_rule",
                "Hạn này không theo quy định nào nên không có mức gia hạn.",
                "This deadline follows no rule, so there is no ceiling to extend to.",
            ));
        };
        let mut checks = Checks::default();
        checks.document("/decision", &facts.decision, self.this_day());
        checks.optional("/reason", facts.reason.as_ref(), REASON);
        checks.require(
            !facts.criteria.is_empty() || facts.reason.is_some(),
            "/criteria",
            "required",
            "Cần tiêu chí hoặc lý do gia hạn.",
            "Criteria or a reason are needed.",
        );
        checks.require(
            facts.notified_on <= self.this_day() && facts.notified_on >= facts.decision.issued_on,
            "/notified_on",
            "out_of_range",
            "Ngày thông báo từ ngày quyết định đến hôm nay.",
            "The day of notice lies between the decision and today.",
        );
        if self.case.kind.is_contentious() {
            checks.require(
                facts.amount.is_none(),
                "/amount",
                "not_allowed",
                "Thời hạn gia hạn của khiếu nại, tố cáo do luật định.",
                "For complaints and denunciations the law sets the amount.",
            );
            let next = self.next_complexity(facts)?;
            checks.finish()?;
            let mut harder = self.case.clone();
            harder.complexity = next;
            let on = clock.started_at.day(self.zone());
            let longer = self
                .context
                .rules
                .select(Stage::Resolution, &harder.traits(), on)
                .ok_or_else(above_ceiling)?;
            facts.complexity = Some(next);
            let op = ClockOp::Extend {
                stage: Stage::Resolution,
                amount: longer.amount,
                rule: Some(longer.id.clone()),
            };
            return Ok(vec![op]);
        }
        let amount = facts.amount.unwrap_or(0);
        checks.require(
            amount > self.present_amount(rule.amount),
            "/amount",
            "out_of_range",
            "Thời hạn mới phải dài hơn thời hạn hiện tại.",
            "The new amount must be longer than the present one.",
        );
        if amount > rule.ceiling.unwrap_or(rule.amount) {
            return Err(above_ceiling());
        }
        checks.finish()?;
        Ok(vec![ClockOp::Extend { stage: Stage::Resolution, amount, rule: None }])
    }

    /// What the resolution clock counts now: the rule's amount, or that of the latest extension.
    fn present_amount(&self, by_rule: u32) -> u32 {
        let ops = self.case.clock_ops.iter().rev();
        let own = ops.take_while(|op| {
            !matches!(
                op,
                ClockOp::Select { stage: Stage::Resolution, .. }
                    | ClockOp::Start { stage: Stage::Resolution, .. }
            )
        });
        own.filter_map(|op| match op {
            ClockOp::Extend { stage: Stage::Resolution, amount, .. } => Some(*amount),
            _ => None,
        })
        .next()
        .unwrap_or(by_rule)
    }

    /// A complaint may become complex once; a denunciation complex, then specially complex with two criteria (LTC 30).
    fn next_complexity(&self, facts: &Extension) -> Result<Complexity, Refusal> {
        let needed = |many: usize| {
            let mut distinct = facts.criteria.clone();
            distinct.sort_unstable();
            distinct.dedup();
            let error = Refusal::field(
                "/criteria",
                "too_few",
                format!("Cần ít nhất {many} tiêu chí."),
                format!("At least {many} criteria are needed."),
            );
            if distinct.len() < many { Err(error) } else { Ok(()) }
        };
        match (self.case.kind, self.case.complexity) {
            (_, Complexity::Normal) => needed(1).map(|()| Complexity::Complex),
            (Kind::Denunciation, Complexity::Complex) => needed(2).map(|()| Complexity::SpeciallyComplex),
            _ => Err(above_ceiling()),
        }
    }
}

fn check_person(checks: &mut Checks, person: Option<&KnownPerson>) {
    checks.require(
        person.is_some_and(|person| person.may_handle),
        "/responsible_id",
        "not_a_handler",
        "Người phụ trách phải là cán bộ có quyền xử lý tại cơ quan chủ trì.",
        "The responsible person must be an official who may handle petitions at the lead agency.",
    );
}

fn above_ceiling() -> Refusal {
    Refusal::guard(
        "above_ceiling",
        "Vượt quá thời hạn tối đa được phép.",
        "This is above the longest time allowed.",
    )
}
