//! What comes in: a petition as its author or an intake officer states it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    act::Respondent,
    decide::checks::{CONTENT, Checks, LINE, REASON},
    id::{PetitionId, RowId},
    identifiers,
    prose::Prose,
    refusal::{FieldError, Refusal},
    time::{Day, Instant},
    vocabulary::{Assurance, Channel, Kind, LinkKind, SubmitterType, Urgency, Visibility},
};

/// Something about a person. It is never logged and never part of an error.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Wraps what somebody told us about himself.
    pub fn new(text: impl Into<String>) -> Self {
        Self(super::prose::normalised(&text.into()))
    }
    /// The text, for storage and for those who may read it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Who submits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Submitter {
    pub full_name: Option<Personal>,
    pub phone: Option<Personal>,
    pub email: Option<Personal>,
    pub address: Option<Personal>,
    pub id_document_type: Option<Personal>,
    pub id_document_number: Option<Personal>,
    pub organisation: Option<Personal>,
    pub tax_code: Option<Personal>,
}

/// Where it is about: it may be somebody's home.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Location {
    pub text: Option<Personal>,
    /// Degrees north, WGS 84.
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84.
    pub longitude: Option<f64>,
    /// Province (2 digits) or commune (5 digits), QĐ 19/2025/QĐ-TTg.
    pub area_code: Option<String>,
}

/// The petition this one follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousPetition {
    pub id: PetitionId,
    pub link: LinkKind,
}

/// The consent to the handling of personal data (Luật 91/2025/QH15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    pub text_version: String,
    pub at: Instant,
}

/// What only an intake officer states.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    pub received_at: Option<Instant>,
    pub incoming_number: Option<String>,
    pub letter_date: Option<Day>,
    pub group_size: Option<u32>,
    pub respondent: Option<Respondent>,
    pub previous_petition: Option<PreviousPetition>,
    pub assurance: Option<Assurance>,
}

/// A petition as it comes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub kind: Kind,
    pub instance: Option<u8>,
    pub channel: Channel,
    pub submitter_type: Option<SubmitterType>,
    pub title: String,
    pub content: String,
    pub field_code: String,
    pub urgency: Urgency,
    pub remote_area: bool,
    pub agency_code: Option<String>,
    pub location: Option<Location>,
    pub incident_at: Option<Instant>,
    pub submitter: Option<Submitter>,
    pub keep_secret: bool,
    pub consent: Option<Consent>,
    pub client_reference: Option<RowId>,
    /// SHA-256 of a key that the phone made itself, 64 hexadecimal digits.
    pub access_key_hash: Option<String>,
    pub paper: Paper,
}

impl Channel {
    /// The channels a citizen can use without an official.
    pub fn is_for_citizens(self) -> bool {
        matches!(self, Self::WebPortal | Self::MobileApp)
    }

    /// Whether somebody may come in by this channel without a name; in a reception nobody is nameless (LTCD 25.1).
    pub fn allows_anonymous(self) -> bool {
        !matches!(self, Self::CitizenReception | Self::OnlineReception)
    }
}

impl Submission {
    /// Who speaks: as stated, else an individual, or nobody named.
    pub fn speaker(&self) -> SubmitterType {
        match (&self.submitter, self.submitter_type) {
            (_, Some(stated)) => stated,
            (Some(_), None) => SubmitterType::Individual,
            (None, None) => SubmitterType::Anonymous,
        }
    }

    /// Who may see it until it is classified: a declared denunciation is sealed at once, everything else is not public.
    pub fn visibility(&self) -> Visibility {
        if self.kind == Kind::Denunciation { Visibility::Restricted } else { Visibility::PartiesOnly }
    }

