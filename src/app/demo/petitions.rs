//! The twelve petitions, word by word as in the domain facts (§6); persons, numbers and places are invented.

mod complaints;
mod proposals;
mod reports;

use jiff::{
    civil::{DateTime, date},
    tz::TimeZone,
};

use super::{
    people::{Cast, Who},
    story::{Story, Teller},
};
use crate::{
    app::Error,
    domain::{
        act::{Acceptance, Assignment, Classification, DocumentRef, Support},
        submission::{Paper, Personal, Submission, Submitter},
        time::Day,
        vocabulary::{Channel, Kind, Urgency},
    },
};

const INTAKE: Who = Who::Account("intake");
const COORDINATOR: Who = Who::Account("coordinator");

/// Where a story happens: with whom, in which zone.
type Stage<'a> = (&'a Cast, &'a TimeZone);

/// Every story, by number.
pub(super) fn all(cast: &Cast, zone: &TimeZone) -> Result<Vec<Story>, Error> {
    let stage = (cast, zone);
    Ok(vec![
        proposals::flooded_lane(stage)?,
        reports::missing_manhole_cover(stage)?,
        complaints::garden_land(stage)?,
        complaints::land_certificate(stage)?,
        complaints::extra_money(stage)?,
        complaints::wrong_steel(stage)?,
        proposals::opening_hours(stage)?,
        proposals::identity_copy(stage)?,
        proposals::thin_concrete(stage)?,
        proposals::kindergarten(stage)?,
        complaints::three_in_one(stage)?,
        reports::karaoke(stage)?,
    ])
}

/// A local time in autumn 2026.
const fn on(month: i8, day: i8, hour: i8, minute: i8) -> DateTime {
    date(2026, month, day).at(hour, minute, 0, 0)
}

/// A day in autumn 2026.
const fn day(month: i8, day: i8) -> Day {
    Day::new(date(2026, month, day))
}

/// What every submission of the demo has in common.
fn letter(kind: Kind, channel: Channel, field: &str, [title, content]: [&str; 2]) -> Submission {
    Submission {
        kind,
        instance: None,
        channel,
        submitter_type: None,
        title: title.to_owned(),
        content: content.to_owned(),
        field_code: field.to_owned(),
        urgency: Urgency::Normal,
        remote_area: false,
        agency_code: None,
        location: None,
        incident_at: None,
        submitter: None,
        keep_secret: false,
        consent: None,
        client_reference: None,
        access_key_hash: None,
        paper: Paper::default(),
    }
}

/// A person who does not exist, with a telephone number nobody has.
fn person(full_name: &str, phone: &str, address: &str) -> Option<Submitter> {
    Some(Submitter {
        full_name: Some(Personal::new(full_name)),
        phone: Some(Personal::new(phone)),
        address: Some(Personal::new(address)),
        ..Submitter::default()
    })
}

/// A body that submits, with whoever speaks for it.
fn body(organisation: &str, full_name: &str, phone: &str) -> Option<Submitter> {
    Some(Submitter {
        organisation: Some(Personal::new(organisation)),
        full_name: Some(Personal::new(full_name)),
        phone: Some(Personal::new(phone)),
        ..Submitter::default()
    })
}

fn document(number: &str, symbol: &str, issued_on: Day) -> DocumentRef {
    DocumentRef { number: number.to_owned(), symbol: symbol.to_owned(), issued_on }
}

/// Classified as it was declared; what is public gets its own words.
fn as_declared(submission: &Submission, public: Option<[&str; 2]>) -> Classification {
    Classification {
        kind: submission.kind,
        instance: submission.instance,
        field_code: submission.field_code.clone(),
        urgency: submission.urgency,
        remote_area: submission.remote_area,
        visibility: None,
        basis_document: None,
        public_title: public.map(|[title, _]| title.to_owned().into()),
        public_summary: public.map(|[_, summary]| summary.to_owned().into()),
        respondent: None,
    }
}

/// Given to an agency's handler, with other agencies to help.
fn assignment(cast: &Cast, lead: &'static str, supporting: &[&'static str]) -> Result<Assignment, Error> {
    let support = |code: &&'static str| -> Result<Support, Error> {
        Ok(Support { agency_id: cast.agency(code)?, person_id: Some(cast.official(Who::handles_at(code))?) })
    };
    Ok(Assignment {
        agency_id: cast.agency(lead)?,
        responsible_id: cast.official(Who::handles_at(lead))?,
        supporting: supporting.iter().map(support).collect::<Result<_, Error>>()?,
        due_on: None,
    })
}

/// The usual way: classified by intake, assigned by the coordinator, accepted by the handler of the lead.
struct Usual<'a> {
    classified: DateTime,
    as_what: Classification,
    assigned: DateTime,
    lead: &'static str,
    supporting: &'a [&'static str],
}

impl Usual<'_> {
    fn follow<'a>(self, teller: Teller<'a>) -> Result<Teller<'a>, Error> {
        let assignment = assignment(teller.cast, self.lead, self.supporting)?;
        let classified = teller.then(self.classified, INTAKE, self.as_what)?;
        classified.then(self.assigned, COORDINATOR, assignment)
    }
}

/// Accepted by the handler of an agency.
fn accepted<'a>(teller: Teller<'a>, at: DateTime, agency: &'static str) -> Result<Teller<'a>, Error> {
    teller.then(at, Who::handles_at(agency), Acceptance { document: None })
}
