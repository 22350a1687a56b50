//! Everything that can be derived is derived once more and compared with what is stored.
//!
//! What is proven, subject by subject: the chain of its events, the texts that events commit to, and for a petition
//! every row that its history makes; the versions of the calendar and the rules that were added or ended, which each
//! change commits to. Then the tree of agencies through time, with every closing, and the order of the whole log. What is
//! in no event is not proven: accounts, keys, idempotency records, reads of personal data, other reference data, and
//! names of officials as they were.
//!
//! A server may go on writing meanwhile: each page is one snapshot, in which a petition and its rows agree.

mod chain;
mod exports;
mod finding;
mod frozen;
mod others;
mod pages;
mod positions;
mod reference;
mod replay;
mod rows;
mod succession;
mod texts;

use std::fmt;

use jiff::tz::TimeZone;

pub use finding::{Difference, Finding};
pub use positions::Head;

use self::{finding::not_as_expected, texts::Committing};
use super::{
    Error,
    clock::real_now,
    history::FreshTexts,
    routine,
    world::{Reference, ReferenceCache},
};
use crate::{
    domain::id::PetitionId,
    store::{
        AnyConnection, DatabaseKind, Db, StoreError,
        verify::{self, Held, Unreadable},
    },
};

/// How many petitions one page takes.
const PAGE: i64 = 200;

/// What a verification came to.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    pub petitions: u64,
    /// Events of petitions.
    pub events: u64,
    /// Events of everything else.
    pub other_events: u64,
    pub texts: u64,
    /// Texts without a body.
    pub erased: u64,
    /// Subjects that are not what their history says.
    pub differences: u64,
    /// Events that were written during the verification and have no position yet.
    pub unnumbered: u64,
    /// The head of the log; nothing when the log itself is broken.
    pub head: Option<Head>,
    pub seconds: f64,
}

/// What is told while it goes on.
pub enum Told<'a> {
    Finding(&'a Finding),
    /// So many events of petitions are done.
    Progress {
        events: u64,
    },
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { petitions, events, other_events, texts, erased, differences, unnumbered, .. } = self;
        let rate = (events + other_events) as f64 / self.seconds;
        writeln!(
            f,
            "{differences} differences: {petitions} petitions with {events} events and {texts} texts ({erased} \
             erased), {other_events} other events; {:.1} s, {rate:.0} events/s",
            self.seconds
        )?;
        if *unnumbered > 0 {
            writeln!(f, "{unnumbered} events are not numbered yet")?;
        }
        match &self.head {
            Some(head) => write!(f, "head {head}"),
            None => f.write_str("no head: the log is broken"),
        }
    }
}

