//! What every use case stands on: the time, the rules, the calendar with all its versions, the installation's secret.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;

use super::{Error, clock::new_id, secrets::InstallationSecret};
use crate::{
    domain::{
        access::Person,
        calendar::{Calendar, CalendarDay, Revision, Season, Session},
        escalation::Threshold,
        id::{AgencyId, OfficialId},
        rule::{Rule, RuleBook},
        time::Instant,
    },
    store::{
        AnyConnection, agencies,
        calendar::{self, EntryRow, HoursRow, Sayings},
        meta, reference,
        reminders::{self, ThresholdRow},
    },
};

/// The key in `meta` that changes whenever rules or calendar do.
const REVISION: &str = "reference_revision";
/// The key in `meta` that counts the changes of the thresholds of reminders.
const REMINDERS: &str = "reminder_revision";

/// Rules and calendar as they are now.
#[derive(Debug)]
pub struct Reference {
    revision: String,
    pub rules: RuleBook,
    pub calendar: Calendar,
    /// When we learnt of each rule, and of its end, in the order of the book; nothing: it was there at first.
    learnt: Vec<(Option<Instant>, Option<Instant>)>,
    /// When who is reminded.
    pub thresholds: Vec<Threshold>,
    /// How often the thresholds were changed; what was reckoned by fewer changes is outdated.
    pub reminder_revision: i32,
}

impl Reference {
    /// The zone of civil days.
    pub fn zone(&self) -> &TimeZone {
        self.calendar.zone()
    }

    /// The rules as they were known at an instant: without those recorded later, and without ends recorded later.
    pub fn rules_known_by(&self, known: Instant) -> RuleBook {
        let rules = self.rules.rules().iter().zip(&self.learnt).filter_map(|(rule, (recorded, ended))| {
            let later = |at: &Option<Instant>| at.is_some_and(|at| known < at);
            let effective_to = rule.effective_to.filter(|_| !later(ended));
            (!later(recorded)).then(|| Rule { effective_to, ..rule.clone() })
        });
        RuleBook::new(rules.collect())
    }
}

/// Keeps the reference data in memory until its revision changes in the database.
#[derive(Debug)]
pub struct ReferenceCache {
    zone: TimeZone,
    held: Mutex<Option<Arc<Reference>>>,
}

/// The surroundings of one use case.
#[derive(Debug, Clone)]
pub struct World {
    /// The time of the domain; in a sandbox it can be turned.
    pub now: Instant,
    /// The time of the world, for tokens and keys.
    pub real_now: Instant,
    pub reference: Arc<Reference>,
    pub secret: Arc<InstallationSecret>,
    pub request_id: Option<String>,
    /// Whether notifications go out by mail too.
    pub mails: bool,
    /// Whoever was looked up in this transaction.
    pub met: Met,
}

/// The official a transaction looked up last: within one snapshot his rights do not change.
#[derive(Debug, Default)]
pub struct Met(Mutex<Option<Person>>);

impl Met {
    /// The official, if he was looked up before.
    pub fn get(&self, id: OfficialId) -> Option<Person> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|person| person.official == id).cloned()
    }
    /// Keeps him.
    pub fn keep(&self, person: &Person) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(person.clone());
    }
}

/// Other surroundings, such as another time, know nobody yet.
impl Clone for Met {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl World {
    /// The rules in force.
    pub fn rules(&self) -> &RuleBook {
        &self.reference.rules
    }
    /// The working calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.reference.calendar
    }
    /// The zone of civil days.
    pub fn zone(&self) -> &TimeZone {
        self.reference.zone()
    }
    /// The working calendar where this agency is in charge, for a clock that starts there.
    pub fn calendar_at(&self, tx: &mut AnyConnection, agency: AgencyId) -> Result<Calendar, Error> {
        if !self.calendar().has_office_hours() {
            return Ok(self.calendar().clone());
        }
        let mut line = agencies::lines(tx, &[agency])?.remove(&agency).unwrap_or_default();
        line.sort_unstable();
        Ok(self.calendar().at(&line))
    }
    /// The same surroundings at another time.
    pub fn at(&self, now: Instant) -> Self {
        Self { now, ..self.clone() }
    }
}

