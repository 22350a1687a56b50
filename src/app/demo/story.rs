//! A petition of the demo as a story: who did what at which time; telling it makes it happen.

use jiff::{civil::DateTime, tz::TimeZone};
use uuid::Uuid;

use super::people::{Cast, Who};
use crate::{
    app::{
        Error,
        actions::{self, Call, Request, Seen},
        caller::Caller,
        history,
        idempotency::RequestKey,
        submission::{Incoming, Part, submit},
        world::World,
    },
    domain::{
        act::{Act, Merge, Split},
        id::{PetitionId, RowId},
        submission::Submission,
        time::{Day, Instant},
        vocabulary::{Kind, LinkKind, Visibility},
    },
    store::{AnyConnection, petitions},
};

/// A petition of the demo has the same client reference everywhere, by which a second run finds it.
const REFERENCES: u128 = 0x0197_c2f4_0000_7001_8000_0000_0000_0000;

/// The client reference of a numbered petition.
pub(super) fn reference(number: u32) -> RowId {
    RowId::new(Uuid::from_u128(REFERENCES + u128::from(number)))
}

/// What happened to one petition, or to several that belong together, from the first receipt on, in order of time.
#[derive(Debug)]
pub(super) struct Story {
    number: u32,
    beats: Vec<Beat>,
}

/// One thing that happened to a petition.
#[derive(Debug)]
struct Beat {
    number: u32,
    at: Instant,
    by: Caller,
    what: What,
}

/// What happened.
#[derive(Debug)]
pub(super) enum What {
    /// The petition came in.
    Comes(Box<Submission>),
    /// An act of the table.
    Does(Act),
    /// A split into parts.
    Splits(Vec<Part>),
    /// A merge into the petition of a number.
    MergesInto(u32),
    /// An act on the part of this kind.
    OnPart(Kind, Act),
}

impl<T: Into<Act>> From<T> for What {
    fn from(act: T) -> Self {
        Self::Does(act.into())
    }
}

/// Writes a story down.
pub(super) struct Teller<'a> {
    pub(super) cast: &'a Cast,
    zone: &'a TimeZone,
    story: Story,
    /// The petition spoken of.
    number: u32,
}

impl<'a> Teller<'a> {
    /// Begins with a receipt; without an official the citizen submits himself.
    pub(super) fn begin(
        (cast, zone): (&'a Cast, &'a TimeZone),
        number: u32,
        at: DateTime,
        by: Option<Who>,
        submission: Submission,
    ) -> Result<Self, Error> {
        let story = Story { number, beats: Vec::new() };
        Self { cast, zone, story, number }.comes(number, at, by, submission)
    }

    /// Another petition comes in, and is spoken of from now on.
    pub(super) fn comes(
        mut self,
        number: u32,
        at: DateTime,
        by: Option<Who>,
        submission: Submission,
    ) -> Result<Self, Error> {
        self.number = number;
        let submission = Submission { client_reference: Some(reference(number)), ..submission };
        self.beat(at, by, What::Comes(Box::new(submission)))
    }

    /// Speaks of a petition that came before.
    pub(super) fn of(self, number: u32) -> Self {
        Self { number, ..self }
    }

    /// Goes on with what an official does.
    pub(super) fn then(self, at: DateTime, by: Who, what: impl Into<What>) -> Result<Self, Error> {
        self.beat(at, Some(by), what.into())
    }

    fn beat(mut self, at: DateTime, by: Option<Who>, what: What) -> Result<Self, Error> {
        let by = by.map_or(Ok(Caller::Anonymous), |who| self.cast.official(who).map(Caller::Official))?;
        self.story.beats.push(Beat { number: self.number, at: instant(at, self.zone), by, what });
        Ok(self)
    }

    /// The whole story.
    pub(super) fn end(self) -> Story {
        self.story
    }
}

/// The instant of a local time.
pub(super) fn instant(at: DateTime, zone: &TimeZone) -> Instant {
    Day::new(at.date()).at(at.time(), zone)
}

impl Story {
    /// Which of the demo's petitions it is about.
    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

/// Makes a story happen as far as the clock has come, unless it was begun before.
pub(super) fn tell(tx: &mut AnyConnection, world: &World, story: &Story) -> Result<(), Error> {
    if petitions::find_by_client_reference(tx, reference(story.number))?.is_some() {
        return Ok(());
    }
    let past: Vec<&Beat> = story.beats.iter().take_while(|beat| beat.at <= world.now).collect();
    if past.is_empty() {
        tracing::info!(number = story.number, "this demo petition is yet to come by this clock");
    }
    for beat in past {
        let world = world.at(beat.at);
        match &beat.what {
            What::Comes(submission) => receive(tx, &world, beat, submission)?,
            what => carry_out(tx, &world, beat, what)?,
        }
    }
    Ok(())
}

fn receive(tx: &mut AnyConnection, world: &World, beat: &Beat, submission: &Submission) -> Result<(), Error> {
    let key = RequestKey {
        caller: beat.by.scope(),
        method: "POST",
        route: "/v1/petitions".to_owned(),
        key: reference(beat.number).to_string(),
        fingerprint: beat.number.to_be_bytes().to_vec(),
    };
    let incoming =
        Incoming { caller: beat.by.clone(), submission: Ok(submission.clone()), key: Ok(Some(key)) };
    submit(tx, world, &incoming)?;
    Ok(())
}

/// The petition of a number, which came before.
fn numbered(tx: &mut AnyConnection, number: u32) -> Result<PetitionId, Error> {
    let found = petitions::find_by_client_reference(tx, reference(number))?;
    found.map(|(id, _)| id).ok_or_else(|| Error::internal(format!("demo petition {number} has not come")))
}

fn carry_out(tx: &mut AnyConnection, world: &World, beat: &Beat, what: &What) -> Result<(), Error> {
    let petition = numbered(tx, beat.number)?;
    let (petition, request) = match what {
        What::Comes(_) => return Err(Error::internal("a petition comes in once")),
        What::Does(act) => (petition, Request::from(act.clone())),
        What::Splits(parts) => {
            // The visibility follows from the parts; this one is replaced.
            let split = Split { parts: Vec::new(), visibility: Visibility::PartiesOnly, reason: None };
            (petition, Request { parts: parts.clone(), ..split.into() })
        }
        What::MergesInto(number) => {
            let merge = Merge {
                survivor: numbered(tx, *number)?,
                reason: Some("Cùng một vụ việc".to_owned().into()),
            };
            (petition, merge.into())
        }
        What::OnPart(kind, act) => (part(tx, petition, *kind)?, Request::from(act.clone())),
    };
    let action = request.act.action().ok_or_else(|| Error::internal("not an action"))?;
    let seen =
        history::load(tx, petition)?.map_or(Seen::Nothing, |loaded| Seen::Version(loaded.case.version));
    let call = Call { caller: beat.by.clone(), petition, action, request: Ok(request), seen, key: Ok(None) };
    actions::perform(tx, world, &call)?;
    Ok(())
}

/// The part of a split petition that is of this kind.
fn part(tx: &mut AnyConnection, letter: PetitionId, kind: Kind) -> Result<PetitionId, Error> {
    for link in petitions::links(tx, letter)? {
        let found = petitions::find(tx, link.petition)?.filter(|row| row.kind == kind);
        if let Some(row) = found.filter(|_| link.kind == LinkKind::Part) {
            return Ok(row.id);
        }
    }
    Err(Error::internal("the letter has no such part"))
}
