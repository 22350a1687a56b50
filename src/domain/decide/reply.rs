//! Decisions about the written reply.

use super::{
    Checks, Decision, Turn,
    checks::{CONTENT, REASON},
};
use crate::domain::{
    act::{Act, Commitment, ReplyApproval, ReplyDraft, ReplyRevision},
    clock::ClockOp,
    petition::Reply,
    refusal::Refusal,
    vocabulary::{Outcome, Stage, State, Visibility},
};

impl Turn<'_> {
    pub(super) fn reply(&self, mut plan: Decision) -> Result<Decision, Refusal> {
        match plan.act {
            Act::Rating(_) | Act::Takedown(_) => {}
            Act::Publication(_) | Act::Delivery(_) => self.guard_actor()?,
            _ => self.guard_holder()?,
        }
        let mut checks = Checks::default();
        match &mut plan.act {
            Act::ReplyDraft(facts) => self.draft(facts, checks)?,
            Act::ReplySubmission(_) => {
                self.drafted()?;
            }
            Act::ReplyReturn(facts) => {
                checks.text("/remarks", &facts.remarks, REASON);
                checks.finish()?;
            }
            Act::ReplyApproval(facts) => plan.clocks = self.approve(facts)?,
            Act::ReplyRevision(facts) => self.revise(facts)?,
            Act::Publication(facts) => {
                if self.case.state != State::Forwarded {
                    self.signed()?;
                }
                checks.text("/public_text", &facts.public_text, CONTENT);
                checks.finish()?;
                plan.clocks = self.meet(Stage::Publication);
            }
            Act::Takedown(facts) => {
                checks.text("/reason", &facts.reason, REASON);
                checks.finish()?;
            }
            Act::Delivery(_) => {
                self.signed()?;
                plan.clocks = self.meet(Stage::Delivery);
            }
            Act::Rating(facts) => {
                if self.case.ratings.iter().any(|rated| rated.round == self.case.round) {
                    return Err(Refusal::guard(
                        "already_rated",
                        "Câu trả lời này đã được đánh giá.",
                        "This answer has been rated already.",
                    ));
                }
                checks.optional("/reasons", facts.reasons.as_ref(), REASON);
                checks.finish()?;
            }
            _ => {}
        }
        Ok(plan)
    }

    fn meet(&self, stage: Stage) -> Vec<ClockOp> {
        self.live(stage).map(|_| ClockOp::Meet { stage, at: self.at }).into_iter().collect()
    }

    fn draft(&self, facts: &ReplyDraft, mut checks: Checks) -> Result<(), Refusal> {
        checks.text("/text", &facts.text, CONTENT);
        self.check_outcome(&mut checks, facts.outcome);
        self.check_commitments(&mut checks, &facts.commitments, facts.outcome);
        checks.finish()
    }

    fn check_commitments(&self, checks: &mut Checks, commitments: &[Commitment], outcome: Outcome) {
        checks.commitments(commitments, outcome == Outcome::Planned, self.this_day());
        checks.require(
            self.context.known.named_exist,
            "/commitments",
            "unknown",
            "Có cơ quan hoặc cán bộ cam kết không tồn tại.",
            "An agency or official of a commitment does not exist.",
        );
    }

    fn check_outcome(&self, checks: &mut Checks, outcome: Outcome) {
        checks.require(
            outcome.fits(self.case.kind),
            "/outcome",
            "does_not_fit",
            "Khiếu nại, tố cáo: upheld, partly_upheld, dismissed; loại khác: resolved, planned, explained, not_feasible.",
            "Complaints and denunciations: upheld, partly_upheld, dismissed; others: resolved, planned, explained, not_feasible.",
        );
    }

    fn drafted(&self) -> Result<&Reply, Refusal> {
        self.case.reply.as_ref().filter(|reply| reply.approved.is_none()).ok_or_else(|| {
            Refusal::guard("no_draft", "Chưa có dự thảo trả lời.", "There is no draft of a reply yet.")
        })
    }

    /// A signed reply; imported answers count without one.
    fn signed(&self) -> Result<(), Refusal> {
        let signed = self.case.reply.as_ref().is_some_and(|reply| reply.approved.is_some());
        let answered = self.case.answered_at.is_some();
        if signed || answered {
            return Ok(());
        }
        Err(Refusal::guard("no_reply", "Chưa có văn bản trả lời.", "There is no signed reply."))
    }

    fn approve(&self, facts: &ReplyApproval) -> Result<Vec<ClockOp>, Refusal> {
        let draft = self.drafted()?;
        if self.context.actor.official.is_none_or(|approver| draft.authors.contains(&approver)) {
            return Err(own_draft());
        }
        let mut checks = Checks::default();
        checks.carrier(self.case.kind, facts.document.as_ref(), facts.notice.as_ref(), self.this_day());
        let anonymous = self.case.submitter_type == crate::domain::vocabulary::SubmitterType::Anonymous;
        checks.require(
            anonymous || facts.addressee.is_some(),
            "/addressee",
            "required",
            "Cần nơi nhận văn bản trả lời.",
            "The addressee of the reply is needed.",
        );
        checks.optional("/addressee", facts.addressee.as_ref(), REASON);
        checks.finish()?;
        let mut ops = self.end(&[Stage::Intake, Stage::Resolution]);
        ops.extend(self.start(self.case, Stage::Delivery, self.at));
        if self.case.visibility == Visibility::PublicRedacted || self.case.kind.is_contentious() {
            ops.extend(self.start(self.case, Stage::Publication, self.at));
        }
        Ok(ops)
    }

    fn revise(&self, facts: &ReplyRevision) -> Result<(), Refusal> {
        self.signed()?;
        if self.context.actor.official == Some(facts.author_id) {
            return Err(own_draft());
        }
        let mut checks = Checks::default();
        checks.text("/text", &facts.text, CONTENT);
        checks.text("/reason", &facts.reason, REASON);
        self.check_outcome(&mut checks, facts.outcome);
        self.check_commitments(&mut checks, &facts.commitments, facts.outcome);
        checks.carrier(self.case.kind, facts.document.as_ref(), facts.notice.as_ref(), self.this_day());
        checks.require(
            self.context.known.author_exists,
            "/author_id",
            "unknown",
            "Không có cán bộ này.",
            "There is no such official.",
        );
        checks.finish()
    }
}

fn own_draft() -> Refusal {
    Refusal::guard(
        "own_draft",
        "Người soạn thảo không được tự duyệt văn bản trả lời.",
        "Whoever wrote a part of the reply may not approve it.",
    )
}
