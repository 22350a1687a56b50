//! What must stand beside the log: a history is folded once more, and the rows are made that its acts leave behind.

use std::collections::BTreeMap;

use super::chain::Proven;
use crate::{
    app::{Error, effects, history::FreshTexts, notices, projection, world::Reference},
    domain::{
        act::{Act, Registration, SignedDocument, Succession},
        event::Event,
        id::{AgencyId, EventId, Id, OfficialId, PetitionId, RevisionId, TextId},
        petition::Case,
        prose::Prose,
        time::Instant,
        vocabulary::{LinkKind, Role},
    },
    store::{
        calendar::MoveRow,
        handling::{AssignmentRow, CommitmentRow, DeliveryRow, DocumentRow, RevisionRow},
        notifications::NotificationRow,
        petitions::PetitionRow,
        reminders::{EscalationRow, LookRow},
        spans::{ClockRow, SpanRow},
        urgings::UrgingRow,
        verify::{LinkCells, RatingCells, RevisionCells},
    },
};

/// The rows that a history makes. Keys drawn at random are whatever they are; names of people as they were then are
/// in no event.
pub(super) struct Expected {
    pub(super) case: Case,
    pub(super) row: PetitionRow,
    pub(super) spans: Vec<SpanRow>,
    pub(super) clocks: Vec<ClockRow>,
    pub(super) assignments: Vec<AssignmentRow>,
    pub(super) revisions: Vec<RevisionCells>,
    /// The document of each revision that was signed with one.
    pub(super) documents: Vec<(RevisionId, DocumentRow)>,
    pub(super) commitments: Vec<CommitmentRow>,
    pub(super) deliveries: Vec<DeliveryRow>,
    pub(super) ratings: Vec<RatingCells>,
    pub(super) links: Vec<LinkCells>,
    /// How changes of the calendar moved it.
    pub(super) recalculated: Vec<MoveRow>,
    /// From which closed agency to which successor.
    pub(super) moves: Vec<(AgencyId, AgencyId)>,
    /// What such an event names as its cause: the closed agency, the event, and its own sequence.
    pub(super) causes: Vec<(AgencyId, Option<EventId>, u32)>,
    /// The text that holds the present place.
    pub(super) place: Option<TextId>,
    /// The name in another system under which it came in.
    pub(super) external: Option<(String, String)>,
    pub(super) escalations: Vec<EscalationRow>,
    /// What reminders told; whom an urging reached is in no event.
    pub(super) notifications: Vec<NotificationRow>,
    pub(super) urgings: Vec<UrgingRow>,
    /// Nothing for backfill.
    pub(super) look: Option<LookRow>,
}

/// Folds a history; nothing when it does not begin with a registration.
pub(super) fn replay(
    reference: &Reference,
    events: &[Proven],
    texts: &FreshTexts,
) -> Result<Option<Expected>, Error> {
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    let (event, hash) = (&first.stored.event, first.stored.hash.clone());
    let Some(case) = Case::begin(event) else { return Ok(None) };
    let row = projection::petition_row(&case, reference, None, texts, hash);
    let mut expected = Expected::new(case, row, event);
    expected.stretch(reference, None, event);
    for proven in rest {
        let (event, hash) = (&proven.stored.event, proven.stored.hash.clone());
        let before = expected.case.clone();
        expected.case.apply(event);
        expected.row = projection::petition_row(&expected.case, reference, Some(&expected.row), texts, hash);
        expected.stretch(reference, Some(&before), event);
        expected.effect(&before, event)?;
        expected.notice(event)?;
    }
    expected.look = projection::look(&expected.case, reference);
    Ok(Some(expected))
}

impl Expected {
    fn new(case: Case, row: PetitionRow, event: &Event) -> Self {
        let mut expected = Self {
            place: case.registration.location.as_ref().and_then(Prose::kept),
            external: match &event.record.act {
                Act::Import(facts) => Some((facts.source.clone(), facts.external_id.clone())),
                _ => None,
            },
            case,
            row,
            spans: Vec::new(),
            clocks: Vec::new(),
            assignments: Vec::new(),
            revisions: Vec::new(),
            documents: Vec::new(),
            commitments: Vec::new(),
            deliveries: Vec::new(),
            ratings: Vec::new(),
            links: Vec::new(),
            moves: Vec::new(),
            recalculated: Vec::new(),
            causes: Vec::new(),
            escalations: Vec::new(),
            notifications: Vec::new(),
            urgings: Vec::new(),
            look: None,
        };
        let Registration { previous, part_of, .. } = expected.case.registration.clone();
        if let Some(previous) = previous {
            expected.link(previous.petition, previous.link, event.recorded_at);
        }
        if let Some(letter) = part_of {
            expected.link(letter, LinkKind::Part, event.recorded_at);
        }
        expected
    }

