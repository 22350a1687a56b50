use super::*;

fn now() -> Instant {
    "2026-11-23T14:00:00+07:00".parse().unwrap()
}
fn later() -> Instant {
    now().plus_micros(1)
}

fn submission() -> Submission {
    Submission {
        kind: Kind::Proposal,
        instance: None,
        channel: Channel::MobileApp,
        submitter_type: None,
        title: "Ngõ 45 ngập".into(),
        content: "Cứ mưa là ngập.\nĐề nghị cải tạo.".into(),
        field_code: "other".into(),
        urgency: Urgency::Normal,
        remote_area: false,
        agency_code: None,
        location: None,
        incident_at: None,
        submitter: Some(Submitter {
            full_name: Some(Personal::new("Nguyễn Văn A")), ..Submitter::default()
        }),
        keep_secret: false,
        consent: None,
        client_reference: None,
        access_key_hash: None,
        paper: Paper::default(),
    }
}

/// What is wrong with a changed submission of a citizen, or of staff.
#[track_caller]
fn check(staff: bool, change: impl FnOnce(&mut Submission), expected: &str) {
    let mut given = submission();
    change(&mut given);
    let found = match given.check(now(), staff) {
        Ok(()) => "sound".to_owned(),
        Err(Refusal::Invalid(errors)) => {
            let named = errors.iter().map(|error| format!("{} {}", error.pointer, error.code));
            named.collect::<Vec<_>>().join(", ")
        }
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(found, expected);
}

#[test]
fn texts_have_limits_in_characters_and_no_hidden_signs() {
    check(false, |given| given.title = "ữ".repeat(300), "sound");
    check(false, |given| given.title = "ữ".repeat(301), "/title too_long");
    check(false, |given| given.title = "a\nb".into(), "/title forbidden_character");
    check(false, |given| given.title = " \t".into(), "/title blank");
    check(false, |given| given.content = "ữ".repeat(20_000), "sound");
    check(false, |given| given.content = "ữ".repeat(20_001), "/content too_long");
    for hidden in ['\u{0}', '\u{7f}', '\u{85}', '\u{202e}', '\u{2066}'] {
        check(false, |given| given.content = format!("a{hidden}b"), "/content forbidden_character");
    }
    let faults = "/title blank, /content blank";
    check(false, |given| (given.title, given.content) = (String::new(), String::new()), faults);
}

#[test]
fn anonymous_where_the_channel_allows_and_never_a_complaint() {
    check(false, |given| given.submitter = None, "sound");
    check(
        false,
        |given| given.submitter_type = Some(SubmitterType::Anonymous),
        "/submitter_type does_not_fit",
    );
    let complaint = |given: &mut Submission| {
        (given.kind, given.instance, given.submitter) = (Kind::Complaint, Some(1), None);
    };
    check(false, complaint, "/submitter required");
    let reception =
        |given: &mut Submission| (given.channel, given.submitter) = (Channel::CitizenReception, None);
    check(true, reception, "/submitter required");
    check(false, |given| given.submitter = Some(Submitter::default()), "/submitter/full_name required");
}

#[test]
fn a_citizen_states_what_a_citizen_can() {
    check(false, |given| given.channel = Channel::Post, "/channel not_for_citizens");
    check(true, |given| given.channel = Channel::Post, "sound");
    check(false, |given| given.paper.received_at = Some(now()), " staff_only");
    check(true, |given| given.paper.received_at = Some(now()), "sound");
    check(true, |given| given.paper.received_at = Some(later()), "/received_at in_the_future");
    let letter = |day: &str| Some(day.parse().unwrap());
    check(true, |given| given.paper.letter_date = letter("2026-11-23"), "sound");
    check(true, |given| given.paper.letter_date = letter("2026-11-25"), "/letter_date in_the_future");
    check(true, |given| given.paper.group_size = Some(0), "/group_size out_of_range");
}

#[test]
fn a_place_is_on_earth_and_a_moment_has_been() {
    let place = |latitude, longitude| Some(Location { latitude, longitude, ..Location::default() });
    check(false, |given| given.location = place(Some(21.03), Some(105.85)), "sound");
    check(false, |given| given.location = place(Some(90.1), Some(0.0)), "/location out_of_range");
    check(false, |given| given.location = place(Some(f64::NAN), Some(0.0)), "/location out_of_range");
    check(false, |given| given.location = place(Some(21.03), None), "/location incomplete");
    check(false, |given| given.incident_at = Some(later()), "/incident_at in_the_future");
    let consent = Consent { text_version: "1".into(), at: later() };
    check(false, |given| given.consent = Some(consent), "/consent/at in_the_future");
    check(false, |given| given.access_key_hash = Some("ab".into()), "/access_key_hash not_a_digest");
}

#[test]
fn a_declared_denunciation_is_sealed_at_once_and_nothing_is_public_yet() {
    for &kind in <Kind as crate::domain::vocabulary::Code>::ALL {
        let declared = Submission { kind, ..submission() };
        let sealed = kind == Kind::Denunciation;
        let expected = if sealed { Visibility::Restricted } else { Visibility::PartiesOnly };
        assert_eq!(declared.visibility(), expected, "{kind}");
    }
}

#[test]
fn what_somebody_told_of_himself_is_in_no_log() {
    assert!(!format!("{:?}", submission()).contains("Nguyễn"));
}
