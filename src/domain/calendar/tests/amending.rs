//! What a change must be like, what it says where it is not, and what a file is read as.

use super::*;
use crate::domain::{calendar::*, id::AgencyId, refusal::Refusal};

fn changed(on: &str, action: DayAction, kind: DayKind) -> ChangedDay {
    ChangedDay {
        day: day(on),
        action,
        kind: Some(kind),
        name: Some("Nghỉ".into()),
        confidence: None,
        reason: None,
    }
}

fn amendment(days: Vec<ChangedDay>) -> Amendment {
    Amendment { source: "Thông báo 1/TB".into(), days, ..Amendment::default() }
}

/// Pointers and codes of what is wrong; nothing for what is right.
fn faults(amendment: &Amendment) -> Vec<(String, &'static str)> {
    match amendment.check(&vietnam()) {
        Ok(_) => Vec::new(),
        Err(Refusal::Invalid(errors)) => {
            errors.into_iter().map(|error| (error.pointer, error.code)).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn each_fault_of_a_change_is_named() {
    use DayAction::{Add, Change, Withdraw};
    let one = |on, action, kind| faults(&amendment(vec![changed(on, action, kind)]));
    let at = |member: &str, code| vec![(format!("/days/0/{member}"), code)];
    assert_eq!(one("2027-01-01", Add, DayKind::Holiday), []);
    assert_eq!(one("2026-11-24", Add, DayKind::Holiday), at("day", "has_an_entry"));
    assert_eq!(one("2026-11-25", Change, DayKind::Holiday), at("day", "has_no_entry"));
    // A Wednesday works anyway; so does a Tuesday that rests now: withdraw it.
    assert_eq!(one("2026-12-02", Add, DayKind::SwapWork), at("kind", "works_anyway"));
    assert_eq!(one("2026-11-24", Change, DayKind::SwapWork), at("kind", "works_anyway"));
    assert_eq!(one("2026-12-05", Add, DayKind::SwapWork), []);
    assert_eq!(one("2026-12-05", Add, DayKind::SwapOff), at("kind", "rests_anyway"));
    assert_eq!(one("2026-11-24", Withdraw, DayKind::Holiday), at("reason", "needed_here"));
    let bare = ChangedDay { kind: None, name: None, ..changed("2027-01-01", Add, DayKind::Holiday) };
    let wanted = [at("name", "needed_here"), at("kind", "needed_here")].concat();
    assert_eq!(faults(&amendment(vec![bare])), wanted);
    let twice = vec![changed("2027-01-01", Add, DayKind::Holiday); 2];
    assert_eq!(faults(&amendment(twice)), [("/days/1/day".to_owned(), "twice")]);
    let nothing = Amendment { source: "  ".into(), ..Amendment::default() };
    let wanted = [("/source".to_owned(), "source_missing"), (String::new(), "nothing_changes")];
    assert_eq!(faults(&nothing), wanted);
    let years = Amendment { years: vec![2026, 2027, 2027, 0], ..amendment(Vec::new()) };
    let codes: Vec<_> = faults(&years).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["known_already", "known_already", "out_of_range"]);
}

#[test]
fn office_hours_of_an_agency_do_not_overlap() {
    let agency = AgencyId::new(uuid::Uuid::from_u128(1));
    let time = |hour| Time::constant(hour, 0, 0, 0);
    let season = |from: &str, to: Option<&str>, sessions: Vec<Session>| ChangedSeason {
        agency,
        depth: Some(0),
        action: SeasonAction::Add,
        from: day(from),
        to: to.map(day),
        sessions,
        reason: None,
    };
    let told = |seasons: Vec<ChangedSeason>| {
        let faults = faults(&Amendment { seasons, ..amendment(Vec::new()) });
        faults.into_iter().map(|(_, code)| code).collect::<Vec<_>>()
    };
    let morning = || vec![(time(7), time(11))];
    let summer = season("2027-04-16", Some("2027-10-16"), morning());
    assert!(told(vec![summer.clone(), season("2027-10-16", None, morning())]).is_empty());
    assert_eq!(told(vec![summer.clone(), season("2027-10-15", None, morning())]), ["overlaps"]);
    assert_eq!(told(vec![season("2027-10-16", Some("2027-10-16"), morning())]), ["backwards"]);
    assert_eq!(told(vec![season("2027-10-16", None, vec![(time(11), time(7))])]), ["not_in_order"]);
    assert_eq!(told(vec![ChangedSeason { depth: None, ..summer.clone() }]), ["unknown"]);
    let gone = ChangedSeason { action: SeasonAction::Withdraw, ..summer };
    assert_eq!(told(vec![gone]), ["has_no_entry", "needed_here"]);
}

#[test]
fn a_version_is_known_from_its_recording_on() {
    let first = vietnam();
    let revision = amendment(vec![changed("2027-01-01", DayAction::Add, DayKind::Holiday)]);
    let second = first.followed_by(local("2026-12-01 09:00"), revision.check(&first).unwrap());
    assert_eq!((second.version(), second.entry_since(day("2027-01-01"))), (2, 2));
    assert_eq!(second.entry_since(day("2026-11-24")), 1);
    assert_eq!(second.known_by(local("2026-12-01 08:59")).version(), 1);
    assert_eq!(second.known_by(local("2026-12-01 09:00")).version(), 2);
    assert_eq!(second.known_by("1990-01-01T00:00:00Z".parse().unwrap()).version(), 1);
    assert!(second.edition(1).entry(day("2027-01-01")).is_none());
    assert_eq!(second.edition(2).version(), 2);
    assert_eq!(second.edition(9).version(), 2);
}

const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270206\r\n\
    DTEND;VALUE=DATE:20270208\r\nSUMMARY:Tết Nguyên đán\\, Đin\r\n h Mùi\r\nBEGIN:VALARM\r\nSUMMARY:x\r\nEND:VALARM\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270213\r\nSUMMARY:Làm bù\r\nCATEGORIES:x,SWAP_WORK\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270301\r\nSUMMARY:x\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn an_icalendar_file_is_read_day_by_day() {
    let entry = |on, kind, name: &str| IcsEntry { day: day(on), kind, name: name.into() };
    assert_eq!(
        read_ics(FILE).unwrap(),
        [
            entry("2027-02-06", DayKind::Holiday, "Tết Nguyên đán, Đinh Mùi"),
            entry("2027-02-07", DayKind::Holiday, "Tết Nguyên đán, Đinh Mùi"),
            entry("2027-02-13", DayKind::SwapWork, "Làm bù"),
        ]
    );
}

#[test]
fn what_could_be_misread_in_a_file_is_refused() {
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR");
    let code = |text: &str| match read_ics(text) {
        Err(Refusal::Invalid(errors)) => (errors[0].pointer.clone(), errors[0].code),
        other => panic!("{other:?}"),
    };
    let at = |line: &str, code| (format!("/line/{line}"), code);
    assert_eq!(code("{}"), at("1", "not_a_calendar"));
    assert_eq!(code(&event("DTSTART:20270101T080000Z\nSUMMARY:x")), at("3", "not_a_date"));
    assert_eq!(code(&event("DTSTART;VALUE=DATE:20270230\nSUMMARY:x")), at("3", "not_a_date"));
    assert_eq!(code(&event("DTSTART;VALUE=DATE:20270101\nRRULE:FREQ=YEARLY")), at("4", "not_supported"));
    assert_eq!(code(&event("DTSTART;VALUE=DATE:20270101")), at("2", "missing"));
    assert_eq!(code(&event("SUMMARY:x")), at("2", "missing"));
    let long = "DTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270301\nSUMMARY:x";
    assert_eq!(code(&event(long)), at("2", "out_of_range"));
    assert_eq!(code("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101"), at("2", "unfinished"));
    let many =
        "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270201\nSUMMARY:x\nEND:VEVENT\n";
    assert_eq!(code(&format!("BEGIN:VCALENDAR\n{}", many.repeat(13))).1, "too_many");
}

proptest! {
    #[test]
    fn no_text_brings_the_reader_down(text in "\\PC{0,200}", lines in prop::collection::vec(prop::sample::select(vec!["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:00010101", "SUMMARY:é", " x", ":", "END:VALARM", "BEGIN:"]), 0..20)) {
        let _ = read_ics(&text);
        let _ = read_ics(&format!("BEGIN:VCALENDAR\n{}", lines.join("\n")));
    }
}
