//! The working calendar: what it says, how it came to say so, and what each change of it moved.

mod changes;
mod days;
mod history;
mod hours;
mod import;

use actix_web::web::{ServiceConfig, get, post, resource};
use jiff::civil::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{OpenApi, ToSchema};

use crate::domain::{
    calendar::{Due, Session},
    time::{Day, Instant},
};

/// The addresses of the calendar.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/calendar-days").route(get().to(days::list_calendar_days)))
        .service(resource("/v1/calendar-days/import").route(post().to(import::import_calendar)))
        .service(resource("/v1/calendar-days/{day}").route(get().to(days::read_calendar_day)))
        .service(resource("/v1/office-hours").route(get().to(hours::list_office_hours)))
        .service(
            resource("/v1/calendar-changes")
                .route(get().to(history::list_calendar_changes))
                .route(post().to(changes::change_calendar)),
        )
        .service(resource("/v1/calendar-changes/{version}").route(get().to(history::read_calendar_change)))
        .service(
            resource("/v1/calendar-changes/{version}/moves").route(get().to(history::list_calendar_moves)),
        );
}

/// What each module says of its operations.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    let mut all = days::Api::openapi();
    for part in
        [hours::Api::openapi(), changes::Api::openapi(), import::Api::openapi(), history::Api::openapi()]
    {
        all.merge(part);
    }
    all
}

/// What is done with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CalendarAction {
    Add,
    Change,
    Withdraw,
}

/// What is done with office hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OfficeHoursAction {
    Add,
    Withdraw,
}

/// Where a clock ends; null while it rests without a known end.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"due_at": "2027-01-04T17:00:00Z", "due_on": "2027-01-04", "provisional": true}))]
struct DueView {
    /// The first instant that is too late.
    #[schema(value_type = String, format = DateTime)]
    due_at: Instant,
    #[schema(value_type = String, format = Date)]
    due_on: Day,
    /// The calendar of a year it touches was not known.
    provisional: bool,
}

impl From<Due> for DueView {
    fn from(due: Due) -> Self {
        Self { due_at: due.due_at, due_on: due.due_on, provisional: due.provisional }
    }
}

/// A clock time of the installation's zone, `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ClockTime(Time);

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = text.parse().ok().filter(|_| text.len() == 5);
        time.map(Self).ok_or_else(|| D::Error::custom("Cần giờ dạng 07:30. | Needs a time such as 07:30."))
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%H:%M"))
    }
}

/// A stretch of office hours.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"opens": "07:30", "closes": "11:30"}))]
struct OfficeSession {
    #[schema(value_type = String, max_length = 5, pattern = "^[0-2][0-9]:[0-5][0-9]$", example = "07:30")]
    opens: ClockTime,
    #[schema(value_type = String, max_length = 5, pattern = "^[0-2][0-9]:[0-5][0-9]$", example = "11:30")]
    closes: ClockTime,
}

impl From<&Session> for OfficeSession {
    fn from((opens, closes): &Session) -> Self {
        Self { opens: ClockTime(*opens), closes: ClockTime(*closes) }
    }
}
