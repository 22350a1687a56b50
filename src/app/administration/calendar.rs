//! The calendar is changed by acts, each of which makes its next version; what it would move is told before.
//!
//! Invariants: a version is written once, with one event of the calendar that commits to everything said so far; no
//! petition moves but by an event of its own (see [`super::super::recalculation`]); there is no next change before all
//! petitions have gone over to the one before.

use serde_json::{Value, json};

use super::{Admin, Done, Order, create, line};
use crate::{
    app::{
        Error,
        caller::Caller,
        history::{self, Subject, hex},
        idempotency, recalculation,
        secrets::sha256,
        world::{self, World},
    },
    domain::{
        access::Person,
        calendar::{
            Amendment, Calendar, ChangedDay, ChangedSeason, DayAction, IcsEntry, SeasonAction, Session,
            read_ics,
        },
        clock::Move,
        event::canonical_json,
        id::PetitionId,
        refusal::Refusal,
        vocabulary::{Confidence, State},
    },
    store::{
        AnyConnection, StoreError, agencies,
        calendar::{self, CoverageRow, EntryRow, HoursRow, Sayings, VersionRow},
    },
};

/// A change that an administrator asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub amendment: Amendment,
    /// An iCalendar file, whose days are added to those of the amendment where they differ from what is known.
    pub file: Option<String>,
    /// Whether deadlines may move into the past.
    pub confirm_past: bool,
}

/// An open petition whose clocks would move, or did.
#[derive(Debug, Clone)]
pub struct Moving {
    pub id: PetitionId,
    pub code: String,
    pub state: State,
    pub moves: Vec<Move>,
}

/// What a change would move.
#[derive(Debug, Clone)]
pub struct Impact {
    /// The version it would make.
    pub version: u32,
    /// The digest of what it says: two orders with the same ask for the same.
    pub digest: String,
    /// How many petitions would move.
    pub petitions: usize,
    /// How many of them would be overdue at once.
    pub into_past: usize,
    /// How many of them are too secret to be listed for this reader.
    pub withheld: usize,
    /// Those that are listed, by id.
    pub listed: Vec<Moving>,
}

/// What the change that an order asks for would move; nothing for an order that was carried out before.
///
/// Refuses in the order of all orders: who may not, what cannot be read, what does not do.
pub fn impact(tx: &mut AnyConnection, world: &World, order: &Order<Wanted>) -> Result<Option<Impact>, Error> {
    let admin = Admin::of(tx, world, &order.caller)?;
    admin.reach.require(None)?;
    let wanted = order.body.as_ref().map_err(Error::again)?;
    let key = order.key.as_ref().map_err(Error::again)?.as_ref();
    if idempotency::replay(tx, key)?.is_some() {
        return Ok(None);
    }
    let amendment = completed(tx, world, wanted)?;
    let proposed = world.calendar().followed_by(world.now, amendment.check(world.calendar())?);
    let says = says(&amendment, 0);
    let touched = recalculation::touched(&says, world.zone());
    let mut moving = Vec::new();
    let mut after = None;
    loop {
        let ids = calendar::running(tx, touched, world.now, after, recalculation::LOOK)?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        for loaded in history::load_many(tx, &ids)? {
            let moves = recalculation::moves(world, &loaded.case, &proposed);
            if !moves.is_empty() {
                moving.push((loaded.case.id, moves));
            }
        }
    }
    moving.sort_unstable_by_key(|(id, _)| *id);
    let past = |moves: &[Move]| moves.iter().any(|moved| moved.is_into_past(world.now));
    let listed = listed(tx, &admin.person, &moving)?;
    Ok(Some(Impact {
        version: proposed.version(),
        digest: digest(&[&says])?,
        petitions: moving.len(),
        into_past: moving.iter().filter(|(_, moves)| past(moves)).count(),
        withheld: moving.len() - listed.len(),
        listed,
    }))
}

fn listed(
    tx: &mut AnyConnection,
    reader: &Person,
    moving: &[(PetitionId, Vec<Move>)],
) -> Result<Vec<Moving>, Error> {
    let mut all = Vec::with_capacity(moving.len());
    for part in moving.chunks(500) {
        let ids: Vec<PetitionId> = part.iter().map(|(id, _)| *id).collect();
        for (id, code, state) in calendar::told(tx, reader, true, &ids)? {
            let at = part.binary_search_by_key(&id, |(id, _)| *id).ok();
            let moves = at.and_then(|at| part.get(at)).map(|(_, moves)| moves.clone()).unwrap_or_default();
            all.push(Moving { id, code, state, moves });
        }
    }
    Ok(all)
}

