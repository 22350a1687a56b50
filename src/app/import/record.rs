//! One line of a backlog: its form, and what is wrong with it.

use serde::{Deserialize, Serialize};

use super::report::Rejection;
use crate::{
    app::{Error, secrets::sha256},
    domain::{
        decide::checks::{CONTENT, Checks, LINE, REASON},
        identifiers::check_agency_code,
        prose::{self, Prose, normalised},
        refusal::{FieldError, Refusal},
        submission::{Location, Personal},
        time::Instant,
        vocabulary::{Channel, Kind, Visibility},
    },
};

/// A record as the source states it (design §4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) source_system: String,
    pub(super) external_id: String,
    pub(super) kind: Kind,
    pub(super) channel: Channel,
    pub(super) title: String,
    pub(super) content: String,
    pub(super) field_code: String,
    pub(super) agency_code: String,
    pub(super) received_at: Instant,
    pub(super) due_at: Option<Instant>,
    pub(super) closed_at: Option<Instant>,
    pub(super) reply_text: Option<String>,
    pub(super) location_text: Option<String>,
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
    pub(super) visibility: Option<Visibility>,
}

/// A line that can be read, with its number and the digest of what it says.
#[derive(Debug, Clone)]
pub(super) struct Numbered {
    pub(super) line: u64,
    pub(super) record: Record,
    pub(super) digest: Vec<u8>,
}

impl Numbered {
    /// Reads a line; the fault of one that cannot be read names the field.
    pub(super) fn parse(line: u64, bytes: &[u8]) -> Result<Self, Rejection> {
        let record = Record::parse(bytes).map_err(|(code, detail)| Rejection {
            line,
            external_id: external_id(bytes),
            code: code.to_owned(),
            detail,
        })?;
        let digest = record.digest().map_err(|error| Rejection {
            line,
            external_id: Some(record.external_id.clone()),
            code: "not_json".to_owned(),
            detail: format!("{error:?}"),
        })?;
        Ok(Self { line, record, digest })
    }

    /// The rejection of this line.
    pub(super) fn rejected(&self, code: &str, detail: impl Into<String>) -> Rejection {
        Rejection {
            line: self.line,
            external_id: Some(self.record.external_id.clone()),
            code: code.to_owned(),
            detail: detail.into(),
        }
    }

    /// The rejection of this line for faults of its content: the code of the first, the words of all.
    pub(super) fn refused(&self, refusal: &Refusal) -> Rejection {
        let Refusal::Invalid(errors) = refusal else { return self.rejected("invalid", "not acceptable") };
        let words =
            |error: &FieldError| format!("{}: {}", error.pointer.trim_start_matches('/'), error.words.en);
        let detail: Vec<String> = errors.iter().map(words).collect();
        self.rejected(errors.first().map_or("invalid", |error| error.code), detail.join(" "))
    }
}

impl Record {
    fn parse(bytes: &[u8]) -> Result<Self, (&'static str, String)> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| ("not_utf8", format!("not UTF-8 after byte {}", error.valid_up_to())))?;
        let mut input = serde_json::Deserializer::from_str(text);
        let record: Self = serde_path_to_error::deserialize(&mut input).map_err(|error| {
            let path = error.path().to_string();
            let (code, words) = (fault(&path, error.inner()), error.inner().to_string());
            (code, if path == "." { words } else { format!("{path}: {words}") })
        })?;
        input.end().map_err(|error| ("not_json", error.to_string()))?;
        Ok(record.tidied())
    }

    /// Texts in composed form; a blank text that may be absent is absent.
    fn tidied(mut self) -> Self {
        let present =
            |text: Option<String>| text.filter(|text| !text.trim().is_empty()).map(|text| normalised(&text));
        self.title = normalised(&self.title);
        self.content = normalised(&self.content);
        self.reply_text = present(self.reply_text);
        self.location_text = present(self.location_text);
        self
    }

    fn digest(&self) -> Result<Vec<u8>, Error> {
        Ok(sha256(&serde_json::to_vec(self).map_err(Error::internal)?).to_vec())
    }

