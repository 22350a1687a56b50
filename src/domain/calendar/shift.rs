//! Moving an instant by working time, forwards and backwards, and when somebody may be disturbed.

use super::{Calendar, LAST_DAY, native};
use crate::domain::{
    time::{Day, Instant},
    vocabulary::Unit,
};

/// How many days a walk back takes at most; years without a working day are no calendar.
const MOST_STEPS: u32 = 5_000;

impl Calendar {
    /// Whether the desks are open.
    pub fn is_open(&self, at: Instant) -> bool {
        self.opening(at) == at
    }

    /// The instant itself while the desks are open, else when they open next.
    pub fn opening(&self, at: Instant) -> Instant {
        self.next_opening(at)
    }

    /// The instant after so much has passed. Days are whole ones: an end at midnight moves to the end of a later day,
    /// any other keeps its time of day.
    pub fn later(&self, at: Instant, amount: u32, unit: Unit) -> Instant {
        let (last, within) = self.placed(at);
        match unit {
            _ if amount == 0 => at,
            Unit::WorkingHours => self.add_working_hours(at, amount),
            Unit::WorkingDays => self.on(self.add_working_days(last, amount), within),
            Unit::CalendarDays => self.on(last.plus_days(i64::from(amount)).min(LAST_DAY), within),
        }
    }

    /// The instant at which so much is left.
    pub fn earlier(&self, at: Instant, amount: u32, unit: Unit) -> Instant {
        let (last, within) = self.placed(at);
        match unit {
            _ if amount == 0 => at,
            Unit::WorkingHours => self.hours_back(at, native(amount, unit)),
            Unit::WorkingDays => self.on(self.days_back(last, amount, at == last.end(&self.zone)), within),
            Unit::CalendarDays => self.on(last.plus_days(-i64::from(amount)), within),
        }
    }

    /// The day an exclusive end belongs to, and how long after the day's beginning it is.
    fn placed(&self, at: Instant) -> (Day, i64) {
        let last = self.last_day(at);
        (last, at.micros().saturating_sub(last.start(&self.zone).micros()))
    }

    fn on(&self, day: Day, within: i64) -> Instant {
        day.start(&self.zone).plus_micros(within)
    }

    /// The last day after which so many working days are left; the day of an end at midnight is one of them itself.
    fn days_back(&self, from: Day, amount: u32, whole: bool) -> Day {
        let mut day = if whole { from } else { from.plus_days(-1) };
        let mut left = amount;
        for _ in 0..MOST_STEPS {
            left -= u32::from(self.is_working(day));
            if left == 0 {
                break;
            }
            day = day.plus_days(-1);
        }
        if whole { day.plus_days(-1) } else { day }
    }

    fn hours_back(&self, at: Instant, mut left: i64) -> Instant {
        let mut day = at.day(&self.zone);
        let mut worked = self.worked(at);
        for _ in 0..MOST_STEPS {
            if left <= worked {
                return self.at_worked(day, worked - left);
            }
            left -= worked;
            day = day.plus_days(-1);
            worked = self.day_micros(day);
        }
        day.start(&self.zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::calendar::tests::{local, vietnam};

    #[test]
    fn ends_move_by_working_time_over_the_holiday_of_24_november() {
        let calendar = vietnam();
        let (days, hours) = (Unit::WorkingDays, Unit::WorkingHours);
        for (at, amount, unit, earlier, later) in [
            ("2026-11-26 00:00", 1, days, "2026-11-25 00:00", "2026-11-27 00:00"),
            ("2026-11-26 00:00", 2, days, "2026-11-23 00:00", "2026-11-28 00:00"),
            ("2026-11-25 13:20", 1, days, "2026-11-23 13:20", "2026-11-26 13:20"),
            ("2026-11-25 10:00", 4, hours, "2026-11-23 15:00", "2026-11-25 15:00"),
            ("2026-11-26 00:00", 8, hours, "2026-11-25 08:00", "2026-11-26 17:00"),
            ("2026-11-26 00:00", 3, Unit::CalendarDays, "2026-11-23 00:00", "2026-11-29 00:00"),
        ] {
            let at = local(at);
            assert_eq!(calendar.earlier(at, amount, unit), local(earlier), "{amount} {unit} before {at}");
            assert_eq!(calendar.later(at, amount, unit), local(later), "{amount} {unit} after {at}");
        }
        assert_eq!(calendar.later(local("2026-11-24 09:00"), 0, hours), local("2026-11-24 09:00"));
    }

    #[test]
    fn desks_are_open_in_their_sessions_alone() {
        let calendar = vietnam();
        for (at, opens) in [
            ("2026-11-23 08:00", "2026-11-23 08:00"),
            ("2026-11-23 12:00", "2026-11-23 13:00"),
            ("2026-11-23 17:00", "2026-11-25 08:00"),
            ("2026-11-24 10:00", "2026-11-25 08:00"),
            ("2026-11-28 10:00", "2026-11-30 08:00"),
        ] {
            assert_eq!(calendar.opening(local(at)), local(opens), "{at}");
            assert_eq!(calendar.is_open(local(at)), at == opens, "{at}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_was_asked_for(minutes in 0i64..500_000, amount in 1u32..60) {
            let calendar = vietnam();
            let at = local("2026-01-01 00:00").plus_micros(minutes * 60_000_000);
            let hours = calendar.earlier(at, amount, Unit::WorkingHours);
            prop_assert_eq!(calendar.working_micros_between(hours, at), native(amount, Unit::WorkingHours));
            let due = at.day(&calendar.zone).end(&calendar.zone);
            let days = calendar.earlier(due, amount, Unit::WorkingDays);
            let (from, to) = (calendar.last_day(days), calendar.last_day(due));
            prop_assert_eq!(calendar.working_days_between(from, to), i64::from(amount));
        }
    }
}
