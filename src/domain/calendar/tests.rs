mod amending;

use proptest::prelude::*;

use super::*;

pub(in crate::domain) fn day(text: &str) -> Day {
    text.parse().unwrap()
}
/// A local time in Vietnam, "2026-11-23 16:00" with optional seconds.
pub(in crate::domain) fn local(text: &str) -> Instant {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    format!("{}{seconds}+07:00", text.replace(' ', "T")).parse().unwrap()
}
fn entry(kind: DayKind, name: &str) -> CalendarDay {
    CalendarDay { kind, name: name.into(), source: "notice".into(), confidence: Confidence::Secondary }
}

/// The official schedule of domain.md §4.2, 2024–2026.
pub(in crate::domain) fn vietnam() -> Calendar {
    let closed = [
        ("2024", "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-30 05-01 09-02 09-03"),
        ("2025", "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 09-01 09-02"),
        ("2026", "01-01 02-16 02-17 02-18 02-19 02-20 04-26 04-27 04-30 05-01 09-01 09-02 11-24"),
    ];
    let holidays = closed.iter().flat_map(|(year, days)| {
        days.split(' ').map(move |rest| (day(&format!("{year}-{rest}")), entry(DayKind::Holiday, "Nghỉ lễ")))
    });
    let swaps = ["2024-04-29", "2025-05-02", "2026-01-02", "2026-08-31"]
        .map(|off| (day(off), entry(DayKind::SwapOff, "Hoán đổi")));
    let make_up = ["2024-05-04", "2025-04-26", "2026-01-10", "2026-08-22"]
        .map(|on| (day(on), entry(DayKind::SwapWork, "Làm bù")));
    Calendar::new(TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
        .with_days(holidays.chain(swaps).chain(make_up))
        .with_years(2024..=2026)
}

fn due_on(start: &str, amount: u32, unit: Unit) -> String {
    vietnam().due(local(start), amount, unit).due_on.to_string()
}

#[test]
fn working_days_of_each_year_agree_with_the_notices() {
    let calendar = vietnam();
    for (year, expected) in [(2024, 251), (2025, 250), (2026, 249)] {
        let (before, last) = (day(&format!("{}-12-31", year - 1)), day(&format!("{year}-12-31")));
        assert_eq!(calendar.working_days_between(before, last), expected);
    }
}

#[test]
fn worked_cases_of_the_field() {
    use Unit::{CalendarDays, WorkingDays};
    for (case, start, amount, unit, expected) in [
        (1, "2024-02-07 09:00", 10, WorkingDays, "2024-02-28"),
        (3, "2025-01-24 09:00", 7, WorkingDays, "2025-02-11"),
        (5, "2025-08-29 09:00", 3, WorkingDays, "2025-09-05"),
        (7, "2026-02-13 09:00", 10, WorkingDays, "2026-03-06"),
        (9, "2026-08-21 09:00", 5, WorkingDays, "2026-08-27"),
        (11, "2026-11-20 09:00", 5, WorkingDays, "2026-11-30"),
        (13, "2026-07-31 09:00", 30, CalendarDays, "2026-09-03"),
        (15, "2026-10-25 09:00", 30, CalendarDays, "2026-11-25"),
        (17, "2025-04-01 09:00", 30, CalendarDays, "2025-05-05"),
    ] {
        assert_eq!(due_on(start, amount, unit), expected, "case {case}");
    }
    for (case, start, amount, expected) in
        [(19, "2026-11-23 16:00", 8, "2026-11-25 16:00"), (21, "2026-08-21 16:00", 4, "2026-08-22 11:00")]
    {
        let due = vietnam().due(local(start), amount, Unit::WorkingHours);
        assert_eq!(due.due_at, local(expected), "case {case}");
    }
}

#[test]
fn the_day_of_the_event_is_local_to_the_last_microsecond() {
    let last_moment = "2026-11-12T23:59:59.999999+07:00".parse().unwrap();
    let midnight = local("2026-11-13 00:00");
    let calendar = vietnam();
    let ten = |start| calendar.due(start, 10, Unit::WorkingDays);
    assert_eq!(ten(last_moment).due_on, day("2026-11-27"));
    assert_eq!(ten(last_moment).due_at, local("2026-11-28 00:00"));
    assert_eq!(ten(midnight).due_on, day("2026-11-30"));
}

#[test]
fn hours_end_at_closing_and_begin_at_opening() {
    let calendar = vietnam();
    for (start, hours, expected) in [
        ("2026-11-23 08:00", 4, "2026-11-23 12:00"),
        ("2026-11-23 08:00", 8, "2026-11-23 17:00"),
        ("2026-11-23 12:30", 1, "2026-11-23 14:00"),
        ("2026-11-23 12:00", 4, "2026-11-23 17:00"),
        ("2026-11-22 21:40", 8, "2026-11-23 17:00"),
        ("2026-11-23 17:00", 1, "2026-11-25 09:00"),
        ("2026-11-23 08:20", 4, "2026-11-23 13:20"),
        ("2026-11-23 00:00", 16, "2026-11-25 17:00"),
        ("2026-11-23 12:30", 0, "2026-11-23 13:00"),
    ] {
        assert_eq!(calendar.add_working_hours(local(start), hours), local(expected), "{start} + {hours} h");
    }
    let due = calendar.due(local("2026-11-22 21:40"), 8, Unit::WorkingHours);
    assert_eq!(due.due_on, day("2026-11-23"));
}

#[test]
fn the_coverage_ends_with_the_last_notice() {
    let calendar = vietnam();
    let provisional = |start: &str, amount, unit| calendar.due(local(start), amount, unit).provisional;
    assert!(!provisional("2026-12-24 09:00", 5, Unit::WorkingDays));
    assert!(provisional("2026-12-24 09:00", 6, Unit::WorkingDays));
    assert!(!provisional("2026-12-01 09:00", 30, Unit::CalendarDays));
    assert!(provisional("2026-12-02 09:00", 30, Unit::CalendarDays));
    assert!(!provisional("2026-12-31 09:00", 7, Unit::WorkingHours));
    assert!(provisional("2026-12-31 09:00", 8, Unit::WorkingHours));
    assert!(!calendar.is_covered(day("2027-01-01")) && calendar.is_working(day("2027-01-01")));
    assert!(!calendar.is_working(day("2027-01-02")));
}

#[test]
fn a_closed_day_says_why() {
    let calendar = vietnam();
    assert_eq!(calendar.closure(day("2026-11-22")), Some(Closure::Weekend));
    assert_eq!(calendar.closure(day("2026-08-22")), None);
    assert!(
        matches!(calendar.closure(day("2026-11-24")), Some(Closure::Entry(e)) if e.kind == DayKind::Holiday)
    );
}

#[test]
fn explanations_name_what_does_not_count() {
    let calendar = vietnam();
    let codes = |start: &str, amount, unit| {
        let (_, steps) = calendar.explain(local(start), amount, unit);
        steps.iter().map(|step| (step.code, step.day.to_string())).collect::<Vec<_>>()
    };
    let at = |code, text: &str| (code, text.to_owned());
    assert_eq!(
        codes("2026-11-20 09:00", 5, Unit::WorkingDays),
        [
            at(StepCode::Start, "2026-11-20"),
            at(StepCode::Weekends, "2026-11-21"),
            at(StepCode::Skipped, "2026-11-24"),
            at(StepCode::End, "2026-11-30"),
        ]
    );
    assert_eq!(
        codes("2026-07-31 09:00", 30, Unit::CalendarDays),
        [
            at(StepCode::Start, "2026-07-31"),
            at(StepCode::Skipped, "2026-08-30"),
            at(StepCode::Skipped, "2026-08-31"),
            at(StepCode::Skipped, "2026-09-01"),
            at(StepCode::Skipped, "2026-09-02"),
            at(StepCode::Roll, "2026-08-30"),
            at(StepCode::End, "2026-09-03"),
        ]
    );
    let (_, steps) = calendar.explain(local("2026-08-21 16:00"), 4, Unit::WorkingHours);
    assert!(steps.iter().any(|step| step.code == StepCode::MakeUp));
    assert_eq!(steps.last().unwrap().words.vi, "Hết hạn lúc 11:00 thứ Bảy 22/08/2026.");
    assert_eq!(steps.last().unwrap().words.en, "Ends at 11:00 on Sat 22 Aug 2026.");
    let (_, steps) = calendar.explain(local("2026-12-30 09:00"), 5, Unit::WorkingDays);
    assert!(steps.iter().any(|step| step.code == StepCode::Provisional));
}

#[test]
fn sessions_must_run_forward_and_apart() {
    let time = |hour| Time::constant(hour, 0, 0, 0);
    let calendar = || Calendar::new(TimeZone::UTC);
    assert!(calendar().with_sessions(vec![]).is_none());
    assert!(calendar().with_sessions(vec![(time(12), time(8))]).is_none());
    assert!(calendar().with_sessions(vec![(time(8), time(12)), (time(11), time(17))]).is_none());
    assert!(calendar().with_sessions(vec![(time(7), time(11)), (time(11), time(15))]).is_some());
}

#[test]
fn the_end_of_time_is_reached_and_not_passed() {
    let calendar = vietnam();
    let extremes = ["9999-12-30T21:00:00Z", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"];
    for start in extremes
        .map(|text| text.parse().unwrap())
        .into_iter()
        .chain([jiff::Timestamp::MIN, jiff::Timestamp::MAX].map(Instant::new))
    {
        for unit in [Unit::WorkingHours, Unit::WorkingDays, Unit::CalendarDays] {
            for amount in [0, 1, 10_000, u32::MAX] {
                assert!(calendar.explain(start, amount, unit).0.due_on <= LAST_DAY);
            }
        }
    }
    let closed = Calendar::new(TimeZone::UTC).with_days(
        (0..30_000).map(|days| (day("2020-01-01").plus_days(days), entry(DayKind::Holiday, "closed"))),
    );
    assert_eq!(closed.roll(day("2020-01-01")), day("2102-02-20"));
    assert_eq!(closed.add_working_days(day("2020-01-01"), 1), day("2102-02-20"));
}

prop_compose! {
    fn instants()(micros in 1_640_000_000_000_000_i64..1_900_000_000_000_000) -> Instant {
        Instant::from_micros(micros).unwrap()
    }
}
fn units() -> impl Strategy<Value = Unit> {
    prop_oneof![Just(Unit::WorkingHours), Just(Unit::WorkingDays), Just(Unit::CalendarDays)]
}

proptest! {
    #[test]
    fn a_deadline_ends_on_a_working_day_after_its_start(start in instants(), amount in 1_u32..10_000, unit in units()) {
        let calendar = vietnam();
        let due = calendar.due(start, amount, unit);
        prop_assert!(calendar.is_working(due.due_on));
        prop_assert!(due.due_at > start);
        prop_assert_eq!(calendar.last_day(due.due_at), due.due_on);
    }

    #[test]
    fn more_never_ends_earlier(start in instants(), later in 0_i64..10_000_000_000_000, amount in 0_u32..3_000, more in 0_u32..50, unit in units()) {
        let calendar = vietnam();
        let due = calendar.due(start, amount, unit);
        prop_assert!(calendar.due(start, amount + more, unit).due_at >= due.due_at);
        prop_assert!(calendar.due(start.plus_micros(later), amount, unit).due_at >= due.due_at);
    }

    #[test]
    fn counting_days_agrees_with_walking_them(start in instants(), span in 0_i64..400) {
        let calendar = vietnam();
        let first = start.day(calendar.zone());
        let walked = (1..=span).filter(|days| calendar.is_working(first.plus_days(*days))).count();
        prop_assert_eq!(calendar.working_days_between(first, first.plus_days(span)), i64::try_from(walked).unwrap());
    }

    #[test]
    fn what_was_added_was_used(start in instants(), amount in 1_u32..500, unit in units()) {
        let calendar = vietnam();
        let due = calendar.due(start, amount, unit);
        let used = calendar.used(start, due.due_at.plus_micros(-1), unit);
        match unit {
            Unit::WorkingHours => prop_assert_eq!(used, native(amount, unit) - 1),
            Unit::WorkingDays => prop_assert_eq!(used, i64::from(amount)),
            Unit::CalendarDays => prop_assert!(used >= i64::from(amount)),
        }
    }
}