    /// Everything that is wrong with the content, codes left aside.
    pub(super) fn check(&self, now: Instant) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        checks.line("/source_system", &self.source_system, LINE);
        checks.line("/external_id", &self.external_id, LINE);
        checks.title("/title", &Prose::Given(self.title.clone()));
        checks.text("/content", &Prose::Given(self.content.clone()), CONTENT);
        checks.add(check_agency_code("/agency_code", &self.agency_code));
        checks.add(check_field_code(&self.field_code));
        if let Some(reply) = &self.reply_text {
            checks.add(prose::check("/reply_text", reply, CONTENT, true));
        }
        if let Some(place) = &self.location_text {
            checks.line("/location_text", place, REASON);
        }
        self.check_times(&mut checks, now);
        self.check_place(&mut checks);
        self.check_visibility(&mut checks);
        checks.finish()
    }

    fn check_times(&self, checks: &mut Checks, now: Instant) {
        for (pointer, at) in [("/received_at", Some(self.received_at)), ("/closed_at", self.closed_at)] {
            checks.require(
                at.is_none_or(|at| at <= now),
                pointer,
                "in_the_future",
                "Thời điểm không được ở tương lai.",
                "The time must not be in the future.",
            );
        }
        checks.require(
            self.closed_at.is_none_or(|at| at >= self.received_at),
            "/closed_at",
            "closed_before_received",
            "Đóng trước khi tiếp nhận.",
            "Closed before it was received.",
        );
    }

    fn check_place(&self, checks: &mut Checks) {
        let within = |value: Option<f64>, most: f64| value.is_none_or(|value| value.abs() <= most);
        checks.require(
            within(self.latitude, 90.0) && within(self.longitude, 180.0),
            "/latitude",
            "out_of_range",
            "Vĩ độ từ −90 đến 90, kinh độ từ −180 đến 180.",
            "Latitude lies between −90 and 90, longitude between −180 and 180.",
        );
        checks.require(
            self.latitude.is_some() == self.longitude.is_some(),
            "/latitude",
            "incomplete",
            "Cần cả vĩ độ và kinh độ.",
            "Latitude and longitude go together.",
        );
    }

    fn check_visibility(&self, checks: &mut Checks) {
        checks.require(
            self.kind != Kind::Denunciation
                || self.visibility.is_none_or(|stated| stated == Visibility::Restricted),
            "/visibility",
            "must_be_restricted",
            "Tố cáo luôn ở chế độ hạn chế.",
            "A denunciation is always restricted.",
        );
        checks.require(
            self.kind != Kind::Complaint || self.visibility != Some(Visibility::PublicRedacted),
            "/visibility",
            "not_public",
            "Khiếu nại không được công khai; chọn parties_only hoặc restricted.",
            "A complaint is not public; take parties_only or restricted.",
        );
    }

    /// Who may see it: the parties, unless the line says otherwise; a denunciation is always sealed.
    pub(super) fn seen_by(&self) -> Visibility {
        match self.kind {
            Kind::Denunciation => Visibility::Restricted,
            _ => self.visibility.unwrap_or(Visibility::PartiesOnly),
        }
    }

    /// The declared place, if any.
    pub(super) fn location(&self) -> Option<Location> {
        let known = self.location_text.is_some() || self.latitude.is_some();
        known.then(|| Location {
            text: self.location_text.clone().map(Personal::new),
            latitude: self.latitude,
            longitude: self.longitude,
            area_code: None,
        })
    }
}

/// The code of a field as sources name it; looser than our own, so that a backlog need not be renamed.
fn check_field_code(code: &str) -> Option<FieldError> {
    let sound = (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    (!sound).then(|| {
        FieldError::new(
            "/field_code",
            "not_a_field_code",
            "Mã lĩnh vực gồm chữ cái không dấu, chữ số, gạch dưới, gạch nối và dấu chấm, tối đa 64 ký tự.",
            "A field code is ASCII letters, digits, underscore, hyphen and dot, at most 64 characters.",
        )
    })
}

/// The stable code of what serde says about a line.
fn fault(path: &str, error: &serde_json::Error) -> &'static str {
    if !error.is_data() {
        return "not_json";
    }
    let words = error.to_string();
    match path {
        _ if words.starts_with("unknown field") => "unknown_field",
        _ if words.starts_with("missing field") => "required",
        "kind" | "channel" | "visibility" => "unknown",
        "received_at" | "due_at" | "closed_at" => "not_a_time",
        _ => "invalid",
    }
}

/// The external id of a line that is otherwise no record.
fn external_id(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    value.get("external_id")?.as_str().map(|id| id.chars().take(LINE).collect())
}