impl ReferenceCache {
    /// Empty; civil days are those of this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, held: Mutex::new(None) }
    }

    /// The reference data as this transaction sees it; read anew only when its revision changed.
    pub fn current(&self, tx: &mut AnyConnection) -> Result<Arc<Reference>, Error> {
        let revision = meta::get(tx, REVISION)?.unwrap_or_default();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held.filter(|held| held.revision == revision) {
            return Ok(held);
        }
        let fresh = Arc::new(load(tx, revision, self.zone.clone())?);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

/// Has every process read rules and calendar anew.
pub(super) fn renew(tx: &mut AnyConnection) -> Result<(), Error> {
    Ok(meta::set(tx, REVISION, &new_id::<()>().to_string())?)
}

fn reminder_revision(tx: &mut AnyConnection) -> Result<i32, Error> {
    meta::get(tx, REMINDERS)?.map_or(Ok(1), |count| count.parse().map_err(Error::internal))
}

/// Says that thresholds of reminders changed, or the office hours in which they come: every process reads them anew, and
/// every open petition is looked at by the new ones.
pub fn reminders_changed(tx: &mut AnyConnection) -> Result<(), Error> {
    let count = reminder_revision(tx)?.saturating_add(1);
    meta::set(tx, REMINDERS, &count.to_string())?;
    renew(tx)
}

/// A threshold as the domain knows it.
pub fn threshold(row: ThresholdRow) -> Result<Threshold, Error> {
    Ok(Threshold {
        code: row.code,
        stage: row.stage,
        level: row.level,
        anchor: row.anchor,
        amount: row.amount.try_into().map_err(Error::internal)?,
        unit: row.unit,
        legal_basis: row.legal_basis,
        effective_from: row.effective_from,
        effective_to: row.effective_to,
    })
}

fn load(tx: &mut AnyConnection, revision: String, zone: TimeZone) -> Result<Reference, Error> {
    let says = calendar::sayings(tx)?;
    let mut calendar = Calendar::new(zone);
    for row in calendar::versions(tx)? {
        let revision = revised(&says, row.version)?;
        calendar = match row.version {
            1 => {
                let days = revision.days.into_iter().filter_map(|(day, entry)| Some((day, entry?)));
                calendar.with_days(days.collect::<Vec<_>>()).with_years(revision.years)
            }
            _ => calendar.followed_by(row.recorded_at, revision),
        };
    }
    let rows = reference::deadline_rules(tx)?;
    let learnt = rows.iter().map(|row| (row.recorded_at, row.ending_recorded_at)).collect();
    let rules = rows.into_iter().map(rule).collect::<Result<Vec<_>, Error>>()?;
    let thresholds =
        reminders::thresholds(tx)?.into_iter().map(threshold).collect::<Result<Vec<_>, Error>>()?;
    let rules = RuleBook::new(rules);
    Ok(Reference { revision, rules, calendar, learnt, thresholds, reminder_revision: reminder_revision(tx)? })
}

/// What a version changes of the one before.
fn revised(says: &Sayings, version: i32) -> Result<Revision, Error> {
    let years = says.coverage.iter().filter(|row| row.version == version).map(|row| row.year.try_into());
    let hours = || says.hours.iter().filter(move |row| row.version == version);
    Ok(Revision {
        days: says
            .entries
            .iter()
            .filter(|row| row.version == version)
            .map(|row| (row.day, day(row)))
            .collect(),
        years: years.collect::<Result<_, _>>().map_err(Error::internal)?,
        withdrawn: hours()
            .filter(|row| row.sessions.is_none())
            .map(|row| (row.agency_id, row.from_day))
            .collect(),
        seasons: hours().filter_map(season).collect::<Result<_, _>>()?,
    })
}

fn day(row: &EntryRow) -> Option<CalendarDay> {
    let (kind, name, confidence) = (row.kind?, row.name.clone()?, row.confidence?);
    Some(CalendarDay { kind, name, source: row.source.clone(), confidence })
}

fn season(row: &HoursRow) -> Option<Result<Season, Error>> {
    let sessions = sessions(row.sessions.as_deref()?);
    let season = |sessions| {
        Ok(Season {
            agency: row.agency_id,
            depth: row.depth.try_into().map_err(Error::internal)?,
            from: row.from_day,
            to: row.to_day,
            sessions,
            source: row.source.clone(),
        })
    };
    Some(sessions.ok_or_else(|| Error::internal("office hours that cannot be read")).and_then(season))
}

/// Office hours as they are stored: `07:30-11:30,13:30-17:00`.
pub fn sessions(text: &str) -> Option<Vec<Session>> {
    let one = |part: &str| {
        let (open, close) = part.split_once('-')?;
        Some((open.parse().ok()?, close.parse().ok()?))
    };
    text.split(',').map(one).collect()
}

/// A rule as the domain knows it.
pub(super) fn rule(row: reference::DeadlineRuleRow) -> Result<Rule, Error> {
    Ok(Rule {
        id: row.id,
        code: row.code,
        stage: row.stage,
        kind: row.kind,
        instance: row.instance.map(u8::try_from).transpose().map_err(Error::internal)?,
        channel: row.channel,
        submitter_type: row.submitter_type,
        field_code: row.field_code,
        urgency: row.urgency,
        complexity: row.complexity,
        remote_area: row.remote_area,
        start_event: row.start_event,
        amount: row.amount.try_into().map_err(Error::internal)?,
        unit: row.unit,
        ceiling: row.ceiling.map(u32::try_from).transpose().map_err(Error::internal)?,
        on_supplement: row.on_supplement,
        due_soon_percent: row.due_soon_percent.try_into().map_err(Error::internal)?,
        legal_basis: row.legal_basis,
        confidence: row.confidence,
        effective_from: row.effective_from,
        effective_to: row.effective_to,
    })
}
