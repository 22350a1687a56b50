//! Decisions that end a petition, or open it again.

use jiff::tz::TimeZone;

use super::{
    Checks, Decision, Turn,
    checks::{CONTENT, REASON},
};
use crate::domain::{
    act::{Act, Withdrawal},
    clock::ClockOp,
    refusal::Refusal,
    time::Instant,
    vocabulary::{Ground, Role, Stage, State},
};

/// When an answered petition closes by itself, unless a request is pending: 30 calendar days after the answer.
pub fn closes_at(answered_at: Instant, zone: &TimeZone) -> Instant {
    answered_at.day(zone).plus_days(30).at(answered_at.time(zone), zone)
}

impl Turn<'_> {
    pub(super) fn ending(&self, mut plan: Decision) -> Result<Decision, Refusal> {
        let mut checks = Checks::default();
        let today = self.this_day();
        match &plan.act {
            Act::Rejection(facts) => {
                checks.text("/explanation", &facts.explanation, REASON);
                checks.optional("/guided_to", facts.guided_to.as_ref(), REASON);
                checks.require(
                    facts.ground != Ground::NotCompetent || facts.guided_to.is_some(),
                    "/guided_to",
                    "required",
                    "Khi không thuộc thẩm quyền phải hướng dẫn người dân đến nơi có thẩm quyền.",
                    "When we are not competent, say whom the citizen should turn to.",
                );
                plan.clocks = self.end(&[Stage::Intake]);
            }
            Act::Filing(facts) => {
                checks.optional("/explanation", facts.explanation.as_ref(), REASON);
                plan.clocks = self.end(&[Stage::Intake]);
            }
            Act::Forwarding(facts) => {
                checks.text("/receiving_body", &facts.receiving_body, REASON);
                checks.document("/document", &facts.document, today);
                plan.clocks = self.end(&[Stage::Intake, Stage::Forwarding]);
            }
            Act::ForwardingResult(facts) => {
                checks.text("/text", &facts.text, CONTENT);
                checks.document("/document", &facts.document, today);
            }
            Act::Closing(_) => self.guard_closing()?,
            Act::ReconsiderationRequest(facts) => {
                if self.case.request_pending {
                    return Err(Refusal::guard(
                        "request_pending",
                        "Đã có đề nghị xem xét lại đang chờ quyết định.",
                        "A request for reconsideration is already waiting for a decision.",
                    ));
                }
                checks.text("/reason", &facts.reason, REASON);
                plan.clocks = self.start(self.case, Stage::Reconsideration, self.at).into_iter().collect();
            }
            Act::ReconsiderationDecision(facts) => {
                self.guard_impartial()?;
                checks.text("/reasons", &facts.reasons, REASON);
                plan.clocks = self.meet_reconsideration();
            }
            Act::Reopening(facts) => {
                self.guard_reopening()?;
                checks.text("/reason", &facts.reason, REASON);
                plan.round += 1;
                plan.clocks = self.reopen(plan.to, plan.round);
            }
            Act::Withdrawal(facts) => {
                checks.text("/reason", &facts.reason, REASON);
                checks.require(
                    facts.people.is_none_or(|people| people >= 1 && people <= self.remaining_people()),
                    "/people",
                    "out_of_range",
                    "Số người rút không hợp lệ.",
                    "The number of people is out of range.",
                );
                if self.ends_by(facts) {
                    plan.clocks = self.end(&[]);
                } else {
                    plan.to = self.case.state;
                }
            }
            Act::Termination(facts) => {
                checks.optional("/explanation", facts.explanation.as_ref(), REASON);
                checks.document("/document", &facts.document, today);
                plan.clocks = self.end(&[]);
            }
            _ => {}
        }
        checks.finish()?;
        Ok(plan)
    }

    fn guard_closing(&self) -> Result<(), Refusal> {
        if self.case.request_pending {
            return Err(Refusal::guard(
                "request_pending",
                "Còn đề nghị xem xét lại chưa được quyết định.",
                "A request for reconsideration is still pending.",
            ));
        }
        let due = closes_at(self.case.since, self.zone());
        if self.context.actor.role == Role::System && self.context.now < due {
            return Err(Refusal::guard("too_early", "Chưa đủ 30 ngày.", "Thirty days have not passed."));
        }
        Ok(())
    }

    fn guard_impartial(&self) -> Result<(), Refusal> {
        if !self.case.request_pending {
            return Err(Refusal::guard(
                "no_request",
                "Không có đề nghị nào đang chờ.",
                "No request is pending.",
            ));
        }
        if self.context.actor.official.is_some_and(|official| self.case.took_part.contains(&official)) {
            return Err(Refusal::guard(
                "took_part",
                "Người đã tham gia trả lời hoặc từ chối không được quyết định việc xem xét lại.",
                "Whoever took part in the answer or the refusal may not decide on its reconsideration.",
            ));
        }
        Ok(())
    }

    fn guard_reopening(&self) -> Result<(), Refusal> {
        if self.case.kind.is_contentious() && self.case.state != State::Forwarded {
            return Err(Refusal::guard(
                "new_petition_instead",
                "Khiếu nại, tố cáo không mở lại: hãy tiếp nhận đơn mới có previous_petition là đơn này.",
                "A complaint or denunciation is not reopened: register a new petition whose previous_petition is this one.",
            ));
        }
        if self.case.request_pending {
            self.guard_impartial()?;
        }
        Ok(())
    }

    pub(super) fn meet_reconsideration(&self) -> Vec<ClockOp> {
        let running = self.live(Stage::Reconsideration);
        running.map(|_| ClockOp::Meet { stage: Stage::Reconsideration, at: self.at }).into_iter().collect()
    }

    /// A new round with its own clocks: every rule counts from the reopening.
    fn reopen(&self, to: State, round: u32) -> Vec<ClockOp> {
        let mut next = self.case.clone();
        next.round = round;
        let mut ops = self.meet_reconsideration();
        let stages = match to {
            State::Classified => &[Stage::Intake, Stage::Resolution, Stage::Forwarding][..],
            _ => &[Stage::Resolution][..],
        };
        ops.extend(stages.iter().filter_map(|stage| self.start(&next, *stage, self.at)));
        ops
    }

    fn remaining_people(&self) -> u32 {
        self.case.group_size.unwrap_or(1).saturating_sub(self.case.withdrawn)
    }

    /// A complaint or denunciation goes on after a recorded request; a group, until all have withdrawn (N155 art. 5).
    fn ends_by(&self, facts: &Withdrawal) -> bool {
        let all = facts.people.unwrap_or(1) >= self.remaining_people();
        all && !self.case.kind.is_contentious()
    }
}
