//! Taking in one event after the other.

use super::{Approved, Case, Rated, Reply, Wanted};
use crate::domain::{
    act::{Act, Classification, Correction, ImportUpdate, Reclassification, Succession, Support},
    clock::{ClockOp, PROCEDURE},
    event::Event,
    id::{AgencyId, OfficialId},
    vocabulary::{Kind, State, Visibility},
};

impl Case {
    /// Takes in the next event of the history.
    pub fn apply(&mut self, event: &Event) {
        let record = &event.record;
        let before = self.standing();
        self.take_in(&record.act, event);
        if record.to != self.state {
            self.since = event.occurred_at;
            self.state = record.to;
        }
        if record.round != self.round {
            self.round_from = event.occurred_at;
        }
        self.round = record.round;
        self.sequence = event.sequence;
        self.last_event = event.id;
        self.last_recorded_at = event.recorded_at;
        if event.moves_version() {
            self.version = event.sequence;
        }
        if self.standing() != before || record.clocks.iter().any(touches_procedure) {
            self.settled_at = event.occurred_at;
        }
        self.clock_ops.extend(record.clocks.iter().cloned());
    }

    /// What a span shows besides its clocks.
    fn standing(&self) -> impl PartialEq + use<> {
        (
            (self.state, self.round, self.kind, self.channel, self.visibility, self.field_code.clone()),
            (self.intake_agency, self.lead, self.responsible, self.merged_into),
        )
    }

    fn take_in(&mut self, act: &Act, event: &Event) {
        match act {
            Act::Classification(facts) => self.classify(facts),
            Act::Reclassification(facts) => self.reclassify(facts),
            Act::Correction(facts) => self.correct(facts),
            Act::SupplementRequest(facts) => {
                self.came_from = Some(self.state);
                self.wanted = Some(Wanted {
                    missing: facts.missing.clone(),
                    answer_by: facts.answer_by,
                    asked_by: event.actor.clone(),
                });
            }
            Act::Supplement(_) | Act::SupplementWaiver(_) => self.wanted = None,
            Act::Rejection(_) | Act::Filing(_) | Act::Forwarding(_) => {
                self.took_part.extend(event.actor.official)
            }
            Act::Split(facts) => self.visibility = self.visibility.max(facts.visibility),
            Act::Merge(facts) => {
                self.came_from = Some(self.state);
                self.merged_into = Some(facts.survivor);
                self.took_part.extend(event.actor.official);
            }
            Act::MergeReversal(_) => {
                self.merged_into = None;
                self.request_pending = false;
            }
            Act::Assignment(facts) => self.give(facts.agency_id, facts.responsible_id, &facts.supporting),
            Act::Transfer(facts) => self.give(facts.agency_id, facts.responsible_id, &facts.supporting),
            Act::Handover(facts) => self.responsible = Some(facts.responsible_id),
            Act::Decline(_) => self.give_back(),
            Act::Urging(_) => self.urgings.push(event.id),
            Act::Escalation(facts) => self.reminded.push((event.record.round, facts.stage, facts.level)),
            Act::Acceptance(_) => self.accepted_at = self.accepted_at.or(Some(event.occurred_at)),
            Act::Extension(facts) => self.complexity = facts.complexity.unwrap_or(self.complexity),
            Act::ReconsiderationRequest(_) => self.request_pending = true,
            Act::ReconsiderationDecision(_) => self.request_pending = false,
            Act::Reopening(_) => {
                self.round1 = self.round1.or(Some(self.outcome()));
                self.request_pending = false;
                self.accepted_at = (event.record.to == State::InProgress).then_some(event.occurred_at);
                self.reply = None;
                self.answered_at = None;
                self.delivered_at = None;
                if event.record.to == State::Classified {
                    self.give_back();
                }
            }
            Act::Withdrawal(facts) => self.withdrawn += facts.people.unwrap_or(1),
            Act::ImportUpdate(facts) => self.follow_source(facts),
            Act::Succession(facts) => self.succeed(facts),
            _ => self.take_in_reply(act, event),
        }
    }

    /// A record changed at its source. A reopening there begins a round here, as ours does.
    fn follow_source(&mut self, facts: &ImportUpdate) {
        self.kind = facts.kind.unwrap_or(self.kind);
        if self.kind == Kind::Denunciation {
            self.visibility = Visibility::Restricted;
        }
        self.channel = facts.channel.unwrap_or(self.channel);
        self.field_code = facts.field_code.clone().unwrap_or_else(|| self.field_code.clone());
        self.intake_agency = facts.agency.unwrap_or(self.intake_agency);
        self.title = facts.title.clone().unwrap_or_else(|| self.title.clone());
        self.content = facts.content.clone().unwrap_or_else(|| self.content.clone());
        if facts.reopened {
            self.round1 = self.round1.or(Some(self.outcome()));
            self.answered_at = None;
            self.imported_reply = None;
            self.request_pending = false;
            self.give_back();
        }
        if facts.closed_at.is_some() {
            if self.state != State::Closed {
                // A note about the open record is no reply.
                self.imported_reply = None;
            }
            self.answered_at = facts.closed_at;
            self.wanted = None;
        }
        self.imported_reply = facts.reply.clone().or_else(|| self.imported_reply.clone());
        self.replies += u32::from(facts.revision.is_some());
    }

