//! What a list tells of one petition: names, how its clock stands, how late it is, and how it came to that. Whatever it
//! needs is read once for the whole page.

use std::collections::HashMap;

use crate::{
    app::{Error, World, deadline, structure},
    domain::{
        id::{AgencyId, OfficialId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Action, Stage, Timeliness},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyVersion},
        course::{self, Stay},
        lists::{self, Against, ListedRow, Question},
        people,
        spans::ClockRow,
    },
};

/// One petition in a list, with the names that belong to it.
#[derive(Debug)]
pub struct Item {
    pub row: ListedRow,
    pub agency: Option<AgencyVersion>,
    /// Full name and position.
    pub responsible: Option<(String, String)>,
    /// The clock that counts.
    pub clock: Option<ClockRow>,
    pub timeliness: Timeliness,
    /// How late it is; nothing unless it is overdue.
    pub late: Option<Late>,
    /// How it came to that, where the list tells it.
    pub course: Option<Course>,
}

/// How late something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// Days from the last day in time to the day looked at: 0 for a time of day that passed today.
    pub days: i64,
    /// The working days among them.
    pub working_days: i64,
}

/// What was done to the clocks of a petition, and who held it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    pub extensions: i64,
    /// Suspensions and requests for a supplement.
    pub pauses: i64,
    /// The agencies that held it while it was open, in the order in which it came to them first.
    pub held: Vec<Held>,
}

/// How long an agency held a petition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub agency: AgencyId,
    pub version: Option<AgencyVersion>,
    pub working_days: i64,
}

impl Late {
    /// How late something is at an instant whose last day in time was this one.
    pub(super) fn since(world: &World, due_on: Day, at: Instant) -> Self {
        // Midnight belongs to the day before, as in `as_of=2026-06-30`.
        let today = world.calendar().last_day(at);
        Self {
            days: due_on.days_until(today).max(0),
            working_days: world.calendar().working_days_between(due_on, today),
        }
    }
}

/// Puts to each row what belongs to it.
pub(in crate::app) fn with_names(
    tx: &mut AnyConnection,
    world: &World,
    question: &Question,
    rows: Vec<ListedRow>,
    course: bool,
) -> Result<Vec<Item>, Error> {
    let (moment, at) = (question.moment, question.moment.at());
    let petitions: Vec<PetitionId> = rows.iter().map(|row| row.span.petition_id).collect();
    let mut courses = match course {
        true => Some(Courses::load(tx, &petitions, question)?),
        false => None,
    };
    let mut agency_ids: Vec<AgencyId> = rows.iter().map(|row| row.span.agency_id).collect();
    agency_ids.extend(courses.iter().flat_map(Courses::agencies));
    agency_ids.sort_unstable();
    agency_ids.dedup();
    let officials: Vec<OfficialId> = rows.iter().filter_map(|row| row.span.responsible_id).collect();
    let names = agencies::on(tx, &agency_ids, structure::day(world, moment))?;
    let people = people::names(tx, &officials)?;
    let mut clocks: HashMap<(PetitionId, i32, Stage), ClockRow> = lists::clocks(tx, &petitions, moment)?
        .into_iter()
        .map(|clock| ((clock.petition_id, clock.round, clock.stage), clock))
        .collect();
    let item = |row: ListedRow| {
        let span = &row.span;
        let timeliness = deadline::timeliness(span, at);
        Item {
            agency: names.get(&span.agency_id).cloned(),
            responsible: span.responsible_id.and_then(|official| people.get(&official).cloned()),
            clock: span.clock_stage.and_then(|stage| clocks.remove(&(span.petition_id, span.round, stage))),
            late: last_day(world, question, &row, timeliness).map(|on| Late::since(world, on, at)),
            course: courses.as_mut().map(|courses| courses.of(world, span.petition_id, &names)),
            timeliness,
            row,
        }
    };
    Ok(rows.into_iter().map(item).collect())
}

/// The last day in time, of what is late.
fn last_day(world: &World, question: &Question, row: &ListedRow, timeliness: Timeliness) -> Option<Day> {
    match question.filters.against() {
        Against::Official => row.span.due_on.filter(|_| timeliness == Timeliness::Overdue),
        Against::FirstDeadline | Against::Promise => row.end.map(|end| world.calendar().last_day(end)),
    }
}

/// The courses of the petitions on a page.
struct Courses {
    acts: HashMap<(PetitionId, Action), i64>,
    stays: HashMap<PetitionId, Vec<Stay>>,
}

impl Courses {
    fn load(tx: &mut AnyConnection, petitions: &[PetitionId], question: &Question) -> Result<Self, Error> {
        const COUNTED: [Action; 3] = [Action::Extension, Action::Suspension, Action::SupplementRequest];
        let mut stays: HashMap<PetitionId, Vec<Stay>> = HashMap::new();
        for stay in course::stays(tx, petitions, question.moment)? {
            stays.entry(stay.petition).or_default().push(stay);
        }
        Ok(Self { acts: course::acts(tx, petitions, &COUNTED, question.moment)?, stays })
    }

    fn agencies(&self) -> impl Iterator<Item = AgencyId> {
        self.stays.values().flatten().map(|stay| stay.agency)
    }

    fn of(
        &mut self,
        world: &World,
        petition: PetitionId,
        names: &HashMap<AgencyId, AgencyVersion>,
    ) -> Course {
        let done = |action| self.acts.get(&(petition, action)).copied().unwrap_or_default();
        let (extensions, pauses) =
            (done(Action::Extension), done(Action::Suspension) + done(Action::SupplementRequest));
        let mut held: Vec<Held> = Vec::new();
        // Stretches meet, so that the days of all of them are those of the whole.
        for stay in self.stays.remove(&petition).unwrap_or_default() {
            if !stay.state.is_open() {
                continue;
            }
            let (from, to) = (stay.from_at.day(world.zone()), stay.to_at.day(world.zone()));
            let working_days = world.calendar().working_days_between(from, to);
            match held.iter_mut().find(|held| held.agency == stay.agency) {
                Some(held) => held.working_days += working_days,
                None => {
                    let version = names.get(&stay.agency).cloned();
                    held.push(Held { agency: stay.agency, version, working_days });
                }
            }
        }
        Course { extensions, pauses, held }
    }
}
