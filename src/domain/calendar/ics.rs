//! Whole days out of an iCalendar file (RFC 5545): what a ministry or a colleague hands on as `.ics`.
//!
//! Only what a calendar of rest days needs is read: VEVENT with DTSTART and DTEND as dates, SUMMARY, CATEGORIES and
//! STATUS. What could be misread (times of day, repetitions) is refused rather than guessed.

use super::{DayKind, change::MOST_CHANGED};
use crate::domain::{refusal::Refusal, time::Day, vocabulary::Code};

/// The most days that one event can span.
const LONGEST: i64 = 31;

/// A day that the file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub day: Day,
    /// As CATEGORIES says it by one of our codes; else a holiday.
    pub kind: DayKind,
    pub name: String,
}

/// An event in the making.
#[derive(Default)]
struct Event {
    line: usize,
    first: Option<Day>,
    after: Option<Day>,
    name: Option<String>,
    kind: Option<DayKind>,
    cancelled: bool,
}

/// Every day that the events of a file span, in the order of the file. The pointer of a fault is `/line/N`.
pub fn read(text: &str) -> Result<Vec<Entry>, Refusal> {
    let lines = unfolded(text);
    let begins = lines.iter().find(|(_, line)| !line.trim().is_empty());
    if !begins.is_some_and(|(_, line)| line.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return Err(fault(
            1,
            "not_a_calendar",
            "Tệp không bắt đầu bằng BEGIN:VCALENDAR.",
            "The file does not begin with BEGIN:VCALENDAR.",
        ));
    }
    let mut entries = Vec::new();
    let mut open: Option<Event> = None;
    // Components inside an event, such as alarms, have properties of their own.
    let mut inside: usize = 0;
    for (number, line) in &lines {
        let Some((head, value)) = property(line) else { continue };
        let name = head.split(';').next().unwrap_or_default().trim().to_ascii_uppercase();
        let component = value.trim().to_ascii_uppercase();
        match (name.as_str(), open.as_mut()) {
            ("BEGIN", None) if component == "VEVENT" => {
                open = Some(Event { line: *number, ..Event::default() });
            }
            ("BEGIN", Some(_)) => inside += 1,
            ("END", Some(_)) if inside > 0 => inside -= 1,
            ("END", Some(_)) if component == "VEVENT" => {
                entries.extend(open.take().map(Event::days).transpose()?.unwrap_or_default());
                if entries.len() > MOST_CHANGED {
                    return Err(fault(
                        *number,
                        "too_many",
                        "Tệp có quá 400 ngày; chia thành nhiều tệp.",
                        "The file names more than 400 days; split it.",
                    ));
                }
            }
            (_, Some(event)) if inside == 0 => event.take(*number, &name, head, value)?,
            _ => {}
        }
    }
    match open {
        Some(event) => Err(fault(event.line, "unfinished", "Thiếu END:VEVENT.", "END:VEVENT is missing.")),
        None => Ok(entries),
    }
}

impl Event {
    fn take(&mut self, line: usize, name: &str, head: &str, value: &str) -> Result<(), Refusal> {
        match name {
            "DTSTART" => self.first = Some(date(line, head, value)?),
            "DTEND" => self.after = Some(date(line, head, value)?),
            "SUMMARY" => self.name = Some(unescaped(value)),
            "STATUS" => self.cancelled = value.trim().eq_ignore_ascii_case("CANCELLED"),
            "CATEGORIES" => {
                let mut kinds =
                    value.split(',').filter_map(|word| DayKind::parse(&word.trim().to_ascii_lowercase()));
                self.kind = kinds.next_back().or(self.kind);
            }
            "RRULE" | "RDATE" | "DURATION" => {
                return Err(fault(
                    line,
                    "not_supported",
                    "Không đọc sự kiện lặp lại hay DURATION: ghi từng ngày bằng DTSTART và DTEND.",
                    "Repetitions and DURATION are not read: write each day with DTSTART and DTEND.",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    fn days(self) -> Result<Vec<Entry>, Refusal> {
        let Some(first) = self.first else {
            return Err(fault(self.line, "missing", "Sự kiện thiếu DTSTART.", "The event has no DTSTART."));
        };
        let length = self.after.map_or(1, |after| first.days_until(after));
        if !(1..=LONGEST).contains(&length) {
            return Err(fault(
                self.line,
                "out_of_range",
                "DTEND phải sau DTSTART từ 1 đến 31 ngày.",
                "DTEND must lie 1 to 31 days after DTSTART.",
            ));
        }
        if self.cancelled {
            return Ok(Vec::new());
        }
        let name = self.name.filter(|name| !name.trim().is_empty()).ok_or_else(|| {
            fault(self.line, "missing", "Sự kiện thiếu SUMMARY.", "The event has no SUMMARY.")
        })?;
        let kind = self.kind.unwrap_or(DayKind::Holiday);
        let entry = |offset| Entry { day: first.plus_days(offset), kind, name: name.clone() };
        Ok((0..length).map(entry).collect())
    }
}

/// Lines with their numbers; one that begins with a space or a tab continues the one before (§3.1).
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ => lines.push((number + 1, line.to_owned())),
        }
    }
    lines
}

/// Name with parameters, and value: parted by the first colon that stands in no quotes.
fn property(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let colon = line.find(|letter| {
        quoted ^= letter == '"';
        letter == ':' && !quoted
    })?;
    Some((line.get(..colon)?, line.get(colon + 1..)?))
}

fn date(line: usize, head: &str, value: &str) -> Result<Day, Refusal> {
    let value = value.trim();
    let whole =
        head.to_ascii_uppercase().contains("VALUE=DATE") && !head.to_ascii_uppercase().contains("DATE-TIME");
    let digits = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    let spelled = match (value.get(..4), value.get(4..6), value.get(6..)) {
        (Some(year), Some(month), Some(day)) if digits && whole => Some(format!("{year}-{month}-{day}")),
        _ => None,
    };
    spelled.and_then(|text| text.parse().ok()).ok_or_else(|| {
        fault(
            line,
            "not_a_date",
            "Cần ngày trọn vẹn, ví dụ DTSTART;VALUE=DATE:20270101.",
            "Needs a whole day, such as DTSTART;VALUE=DATE:20270101.",
        )
    })
}

/// The text of a value (§3.3.11).
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => text.extend(letters.next().map(|escaped| match escaped {
                'n' | 'N' => ' ',
                other => other,
            })),
            (letter, false) => text.push(letter),
        }
    }
    text
}

fn fault(line: usize, code: &'static str, vi: &str, en: &str) -> Refusal {
    let (vi, en) = (format!("Dòng {line}: {vi}"), format!("Line {line}: {en}"));
    Refusal::field(&format!("/line/{line}"), code, vi, en)
}