    /// The stretches, as [`projection::write_spans`] writes them.
    fn stretch(&mut self, reference: &Reference, before: Option<&Case>, event: &Event) {
        let change = projection::change(reference, before, &self.case, event);
        let end = (Some(event.occurred_at), Some(event.recorded_at));
        if change.ends {
            let ending = self.spans.iter_mut().filter(|row| row.to_at.is_none());
            ending.for_each(|row| (row.to_at, row.recorded_to) = end);
        }
        for (round, stage) in change.clocks_end {
            let ending = self.clocks.iter_mut().filter(|row| row.to_at.is_none());
            ending
                .filter(|row| (row.round, row.stage) == (round, stage))
                .for_each(|row| (row.to_at, row.recorded_to) = end);
        }
        self.spans.extend(change.begins.map(|row| SpanRow { id: nameless(), ..row }));
        self.recalculated.extend(change.moves);
        self.clocks.extend(change.clocks_begin.into_iter().map(|row| ClockRow { id: nameless(), ..row }));
    }

    /// What an act leaves behind, as the effects write it.
    fn effect(&mut self, before: &Case, event: &Event) -> Result<(), Error> {
        match &event.record.act {
            Act::Assignment(facts) => {
                self.give(
                    event,
                    facts.supporting.iter().map(|support| (support.agency_id, support.person_id)),
                );
            }
            Act::Transfer(facts) => {
                self.give(
                    event,
                    facts.supporting.iter().map(|support| (support.agency_id, support.person_id)),
                );
            }
            Act::Succession(facts) => self.succeed(event, facts),
            Act::Handover(_) => {
                self.release(Some(effects::LEAD), event.occurred_at);
                self.assign_lead(event);
            }
            Act::Decline(_) => self.release(None, event.occurred_at),
            Act::Reopening(_) if self.case.lead.is_none() => self.release(None, event.occurred_at),
            Act::Merge(facts) => self.link(facts.survivor, LinkKind::Duplicate, event.recorded_at),
            Act::MergeReversal(_) => {
                let survivor = before.merged_into;
                self.links.retain(|row| Some(row.to_id) != survivor || row.kind != LinkKind::Duplicate);
            }
            Act::Delivery(facts) => self.deliveries.push(DeliveryRow {
                id: nameless(),
                petition_id: self.case.id,
                round: effects::column(self.case.round)?,
                method: facts.method,
                delivered_at: event.occurred_at,
                recorded_at: event.recorded_at,
                by_system: event.actor.role == Role::System,
            }),
            Act::Rating(facts) => self.ratings.push(RatingCells {
                petition_id: self.case.id,
                round: effects::column(self.case.round)?,
                satisfaction: facts.satisfaction,
                reasons_id: facts.reasons.as_ref().and_then(Prose::kept),
                created_at: event.recorded_at,
            }),
            _ => self.reply(event)?,
        }
        Ok(())
    }