/// Verifies a whole database; civil days are those of this zone. `kept` is a head from an earlier time.
pub fn run(
    db: &Db,
    zone: &TimeZone,
    kept: Option<&Head>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Summary, Error> {
    if db.kind() == DatabaseKind::Postgres {
        routine::number_all(db)?;
    }
    walk(Source::Database(db), zone, kept, tell)
}

/// The same as one transaction sees it.
pub fn run_in(
    tx: &mut AnyConnection,
    zone: &TimeZone,
    kept: Option<&Head>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Summary, Error> {
    walk(Source::Transaction(tx), zone, kept, tell)
}

fn walk(
    source: Source<'_>,
    zone: &TimeZone,
    kept: Option<&Head>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Summary, Error> {
    let begun = real_now();
    let reference = ReferenceCache::new(zone.clone());
    let mut walk = Walk { source, reference, summary: Summary::default(), tell };
    walk.petitions()?;
    walk.others()?;
    walk.frozen()?;
    walk.exports()?;
    walk.lost()?;
    walk.log(kept)?;
    let mut summary = walk.summary;
    summary.seconds = (real_now().micros() - begun.micros()).max(1) as f64 / 1e6;
    Ok(summary)
}

/// What is read from: a database, each page a snapshot of its own, or one open transaction.
enum Source<'a> {
    Database(&'a Db),
    Transaction(&'a mut AnyConnection),
}

impl Source<'_> {
    fn read<T>(&mut self, read: impl FnOnce(&mut AnyConnection) -> Result<T, Error>) -> Result<T, Error> {
        match self {
            Self::Database(db) => db.read_now(read),
            Self::Transaction(tx) => read(tx),
        }
    }

    fn kind(&self) -> DatabaseKind {
        match self {
            Self::Database(db) => db.kind(),
            Self::Transaction(tx) => tx.kind(),
        }
    }
}

/// The head of the log as one transaction sees it; fails where the log has a gap.
pub fn head(tx: &mut AnyConnection) -> Result<Head, Error> {
    let checked = positions::check(&mut Source::Transaction(tx), None)?;
    checked.map_err(|difference| StoreError::Configuration(difference.of("log").to_string()).into())
}

/// Verifies one petition; gives its first difference.
pub fn petition(tx: &mut AnyConnection, zone: &TimeZone, id: PetitionId) -> Result<Option<Finding>, Error> {
    let reference = ReferenceCache::new(zone.clone()).current(tx)?;
    let held = match verify::held(tx, &[id]) {
        Ok(held) => held,
        Err(unreadable) => return told_of(id, unreadable).map(Some),
    };
    let Some(held) = held.first() else {
        return Ok(Some(Difference::row("petition", "the row is missing").of(format!("petition {id}"))));
    };
    Ok(prove(&reference, held, tx.kind())?.err())
}

/// How many texts of a petition are erased, or its first difference.
fn prove(reference: &Reference, held: &Held, kind: DatabaseKind) -> Result<Result<u64, Finding>, Error> {
    let subject = || format!("petition {} ({})", held.row.code, held.row.id);
    let proven = match chain::petition(&held.events, kind)? {
        Ok(proven) => proven,
        Err(difference) => return Ok(Err(difference.of(subject()))),
    };
    let committing: Vec<Committing<'_>> = held
        .events
        .iter()
        .zip(&proven)
        .map(|(cells, proven)| Committing {
            id: cells.id,
            sequence: cells.sequence,
            recorded_at: cells.recorded_at,
            payload: &proven.payload,
            root: "/act",
        })
        .collect();
    let erased = match texts::check(&committing, &held.texts) {
        Ok(erased) => erased,
        Err(difference) => return Ok(Err(difference.of(subject()))),
    };
    let texts: FreshTexts =
        held.texts.iter().filter_map(|text| Some((text.id, text.body.clone()?))).collect();
    let Some(expected) = replay::replay(reference, &proven, &texts)? else {
        return Ok(Err(Difference::row("event", "no event begins it").of(subject())));
    };
    let schema = proven.first().map_or(1, |first| first.stored.event.record.schema);
    let compared = rows::check(&expected, held, schema, &texts)?;
    Ok(compared.map(|()| erased).map_err(|difference| difference.of(subject())))
}

/// A row that cannot be read is a difference; a database that cannot be reached is not.
fn told_of(id: PetitionId, unreadable: Unreadable) -> Result<Finding, Error> {
    Ok(cannot_be_read(unreadable)?.of(format!("petition {id}")))
}

fn cannot_be_read(unreadable: Unreadable) -> Result<Difference, Error> {
    match unreadable.error {
        error @ (StoreError::Unavailable(_) | StoreError::Busy) => Err(error.into()),
        _ => Ok(Difference::row(unreadable.table, "a row cannot be read, or holds a number out of range")),
    }
}

/// A verification on its way.
struct Walk<'a> {
    source: Source<'a>,
    reference: ReferenceCache,
    summary: Summary,
    tell: &'a mut dyn FnMut(Told<'_>),
}

impl Walk<'_> {
    fn found(&mut self, finding: &Finding) {
        self.summary.differences += 1;
        (self.tell)(Told::Finding(finding));
    }

    fn petitions(&mut self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let from = after;
            let ids = self.source.read(|tx| Ok(verify::petition_ids(tx, from, PAGE)?))?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = Some(*last);
            self.page(&ids)?;
            let events = self.summary.events;
            (self.tell)(Told::Progress { events });
        }
    }

    fn page(&mut self, ids: &[PetitionId]) -> Result<(), Error> {
        let kind = self.source.kind();
        let read = self.source.read(|tx| {
            let reference = self.reference.current(tx)?;
            Ok((reference, verify::held(tx, ids)))
        })?;
        let (reference, held) = match (read, ids) {
            ((reference, Ok(held)), _) => (reference, held),
            ((_, Err(unreadable)), [id]) => {
                self.summary.petitions += 1;
                self.found(&told_of(*id, unreadable)?);
                return Ok(());
            }
            // One of them is at fault: each by itself.
            (_, many) => return many.iter().try_for_each(|id| self.page(&[*id])),
        };
        for held in &held {
            self.summary.petitions += 1;
            self.summary.events += held.events.len() as u64;
            self.summary.texts += held.texts.len() as u64;
            match prove(&reference, held, kind)? {
                Ok(erased) => self.summary.erased += erased,
                Err(finding) => self.found(&finding),
            }
        }
        Ok(())
    }

    fn others(&mut self) -> Result<(), Error> {
        let others = others::check(&mut self.source)?;
        self.summary.other_events = others.events;
        others.findings.iter().for_each(|finding| self.found(finding));
        let findings = self.source.read(reference::check)?;
        findings.iter().for_each(|finding| self.found(finding));
        succession::check(&mut self.source)?.iter().for_each(|finding| self.found(finding));
        Ok(())
    }

    fn frozen(&mut self) -> Result<(), Error> {
        frozen::check(&mut self.source)?.iter().for_each(|finding| self.found(finding));
        Ok(())
    }

    fn exports(&mut self) -> Result<(), Error> {
        exports::check(&mut self.source)?.iter().for_each(|finding| self.found(finding));
        Ok(())
    }

    /// Rows that belong to nothing.
    fn lost(&mut self) -> Result<(), Error> {
        let (event, text, document) = self
            .source
            .read(|tx| Ok((verify::lost_event(tx)?, verify::lost_text(tx)?, verify::lost_document(tx)?)))?;
        if let Some((petition, sequence)) = event {
            let difference = Difference::row("petition", "the row is missing").at(sequence.into());
            self.found(&difference.of(format!("petition {petition}")));
        }
        if let Some(text) = text {
            let difference = Difference::row("event_text", "no event of its subject has this text");
            self.found(&difference.of(format!("text {text}")));
        }
        if let Some(document) = document {
            let difference = Difference::row("document", "no reply cites it");
            self.found(&difference.of(format!("document {document}")));
        }
        Ok(())
    }

    fn log(&mut self, kept: Option<&Head>) -> Result<(), Error> {
        match positions::check(&mut self.source, kept)? {
            Ok(head) => self.summary.head = Some(head),
            Err(difference) => self.found(&difference.of("log")),
        }
        let waiting = self.source.read(|tx| Ok(verify::unnumbered(tx)?))?;
        self.summary.unnumbered = u64::try_from(waiting).map_err(Error::internal)?;
        if waiting > 0 && self.source.kind() == DatabaseKind::Sqlite {
            // There the writer numbers each event as it writes it.
            let detail = not_as_expected(&"a position", &"nothing");
            self.found(&Difference::column("event", "position", detail).of("log"));
        }
        Ok(())
    }
}
