//! Instants and civil days; nothing here reads a clock.

use std::{fmt, str::FromStr};

use jiff::{
    Span, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A point in time in UTC with microseconds, as both databases store it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);

/// A civil day in the configured zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Instant {
    /// The last representable instant: 9999-12-30T22:00:00Z, where jiff ends.
    pub const MAX_MICROS: i64 = 253_402_207_200_000_000;
    /// The first instant that is taken from outside: 0001-01-01T00:00:00Z.
    const MIN_MICROS: i64 = -62_135_596_800_000_000;

    /// That last instant: nothing is later.
    pub const MAX: Self = Self(Timestamp::MAX);

    /// Drops what is finer than a microsecond, so that what is returned equals what is stored.
    pub fn new(timestamp: Timestamp) -> Self {
        Self(Timestamp::from_microsecond(timestamp.as_microsecond()).unwrap_or(timestamp))
    }
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }
    /// The instant of a count of microseconds since 1970, or nothing outside jiff's range.
    pub fn from_micros(micros: i64) -> Option<Self> {
        Timestamp::from_microsecond(micros).ok().map(Self)
    }
    /// The same point as jiff sees it.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
    /// The civil day on which this instant falls in a zone.
    pub fn day(self, zone: &TimeZone) -> Day {
        Day(zone.to_datetime(self.0).date())
    }
    /// The local clock time in a zone.
    pub fn time(self, zone: &TimeZone) -> Time {
        zone.to_datetime(self.0).time()
    }
    /// Later (or earlier) by so many microseconds, clamped to the representable range.
    pub fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.micros().saturating_add(micros)).unwrap_or(self)
    }
}

impl Day {
    /// The first day that is taken from outside.
    pub const FIRST: Self = Self(jiff::civil::date(1, 1, 1));

    /// Wraps a civil date.
    pub const fn new(date: Date) -> Self {
        Self(date)
    }
    /// The civil date.
    pub const fn date(self) -> Date {
        self.0
    }
    /// The day so many days later (negative: earlier), clamped to jiff's range.
    pub fn plus_days(self, days: i64) -> Self {
        let end = if days < 0 { Date::MIN } else { Date::MAX };
        let span = Span::new().try_days(days);
        Self(span.map_or(end, |span| self.0.saturating_add(span)))
    }
    /// How many days from `self` to `later`; negative when it is earlier.
    pub fn days_until(self, later: Day) -> i64 {
        self.0.until(later.0).map(|span| i64::from(span.get_days())).unwrap_or(0)
    }
    /// The instant at which this day begins in a zone.
    pub fn start(self, zone: &TimeZone) -> Instant {
        self.at(Time::midnight(), zone)
    }
    /// The instant at which this day ends (24:00): the first one that is no longer part of it.
    pub fn end(self, zone: &TimeZone) -> Instant {
        self.plus_days(1).start(zone)
    }
    /// The instant of a clock time on this day in a zone.
    pub fn at(self, time: Time, zone: &TimeZone) -> Instant {
        let timestamp = zone.to_ambiguous_timestamp(self.0.to_datetime(time)).compatible();
        Instant::new(timestamp.unwrap_or(Timestamp::MAX))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl FromStr for Instant {
    type Err = jiff::Error;
    /// RFC 3339 with an offset; a time without one is refused. Years 1 to 9999.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = Self::new(text.parse::<Timestamp>()?);
        if (Self::MIN_MICROS..=Self::MAX_MICROS).contains(&instant.micros()) {
            return Ok(instant);
        }
        Err(jiff::Error::from_args(format_args!("the year must be between 1 and 9999")))
    }
}
impl FromStr for Day {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date = text.parse::<Date>()?;
        if date.year() < 1 {
            return Err(jiff::Error::from_args(format_args!("the year must be between 1 and 9999")));
        }
        Ok(Self(date))
    }
}
impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            D::Error::custom("expected an RFC 3339 time with offset, such as 2026-11-23T14:00:00+07:00")
        })
    }
}
impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("expected a date, such as 2026-11-23"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_where_the_calendar_does() {
        let day: Day = "2026-11-23".parse().unwrap();
        assert_eq!(day.plus_days(-23).to_string(), "2026-10-31");
        for far in [7_304_484, 7_304_485, i64::from(u32::MAX), i64::MAX] {
            assert_eq!(day.plus_days(far), Day::new(Date::MAX));
            assert_eq!(day.plus_days(-far), Day::new(Date::MIN));
        }
    }
}
