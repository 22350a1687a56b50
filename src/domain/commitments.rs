//! Promises made in replies, and whether they were kept, as far as anything recorded says so.
//!
//! A promise (cam kết) is kept when a later signed revision of the reply says that the matter is resolved; nothing else
//! speaks for it, and no word of an official moves its day.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    time::{Day, Instant},
    vocabulary::{Code, Language, Outcome},
};

/// What became of a promise, as it stood at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// A later revision said by the promised day that the matter is resolved.
    Kept,
    /// A later revision said so, after that day.
    KeptLate,
    /// A later revision says something else, which may hold promises of its own.
    Replaced,
    /// Its day is over, and nothing was said.
    Broken,
    /// Its day is still to come, and nothing was said.
    ToCome,
}

/// A later signed revision of the same reply: what it came to, and when it was signed.
pub type Later = (Option<Outcome>, Instant);

impl Keeping {
    /// What became of a promise of a day, told by the later revisions in their order, as it stood at a moment; with
    /// the instant at which it was kept or replaced.
    pub fn of(due_on: Day, later: &[Later], at: Instant, zone: &TimeZone) -> (Self, Option<Instant>) {
        let end = due_on.end(zone);
        let resolved = later.iter().find(|(outcome, _)| *outcome == Some(Outcome::Resolved));
        match (resolved, later.first()) {
            (Some((_, signed)), _) if *signed < end => (Self::Kept, Some(*signed)),
            (Some((_, signed)), _) => (Self::KeptLate, Some(*signed)),
            (None, Some((_, signed))) => (Self::Replaced, Some(*signed)),
            (None, None) if end <= at => (Self::Broken, None),
            (None, None) => (Self::ToCome, None),
        }
    }
}

impl Code for Keeping {
    const ALL: &'static [Self] = &[Self::Kept, Self::KeptLate, Self::Replaced, Self::Broken, Self::ToCome];
    const NAME: &'static str = "keeping";

    fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::KeptLate => "kept_late",
            Self::Replaced => "replaced",
            Self::Broken => "broken",
            Self::ToCome => "to_come",
        }
    }

    fn label(self, language: Language) -> &'static str {
        let [vi, en] = match self {
            Self::Kept => ["Đã thực hiện", "Kept"],
            Self::KeptLate => ["Thực hiện muộn", "Kept late"],
            Self::Replaced => ["Đã thay bằng trả lời khác", "Replaced"],
            Self::Broken => ["Quá ngày cam kết", "Broken"],
            Self::ToCome => ["Chưa đến ngày", "To come"],
        };
        match language {
            Language::Vi => vi,
            Language::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(later: &[(Outcome, &str)], at: &str) -> (&'static str, Option<String>) {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let later: Vec<Later> =
            later.iter().map(|(outcome, signed)| (Some(*outcome), signed.parse().unwrap())).collect();
        let (keeping, since) = Keeping::of("2026-12-31".parse().unwrap(), &later, at.parse().unwrap(), &zone);
        (keeping.as_str(), since.map(|since| since.to_string()))
    }

    #[test]
    fn a_day_ends_at_midnight() {
        // 17:00 in Greenwich is midnight here.
        assert_eq!(told(&[], "2026-12-31T16:59:59Z"), ("to_come", None));
        assert_eq!(told(&[], "2026-12-31T17:00:00Z"), ("broken", None));
        let (keeping, since) = told(&[(Outcome::Resolved, "2026-12-31T16:59:59Z")], "2027-02-01T00:00:00Z");
        assert_eq!((keeping, since.as_deref()), ("kept", Some("2026-12-31T16:59:59Z")));
        let (keeping, _) = told(&[(Outcome::Resolved, "2026-12-31T17:00:00Z")], "2027-02-01T00:00:00Z");
        assert_eq!(keeping, "kept_late");
    }

    #[test]
    fn only_a_resolution_keeps_it() {
        let planned = (Outcome::Planned, "2026-12-01T02:00:00Z");
        let resolved = (Outcome::Resolved, "2026-12-20T02:00:00Z");
        assert_eq!(told(&[planned], "2027-02-01T00:00:00Z").0, "replaced");
        let (keeping, since) = told(&[planned, resolved], "2027-02-01T00:00:00Z");
        assert_eq!((keeping, since.as_deref()), ("kept", Some("2026-12-20T02:00:00Z")));
    }
}