    fn take_in_reply(&mut self, act: &Act, event: &Event) {
        match act {
            Act::ReplyDraft(facts) => {
                let mut authors = match &self.reply {
                    Some(reply) if reply.approved.is_none() => reply.authors.clone(),
                    _ => Vec::new(),
                };
                authors.extend(event.actor.official.filter(|author| !authors.contains(author)));
                self.replies += 1;
                self.reply = Some(Reply {
                    revision: facts.revision,
                    number: self.replies,
                    text: facts.text.clone(),
                    outcome: facts.outcome,
                    commitments: facts.commitments.clone(),
                    authors,
                    approved: None,
                });
            }
            Act::ReplySubmission(_) | Act::ReplyReturn(_) => self.took_part.extend(event.actor.official),
            Act::ReplyApproval(facts) => {
                self.answered_at = Some(event.occurred_at);
                self.took_part.extend(event.actor.official);
                if let Some(reply) = &mut self.reply {
                    self.took_part.extend(reply.authors.iter().copied());
                    reply.approved = Some(Approved {
                        by: event.actor.official,
                        at: event.occurred_at,
                        document: facts.document.clone(),
                        notice: facts.notice.clone(),
                        addressee: facts.addressee.clone(),
                    });
                }
            }
            Act::ReplyRevision(facts) => {
                self.replies += 1;
                self.took_part.extend(event.actor.official);
                self.took_part.push(facts.author_id);
                let addressee =
                    self.reply.take().and_then(|reply| reply.approved).and_then(|signed| signed.addressee);
                self.published = None;
                self.reply = Some(Reply {
                    revision: facts.revision,
                    number: self.replies,
                    text: facts.text.clone(),
                    outcome: facts.outcome,
                    commitments: facts.commitments.clone(),
                    authors: vec![facts.author_id],
                    approved: Some(Approved {
                        by: event.actor.official,
                        at: event.occurred_at,
                        document: facts.document.clone(),
                        notice: facts.notice.clone(),
                        addressee,
                    }),
                });
            }
            Act::Publication(facts) => self.published = Some((event.occurred_at, facts.public_text.clone())),
            Act::Takedown(_) => {
                self.published = None;
                self.public_title = None;
                self.public_summary = None;
            }
            Act::Delivery(_) => self.delivered_at = self.delivered_at.or(Some(event.occurred_at)),
            Act::Rating(facts) => {
                self.ratings.retain(|rated| rated.round != self.round);
                self.ratings.push(Rated {
                    round: self.round,
                    satisfaction: facts.satisfaction,
                    reasons: facts.reasons.clone(),
                    at: event.occurred_at,
                });
            }
            _ => {}
        }
    }

    fn give(&mut self, agency: AgencyId, responsible: OfficialId, supporting: &[Support]) {
        self.lead = Some(agency);
        self.responsible = Some(responsible);
        self.supporting = supporting.to_vec();
    }

    fn succeed(&mut self, facts: &Succession) {
        if facts.intake {
            self.intake_agency = facts.to;
        }
        if facts.responsible_id.is_some() {
            self.lead = Some(facts.to);
            self.responsible = facts.responsible_id;
        }
        if let Some(supporting) = &facts.supporting {
            self.supporting.clone_from(supporting);
        }
    }

    fn give_back(&mut self) {
        self.lead = None;
        self.responsible = None;
        self.supporting.clear();
    }

    fn classify(&mut self, facts: &Classification) {
        self.kind = facts.kind;
        self.instance = facts.instance;
        self.field_code.clone_from(&facts.field_code);
        self.urgency = facts.urgency;
        self.remote_area = facts.remote_area;
        self.visibility = facts.visibility.unwrap_or(self.visibility);
        self.basis_on = facts.basis_document.as_ref().map(|document| document.issued_on).or(self.basis_on);
        self.public_title.clone_from(&facts.public_title);
        self.public_summary.clone_from(&facts.public_summary);
        self.respondent = facts.respondent.or(self.respondent);
        self.classified = true;
    }

    fn reclassify(&mut self, facts: &Reclassification) {
        self.kind = facts.kind.unwrap_or(self.kind);
        if facts.kind.is_some() || facts.instance.is_some() {
            self.instance = facts.instance;
        }
        self.field_code = facts.field_code.clone().unwrap_or_else(|| self.field_code.clone());
        self.visibility = facts.visibility.unwrap_or(self.visibility);
        self.respondent = facts.respondent.or(self.respondent);
        self.public_title = facts.public_title.clone().or_else(|| self.public_title.clone());
        self.public_summary = facts.public_summary.clone().or_else(|| self.public_summary.clone());
    }

    fn correct(&mut self, facts: &Correction) {
        self.title = facts.title.clone().unwrap_or_else(|| self.title.clone());
        self.content = facts.content.clone().unwrap_or_else(|| self.content.clone());
        self.channel = facts.channel.unwrap_or(self.channel);
        self.submitter_type = facts.submitter_type.unwrap_or(self.submitter_type);
        self.urgency = facts.urgency.unwrap_or(self.urgency);
        self.remote_area = facts.remote_area.unwrap_or(self.remote_area);
        self.incoming_number = facts.incoming_number.clone().or_else(|| self.incoming_number.clone());
        self.letter_date = facts.letter_date.or(self.letter_date);
        self.group_size = facts.group_size.or(self.group_size);
    }
}

/// Whether an entry changes a clock that spans show; what is met later, such as a delivery, orders nothing.
fn touches_procedure(op: &ClockOp) -> bool {
    match op {
        ClockOp::Start { stage, .. } | ClockOp::Meet { stage, .. } => PROCEDURE.contains(stage),
        _ => true,
    }
}