/// Refuses a change that would make somebody late at once, unless that was confirmed.
pub fn check_past(impact: &Impact, confirmed: bool) -> Result<(), Error> {
    if impact.into_past == 0 || confirmed {
        return Ok(());
    }
    let many = impact.into_past;
    Err(Refusal::guard(
        "moves_into_past",
        format!(
            "Thay đổi này đưa hạn của {many} đơn về trước thời điểm hiện tại, tức là quá hạn ngay. Xem danh sách bằng cách gửi không có apply; nếu đúng ý, gửi lại với confirm_past=true."
        ),
        format!(
            "This change would move the deadlines of {many} petitions into the past: they would be overdue at once. See which by sending it without apply; if that is what you want, send it again with confirm_past=true."
        ),
    )
    .into())
}

/// Makes the next version of the calendar; petitions go over to it in the background.
pub fn apply(tx: &mut AnyConnection, world: &World, order: &Order<Wanted>) -> Result<Done, Error> {
    create(tx, world, order, |tx, admin, wanted| {
        admin.reach.require(None)?;
        if calendar::unfinished(tx)?.is_some() {
            return Err(Refusal::guard(
                "recalculation_running",
                "Các đơn còn đang được tính lại theo lần thay đổi trước; gửi lại sau ít phút.",
                "Petitions are still being recalculated after the change before this one; try again in a minute.",
            )
            .into());
        }
        let amendment = completed(tx, world, wanted)?;
        amendment.check(world.calendar())?;
        let version = column(world.calendar().version() + 1)?;
        let says = says(&amendment, version);
        let digest = digest(&[&calendar::sayings(tx)?, &says])?;
        let facts = facts(&amendment, version, wanted.confirm_past, &digest);
        let actor = admin.actor();
        let event = history::record_event(tx, world, &Subject::Calendar, &actor, "change", facts)?;
        let row = VersionRow {
            version,
            source: amendment.source.trim().to_owned(),
            recorded_at: event.at,
            official_id: Some(admin.person.official),
            event_id: Some(event.id),
            confirmed_past: wanted.confirm_past,
            reached: None,
            moved: 0,
            finished_at: None,
        };
        match calendar::insert(tx, &row, &says) {
            Err(StoreError::Unique) => return Err(Error::Stale),
            inserted => inserted?,
        }
        // A day moves the end of a clock, and its reminders with it; hours alone may move no end.
        if amendment.seasons.is_empty() {
            world::renew(tx)?
        } else {
            world::reminders_changed(tx)?
        }
        Ok(Subject::Calendar)
    })
}

/// The version that an order left: the calendar began with the first, and each event made the next.
pub fn version_of(done: Done) -> u32 {
    done.version + 1
}

/// The same with what a file says that is new, and with what only the store knows: where in the tree an agency stands.
fn completed(tx: &mut AnyConnection, world: &World, wanted: &Wanted) -> Result<Amendment, Error> {
    let mut amendment = wanted.amendment.clone();
    if let Some(file) = &wanted.file {
        amendment.days.extend(news(world.calendar(), read_ics(file)?));
    }
    for season in amendment.seasons.iter_mut().take(100) {
        let there = agencies::by_id(tx, season.agency)?.is_some();
        let above = if there { Some(line(tx, season.agency)?.len().saturating_sub(1)) } else { None };
        season.depth = above.and_then(|above| u32::try_from(above).ok());
    }
    Ok(amendment)
}

/// Of the days of a file those that are not known as it says.
fn news(calendar: &Calendar, entries: Vec<IcsEntry>) -> Vec<ChangedDay> {
    let changed = |entry: IcsEntry| {
        let present = calendar.entry(entry.day);
        if present.is_some_and(|known| known.kind == entry.kind && known.name == entry.name) {
            return None;
        }
        Some(ChangedDay {
            day: entry.day,
            action: if present.is_some() { DayAction::Change } else { DayAction::Add },
            kind: Some(entry.kind),
            name: Some(entry.name),
            confidence: Some(Confidence::Secondary),
            reason: None,
        })
    };
    entries.into_iter().filter_map(changed).collect()
}

fn column(number: u32) -> Result<i32, Error> {
    i32::try_from(number).map_err(Error::internal)
}

