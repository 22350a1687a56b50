//! What an event tells officials, written with it: notifications, their mails, and which urging was answered.

use super::{Error, clock::new_id, effects::column, recipients, world::World};
use crate::{
    domain::{
        act::{Act, Escalation, Told, Urging},
        event::Event,
        petition::Case,
        vocabulary::{NotificationKind, Recipient},
    },
    store::{
        AnyConnection,
        notifications::{self, MailRow, NotificationRow},
        reminders::{self, EscalationRow},
        urgings::{self, UrgingRow},
    },
};

/// Writes what follows from an event for those who must know.
pub(super) fn write(tx: &mut AnyConnection, world: &World, after: &Case, event: &Event) -> Result<(), Error> {
    match &event.record.act {
        Act::Escalation(facts) => {
            reminders::insert_escalation(tx, &escalation(event, facts)?)?;
            tell(tx, world, reminded(event, facts))
        }
        Act::Urging(facts) => {
            urgings::insert(tx, &urging(after, event, facts))?;
            let found = recipients::of_urging(tx, world, after, facts)?;
            tell(tx, world, urged(event, &found.told))
        }
        Act::ProgressNote(facts) => match facts.answers {
            Some(urging) => Ok(urgings::answer(tx, after.id, urging, event.id, event.occurred_at)?),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The row of a reminder that was given.
pub(super) fn escalation(event: &Event, facts: &Escalation) -> Result<EscalationRow, Error> {
    Ok(EscalationRow {
        petition_id: event.petition,
        round: column(event.record.round)?,
        stage: facts.stage,
        level: facts.level,
        threshold: facts.threshold.clone(),
        event_id: event.id,
    })
}

/// The row of an urging, not answered yet.
pub(super) fn urging(after: &Case, event: &Event, facts: &Urging) -> UrgingRow {
    UrgingRow {
        event_id: event.id,
        petition_id: event.petition,
        agency_id: Some(facts.agency_id.unwrap_or_else(|| after.lead_or_intake())),
        official_id: facts.official_id,
        urged_at: event.occurred_at,
        answer_id: None,
        answered_at: None,
    }
}

/// What a reminder tells.
pub(super) fn reminded(event: &Event, facts: &Escalation) -> Vec<NotificationRow> {
    let row = |told: &Told| NotificationRow {
        level: Some(facts.level),
        stage: Some(facts.stage),
        due_at: Some(facts.due_at),
        due_on: Some(facts.due_on),
        ..notification(event, NotificationKind::Reminder, told)
    };
    facts.told.iter().map(row).collect()
}

fn urged(event: &Event, told: &[Told]) -> Vec<NotificationRow> {
    told.iter().map(|told| notification(event, NotificationKind::Urging, told)).collect()
}

fn notification(event: &Event, kind: NotificationKind, told: &Told) -> NotificationRow {
    let last_resort = matches!(told.found_as, Recipient::Coordinator | Recipient::Admin);
    NotificationRow {
        id: new_id(),
        official_id: told.official_id,
        kind: if last_resort { NotificationKind::Unheard } else { kind },
        petition_id: event.petition,
        event_id: event.id,
        level: None,
        stage: None,
        due_at: None,
        due_on: None,
        shown: told.found_as != Recipient::Admin,
        created_at: event.recorded_at,
        read_at: None,
    }
}

fn tell(tx: &mut AnyConnection, world: &World, rows: Vec<NotificationRow>) -> Result<(), Error> {
    notifications::insert(tx, &rows)?;
    if !world.mails {
        return Ok(());
    }
    let mail = |row: &NotificationRow| MailRow {
        notification_id: row.id,
        attempts: 0,
        next_at: Some(row.created_at),
        sent_at: None,
        given_up_at: None,
        reason: None,
    };
    Ok(notifications::queue(tx, &rows.iter().map(mail).collect::<Vec<_>>())?)
}