    /// Everything that is wrong with it; `staff` may state what a citizen cannot.
    pub fn check(&self, now: Instant, staff: bool) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.title("/title", &Prose::Given(self.title.clone()));
        checks.text("/content", &Prose::Given(self.content.clone()), CONTENT);
        checks.add(super::decide::check_instance("/instance", self.kind, self.instance));
        self.check_speaker(&mut checks, staff);
        self.check_place(&mut checks, now);
        self.check_paper(&mut checks, now, staff);
        if let Some(hash) = &self.access_key_hash {
            let fits = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            checks.require(
                fits,
                "/access_key_hash",
                "not_a_digest",
                "Cần SHA-256 của khóa, 64 chữ số thập lục phân.",
                "The SHA-256 of the key is needed, 64 hexadecimal digits.",
            );
        }
        if let Some(consent) = &self.consent {
            checks.line("/consent/text_version", &consent.text_version, LINE);
            checks.require(consent.at <= now, "/consent/at", "in_the_future", FUTURE_VI, FUTURE_EN);
        }
        checks.finish()
    }

    fn check_speaker(&self, checks: &mut Checks, staff: bool) {
        let anonymous = self.submitter.is_none();
        checks.require(
            staff || self.channel.is_for_citizens(),
            "/channel",
            "not_for_citizens",
            "Kênh này do cán bộ tiếp nhận ghi; hãy dùng mobile_app hoặc web_portal.",
            "This channel is recorded by intake officers; take mobile_app or web_portal.",
        );
        checks.require(
            !anonymous || (self.channel.allows_anonymous() && self.kind != Kind::Complaint),
            "/submitter",
            "required",
            "Khiếu nại và tiếp công dân cần họ tên, địa chỉ người gửi.",
            "A complaint, and anything from a reception, needs the submitter's name and address.",
        );
        checks.require(
            (self.speaker() == SubmitterType::Anonymous) == anonymous,
            "/submitter_type",
            "does_not_fit",
            "Loại người gửi không khớp với thông tin người gửi.",
            "The submitter type does not fit the submitter given.",
        );
        let Some(submitter) = &self.submitter else { return };
        let lines = [
            ("/submitter/full_name", &submitter.full_name),
            ("/submitter/address", &submitter.address),
            ("/submitter/id_document_type", &submitter.id_document_type),
            ("/submitter/id_document_number", &submitter.id_document_number),
            ("/submitter/organisation", &submitter.organisation),
            ("/submitter/tax_code", &submitter.tax_code),
        ];
        for (pointer, line) in lines {
            if let Some(line) = line {
                checks.line(pointer, line.reveal(), LINE);
            }
        }
        checks.require(
            submitter.full_name.is_some() || submitter.organisation.is_some(),
            "/submitter/full_name",
            "required",
            "Cần họ tên hoặc tên tổ chức.",
            "A full name or the name of an organisation is needed.",
        );
        if let Some(phone) = &submitter.phone {
            checks.add(identifiers::check_phone("/submitter/phone", phone.reveal()));
        }
        if let Some(email) = &submitter.email {
            checks.add(identifiers::check_email("/submitter/email", email.reveal()));
        }
    }

    fn check_place(&self, checks: &mut Checks, now: Instant) {
        checks.require(
            self.incident_at.is_none_or(|at| at <= now),
            "/incident_at",
            "in_the_future",
            FUTURE_VI,
            FUTURE_EN,
        );
        let Some(location) = &self.location else { return };
        if let Some(text) = &location.text {
            checks.line("/location/text", text.reveal(), REASON);
        }
        let within = |value: Option<f64>, most: f64| {
            value.is_none_or(|value| value.is_finite() && value.abs() <= most)
        };
        checks.require(
            within(location.latitude, 90.0) && within(location.longitude, 180.0),
            "/location",
            "out_of_range",
            "Vĩ độ từ −90 đến 90, kinh độ từ −180 đến 180.",
            "Latitude lies between −90 and 90, longitude between −180 and 180.",
        );
        checks.require(
            location.latitude.is_some() == location.longitude.is_some(),
            "/location",
            "incomplete",
            "Cần cả vĩ độ và kinh độ.",
            "Latitude and longitude go together.",
        );
        if let Some(area) = &location.area_code {
            let pointer = "/location/area_code";
            let fault = match area.len() {
                2 => identifiers::check_province_code(pointer, area),
                _ => identifiers::check_commune_code(pointer, area),
            };
            checks.add(fault);
        }
    }

    fn check_paper(&self, checks: &mut Checks, now: Instant, staff: bool) {
        let paper = &self.paper;
        if !staff && *paper != Paper::default() {
            checks.add(FieldError::new(
                "",
                "staff_only",
                "received_at, incoming_number, letter_date, group_size, respondent, previous_petition và assurance chỉ do cán bộ tiếp nhận ghi.",
                "received_at, incoming_number, letter_date, group_size, respondent, previous_petition and assurance are for intake officers.",
            ));
        }
        checks.require(
            paper.received_at.is_none_or(|at| at <= now),
            "/received_at",
            "in_the_future",
            FUTURE_VI,
            FUTURE_EN,
        );
        // The sender's zone is not known: a day of grace for those east of Greenwich.
        let latest = now.day(&jiff::tz::TimeZone::UTC).plus_days(1);
        checks.require(
            paper.letter_date.is_none_or(|day| day <= latest),
            "/letter_date",
            "in_the_future",
            FUTURE_VI,
            FUTURE_EN,
        );
        if let Some(number) = &paper.incoming_number {
            checks.line("/incoming_number", number, LINE);
        }
        checks.require(
            paper.group_size.is_none_or(|size| (1..=100_000).contains(&size)),
            "/group_size",
            "out_of_range",
            "Số người từ 1 đến 100.000.",
            "Between 1 and 100,000 people.",
        );
    }
}

const FUTURE_VI: &str = "Thời điểm không được ở tương lai.";
const FUTURE_EN: &str = "The time must not be in the future.";

#[cfg(test)]
#[path = "submission_tests.rs"]
mod tests;