fn says(amendment: &Amendment, version: i32) -> Sayings {
    let source = amendment.source.trim();
    let entry = |changed: &ChangedDay| {
        let stays = changed.action != DayAction::Withdraw;
        let entry = amendment.entry(changed);
        EntryRow {
            day: changed.day,
            version,
            kind: entry.as_ref().map(|entry| entry.kind),
            name: entry.as_ref().map(|entry| entry.name.clone()),
            source: source.to_owned(),
            confidence: entry.as_ref().map(|entry| entry.confidence),
            reason: changed.reason.clone().filter(|_| !stays),
        }
    };
    let hours = |changed: &ChangedSeason| {
        let added = changed.action == SeasonAction::Add;
        HoursRow {
            agency_id: changed.agency,
            from_day: changed.from,
            version,
            to_day: changed.to.filter(|_| added),
            depth: changed.depth.and_then(|depth| depth.try_into().ok()).unwrap_or(0),
            sessions: added.then(|| spelled(&changed.sessions)),
            source: source.to_owned(),
            reason: changed.reason.clone().filter(|_| !added),
        }
    };
    let year = |year: &i16| CoverageRow { year: i32::from(*year), version, source: source.to_owned() };
    Sayings {
        entries: amendment.days.iter().map(entry).collect(),
        coverage: amendment.years.iter().map(year).collect(),
        hours: amendment.seasons.iter().map(hours).collect(),
    }
}

/// Office hours as they are stored; [`world`] reads them.
fn spelled(sessions: &[Session]) -> String {
    let one = |(open, close): &Session| format!("{}-{}", open.strftime("%H:%M"), close.strftime("%H:%M"));
    sessions.iter().map(one).collect::<Vec<_>>().join(",")
}

/// What history keeps of a change: days and codes in clear, words outside the log.
fn facts(amendment: &Amendment, version: i32, confirm_past: bool, digest: &str) -> Value {
    let given = |text: &Option<String>| text.as_ref().map(|text| json!({ "given": text }));
    let action = |action: DayAction| match action {
        DayAction::Add => "add",
        DayAction::Change => "change",
        DayAction::Withdraw => "withdraw",
    };
    let days = amendment.days.iter().map(|changed| {
        json!({
            "day": changed.day, "action": action(changed.action), "kind": changed.kind,
            "confidence": changed.confidence, "name": given(&changed.name), "reason": given(&changed.reason),
        })
    });
    let hours = amendment.seasons.iter().map(|changed| {
        let withdrawn = changed.action == SeasonAction::Withdraw;
        json!({
            "agency_id": changed.agency, "from": changed.from, "to": changed.to,
            "action": if withdrawn { "withdraw" } else { "add" },
            "sessions": spelled(&changed.sessions), "reason": given(&changed.reason),
        })
    });
    json!({
        "version": version,
        "source": { "given": amendment.source.trim() },
        "days": days.collect::<Vec<_>>(),
        "years": amendment.years,
        "office_hours": hours.collect::<Vec<_>>(),
        "confirm_past": confirm_past,
        "digest": digest,
    })
}

/// The digest of everything that was said so far, in hexadecimal: rows by version and key.
pub(in crate::app) fn digest(parts: &[&Sayings]) -> Result<String, Error> {
    let entries = parts
        .iter()
        .flat_map(|says| &says.entries)
        .map(|row| json!([row.version, row.day, row.kind, row.name, row.source, row.confidence, row.reason]));
    let coverage = parts.iter().flat_map(|says| &says.coverage);
    let coverage = coverage.map(|row| json!([row.version, row.year, row.source]));
    let hours = parts.iter().flat_map(|says| &says.hours).map(|row| {
        let HoursRow { version, agency_id, from_day, to_day, depth, sessions, source, reason } = row;
        json!([version, agency_id, from_day, to_day, depth, sessions, source, reason])
    });
    // Both databases order alike only what is spelled alike.
    let sorted = |rows: &mut dyn Iterator<Item = Value>| {
        let mut rows: Vec<String> = rows.map(|row| row.to_string()).collect();
        rows.sort_unstable();
        rows
    };
    let all = json!({
        "entries": sorted(&mut entries.into_iter()),
        "coverage": sorted(&mut coverage.into_iter()),
        "office_hours": sorted(&mut hours.into_iter()),
    });
    Ok(hex(&sha256(&canonical_json(&all).map_err(Error::internal)?)))
}

/// How far a version is, for whoever may read how the installation was set up.
pub fn moved(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    version: i32,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<Moving>, Error> {
    let reader = super::events::Reader::of(tx, world, caller)?;
    calendar::version(tx, version)?.ok_or(Error::NotFound)?;
    let person = crate::app::caller::person(tx, world, caller)?;
    let faces = calendar::moved(tx, &person, reader.configures(), version, after, limit)?;
    let ids: Vec<PetitionId> = faces.iter().map(|(id, ..)| *id).collect();
    let mut rows = calendar::moves_of(tx, version, &ids)?.into_iter().peekable();
    let of = |(id, code, state): calendar::Face| {
        let mut moves = Vec::new();
        while let Some(row) = rows.next_if(|row| row.petition_id == id) {
            moves.push(recalculation::as_move(&row)?);
        }
        Ok(Moving { id, code, state, moves })
    };
    faces.into_iter().map(of).collect()
}