    /// What an act tells officials, as the notices write it.
    fn notice(&mut self, event: &Event) -> Result<(), Error> {
        match &event.record.act {
            Act::Escalation(facts) => {
                self.escalations.push(notices::escalation(event, facts)?);
                let told = notices::reminded(event, facts);
                self.notifications
                    .extend(told.into_iter().map(|row| NotificationRow { id: nameless(), ..row }));
            }
            Act::Urging(facts) => self.urgings.push(notices::urging(&self.case, event, facts)),
            Act::ProgressNote(facts) => {
                let open =
                    |row: &&mut UrgingRow| Some(row.event_id) == facts.answers && row.answer_id.is_none();
                for row in self.urgings.iter_mut().filter(open) {
                    (row.answer_id, row.answered_at) = (Some(event.id), Some(event.occurred_at));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn reply(&mut self, event: &Event) -> Result<(), Error> {
        match &event.record.act {
            Act::ReplyDraft(facts) => {
                let author = event.actor.official;
                let (id, outcome) = (facts.revision, Some(facts.outcome));
                let row = effects::revision(&self.case, event, id, &facts.text, outcome, author)?;
                self.revisions.push(cells(row));
                self.promise(effects::commitments(id, &facts.commitments)?);
            }
            Act::ReplyApproval(facts) => {
                let Some(id) = self.case.reply.as_ref().map(|reply| reply.revision) else { return Ok(()) };
                self.cite(id, facts.document.as_ref())?;
                for row in self.revisions.iter_mut().filter(|row| row.id == id) {
                    row.approved_by = event.actor.official;
                    row.approved_at = Some(event.recorded_at);
                    row.notice = facts.document.is_none();
                }
            }
            Act::ReplyRevision(facts) => {
                self.take_down(event.recorded_at);
                let (id, outcome) = (facts.revision, Some(facts.outcome));
                let author = Some(facts.author_id);
                let row = effects::revision(&self.case, event, id, &facts.text, outcome, author)?;
                self.revisions.push(RevisionCells {
                    approved_by: event.actor.official,
                    approved_at: Some(event.recorded_at),
                    notice: facts.document.is_none(),
                    ..cells(row)
                });
                self.cite(id, facts.document.as_ref())?;
                self.promise(effects::commitments(id, &facts.commitments)?);
            }
            Act::Publication(_) => {
                let signed = self.case.reply.as_ref().filter(|reply| reply.approved.is_some());
                let id = signed.map(|reply| reply.revision);
                for row in self.revisions.iter_mut().filter(|row| Some(row.id) == id) {
                    (row.published_at, row.taken_down_at) = (Some(event.recorded_at), None);
                }
            }
            Act::Takedown(_) => self.take_down(event.recorded_at),
            Act::ImportUpdate(facts) => {
                if facts.reopened {
                    self.release(None, event.occurred_at);
                }
                self.place = facts.location.as_ref().and_then(Prose::kept).or(self.place);
                self.revisions.extend(effects::imported_reply(&self.case, event)?.map(cells));
            }
            _ => {}
        }
        Ok(())
    }

    fn give(&mut self, event: &Event, supporting: impl Iterator<Item = (AgencyId, Option<OfficialId>)>) {
        self.release(None, event.occurred_at);
        self.assign_lead(event);
        self.assign_supporting(event, supporting);
    }

    fn assign_supporting(
        &mut self,
        event: &Event,
        supporting: impl Iterator<Item = (AgencyId, Option<OfficialId>)>,
    ) {
        for (agency, person) in supporting {
            let row = effects::assignment(&self.case, event, effects::SUPPORTING, agency, person);
            self.assignments.push(AssignmentRow { id: nameless(), ..row });
        }
    }

    /// A successor takes a part over; an earlier move that led to the closed agency leads on with it.
    fn succeed(&mut self, event: &Event, facts: &Succession) {
        self.moves.retain(|(from, _)| *from != facts.from);
        self.moves.iter_mut().filter(|(_, to)| *to == facts.from).for_each(|(_, to)| *to = facts.to);
        self.moves.push((facts.from, facts.to));
        self.causes.push((facts.from, event.caused_by, event.sequence));
        if facts.responsible_id.is_some() {
            self.release(Some(effects::LEAD), event.occurred_at);
            self.assign_lead(event);
        }
        if let Some(supporting) = &facts.supporting {
            self.release(Some(effects::SUPPORTING), event.occurred_at);
            let supporting = supporting.iter().map(|support| (support.agency_id, support.person_id));
            self.assign_supporting(event, supporting);
        }
    }

    fn assign_lead(&mut self, event: &Event) {
        let (agency, person) = (self.case.lead_or_intake(), self.case.responsible);
        let row = effects::assignment(&self.case, event, effects::LEAD, agency, person);
        self.assignments.push(AssignmentRow { id: nameless(), ..row });
    }

    fn release(&mut self, part: Option<&str>, at: Instant) {
        let present = self.assignments.iter_mut().filter(|row| row.to_at.is_none());
        present.filter(|row| part.is_none_or(|part| part == row.part)).for_each(|row| row.to_at = Some(at));
    }

    fn link(&mut self, to: PetitionId, kind: LinkKind, at: Instant) {
        if !self.links.iter().any(|row| (row.to_id, row.kind) == (to, kind)) {
            self.links.push(LinkCells { from_id: self.case.id, to_id: to, kind, created_at: at });
        }
    }

    fn take_down(&mut self, at: Instant) {
        let public = |row: &&mut RevisionCells| row.published_at.is_some() && row.taken_down_at.is_none();
        self.revisions.iter_mut().filter(public).for_each(|row| row.taken_down_at = Some(at));
    }

    fn cite(&mut self, revision: RevisionId, document: Option<&SignedDocument>) -> Result<(), Error> {
        self.documents.retain(|(id, _)| *id != revision);
        if let Some(document) = document {
            let row = effects::document_row(&self.case, document)?;
            self.documents.push((revision, DocumentRow { id: nameless(), ..row }));
        }
        Ok(())
    }

    fn promise(&mut self, rows: Vec<CommitmentRow>) {
        self.commitments.extend(rows.into_iter().map(|row| CommitmentRow { id: nameless(), ..row }));
    }

    /// The revisions by id.
    pub(super) fn cited(&self) -> BTreeMap<RevisionId, &DocumentRow> {
        self.documents.iter().map(|(id, row)| (*id, row)).collect()
    }
}

fn cells(row: RevisionRow) -> RevisionCells {
    RevisionCells {
        id: row.id,
        petition_id: row.petition_id,
        round: row.round,
        number: row.number,
        outcome: row.outcome,
        text_id: row.text_id,
        author_id: row.author_id,
        approved_by: row.approved_by,
        approved_at: row.approved_at,
        document_id: row.document_id,
        notice: row.notice,
        published_at: None,
        taken_down_at: None,
        created_at: row.created_at,
    }
}

/// Stands for a key drawn at random.
pub(super) fn nameless<K>() -> Id<K> {
    Id::new(uuid::Uuid::nil())
}
