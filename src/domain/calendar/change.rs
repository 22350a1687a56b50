//! A change of the calendar, as an administrator asks for it: checked against what stands there, it becomes a
//! [`Revision`].

use std::collections::BTreeSet;

use super::{Calendar, CalendarDay, Revision, Season, Session, hours, is_weekend};
use crate::domain::{
    decide::checks::{Checks, LINE, REASON},
    id::AgencyId,
    prose::normalised,
    refusal::{FieldError, Refusal},
    time::Day,
    vocabulary::{Confidence, DayKind},
};

/// The most days that one change can name.
pub(super) const MOST_CHANGED: usize = 400;

/// What is to be done with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayAction {
    /// It has no entry and gets one.
    Add,
    /// It has an entry and gets another.
    Change,
    /// It loses its entry and follows its weekday again.
    Withdraw,
}

/// A day that is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDay {
    pub day: Day,
    pub action: DayAction,
    pub kind: Option<DayKind>,
    pub name: Option<String>,
    pub confidence: Option<Confidence>,
    /// Why it is withdrawn.
    pub reason: Option<String>,
}

/// What is to be done with office hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeasonAction {
    Add,
    Withdraw,
}

/// Office hours that are to change: of an agency, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSeason {
    pub agency: AgencyId,
    /// How many agencies stand above it; nothing where there is no such agency.
    pub depth: Option<u32>,
    pub action: SeasonAction,
    pub from: Day,
    /// The first day on which they count no more.
    pub to: Option<Day>,
    pub sessions: Vec<Session>,
    pub reason: Option<String>,
}

/// One change: what is to be done, and the notice that says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    pub source: String,
    pub days: Vec<ChangedDay>,
    /// Years of which every day is known from now on.
    pub years: Vec<i16>,
    pub seasons: Vec<ChangedSeason>,
}

impl Amendment {
    /// What it makes of the calendar; every fault is told, with what to do instead.
    pub fn check(&self, calendar: &Calendar) -> Result<Revision, Refusal> {
        let mut checks = Checks::default();
        checks.source("/source", &self.source);
        checks.require(
            !(self.days.is_empty() && self.years.is_empty() && self.seasons.is_empty()),
            "",
            "nothing_changes",
            "Không có gì thay đổi: nêu ít nhất một ngày, một năm hoặc một giờ làm việc.",
            "Nothing would change: name a day, a year or office hours.",
        );
        let few = [self.days.len(), self.years.len(), self.seasons.len()].iter().all(|n| *n <= MOST_CHANGED);
        checks.require(
            few,
            "",
            "too_many",
            "Mỗi lần thay đổi tối đa 400 ngày.",
            "At most 400 days in one change.",
        );
        if few {
            self.check_days(&mut checks, calendar);
            self.check_years(&mut checks, calendar);
            self.check_seasons(&mut checks, calendar);
        }
        checks.finish()?;
        Ok(self.revision())
    }

    fn check_days(&self, checks: &mut Checks, calendar: &Calendar) {
        let mut seen = BTreeSet::new();
        for (position, changed) in self.days.iter().enumerate() {
            let at = |member: &str| format!("/days/{position}/{member}");
            checks.require(
                seen.insert(changed.day),
                &at("day"),
                "twice",
                "Ngày này đã nêu ở trên; mỗi ngày một lần.",
                "This day was named above; name each day once.",
            );
            let entry = calendar.entry(changed.day);
            let (code, vi, en) = match (changed.action, entry) {
                (DayAction::Add, Some(_)) => (
                    "has_an_entry",
                    "Ngày này đã có trong lịch; dùng action «change» để thay đổi.",
                    "This day has an entry already; use the action “change”.",
                ),
                (DayAction::Change | DayAction::Withdraw, None) => (
                    "has_no_entry",
                    "Ngày này chưa có trong lịch; dùng action «add» để thêm.",
                    "This day has no entry; use the action “add”.",
                ),
                _ => ("", "", ""),
            };
            checks.require(code.is_empty(), &at("day"), code, vi, en);
            if changed.action == DayAction::Withdraw {
                reason(checks, &at("reason"), changed.reason.as_deref());
            } else {
                check_entry(checks, &at, changed);
            }
        }
    }

    fn check_years(&self, checks: &mut Checks, calendar: &Calendar) {
        for (position, year) in self.years.iter().enumerate() {
            let pointer = format!("/years/{position}");
            let known = calendar.years().any(|known| known == *year)
                || self.years.iter().take(position).any(|before| before == year);
            checks.require(
                !known,
                &pointer,
                "known_already",
                "Lịch năm này đã được xác nhận là đầy đủ; bỏ năm này ra.",
                "This year is declared complete already; leave it out.",
            );
            checks.require(
                (1900..=9998).contains(year),
                &pointer,
                "out_of_range",
                "Cần năm từ 1900 đến 9998.",
                "Needs a year from 1900 to 9998.",
            );
        }
    }

    fn check_seasons(&self, checks: &mut Checks, calendar: &Calendar) {
        let gone: Vec<(AgencyId, Day)> = self.withdrawn();
        let mut held: Vec<Season> = calendar.seasons().to_vec();
        held.retain(|season| !gone.contains(&(season.agency, season.from)));
        for (position, changed) in self.seasons.iter().enumerate() {
            let at = |member: &str| format!("/office_hours/{position}/{member}");
            if changed.action == SeasonAction::Withdraw {
                let there = calendar
                    .seasons()
                    .iter()
                    .any(|season| (season.agency, season.from) == (changed.agency, changed.from));
                checks.require(
                    there,
                    &at("from"),
                    "has_no_entry",
                    "Cơ quan này không có giờ làm việc riêng bắt đầu từ ngày này.",
                    "This agency has no office hours of its own that begin on this day.",
                );
                reason(checks, &at("reason"), changed.reason.as_deref());
                continue;
            }
            checks.require(
                changed.depth.is_some(),
                &at("agency_id"),
                "unknown",
                "Không có cơ quan này.",
                "There is no such agency.",
            );
            checks.require(
                changed.to.is_none_or(|to| changed.from < to),
                &at("to"),
                "backwards",
                "Ngày hết hiệu lực phải sau ngày bắt đầu.",
                "The end must come after the beginning.",
            );
            checks.require(
                hours::are_sound(&changed.sessions),
                &at("sessions"),
                "not_in_order",
                "Các buổi làm việc phải nối tiếp nhau, không chồng lên nhau, giờ mở trước giờ đóng.",
                "Sessions must follow one another without overlap, each open before it closes.",
            );
            let season = self.season(changed);
            if let Some(other) =
                held.iter().find(|other| other.agency == season.agency && other.overlaps(&season))
            {
                checks.add(FieldError::new(
                    at("from"),
                    "overlaps",
                    format!("Trùng thời gian với giờ làm việc có từ {}; rút giờ đó trước.", other.from),
                    format!("Overlaps the office hours that begin on {}; withdraw those.", other.from),
                ));
            }
            held.push(season);
        }
    }

    fn withdrawn(&self) -> Vec<(AgencyId, Day)> {
        let gone = self.seasons.iter().filter(|changed| changed.action == SeasonAction::Withdraw);
        gone.map(|changed| (changed.agency, changed.from)).collect()
    }

    fn season(&self, changed: &ChangedSeason) -> Season {
        Season {
            agency: changed.agency,
            depth: changed.depth.unwrap_or(0),
            from: changed.from,
            to: changed.to,
            sessions: changed.sessions.clone(),
            source: self.source.trim().to_owned(),
        }
    }

    /// What a day becomes; nothing for one that is withdrawn.
    pub fn entry(&self, changed: &ChangedDay) -> Option<CalendarDay> {
        Some(CalendarDay {
            kind: changed.kind.filter(|_| changed.action != DayAction::Withdraw)?,
            name: normalised(changed.name.as_deref()?),
            source: self.source.trim().to_owned(),
            confidence: changed.confidence.unwrap_or(Confidence::Seen),
        })
    }

    fn revision(&self) -> Revision {
        let added = self.seasons.iter().filter(|changed| changed.action == SeasonAction::Add);
        Revision {
            days: self.days.iter().map(|changed| (changed.day, self.entry(changed))).collect(),
            years: self.years.clone(),
            withdrawn: self.withdrawn(),
            seasons: added.map(|changed| self.season(changed)).collect(),
        }
    }
}

/// What a day with an entry must have, and which kinds fit its weekday.
fn check_entry(checks: &mut Checks, at: &dyn Fn(&str) -> String, changed: &ChangedDay) {
    match &changed.name {
        Some(name) => checks.line(&at("name"), name, LINE),
        None => needed(checks, &at("name")),
    }
    let Some(kind) = changed.kind else {
        return needed(checks, &at("kind"));
    };
    match (kind, is_weekend(changed.day)) {
        (DayKind::SwapWork, false) => checks.add(FieldError::new(
            at("kind"),
            "works_anyway",
            "Ngày làm bù phải rơi vào thứ Bảy hoặc Chủ nhật; ngày này vốn là ngày làm việc. Nếu ngày này đang là ngày nghỉ thì dùng «withdraw».",
            "A make-up day must be a Saturday or Sunday; this day is a working day anyway. Where it rests now, use “withdraw”.",
        )),
        (DayKind::SwapOff | DayKind::Compensatory, true) => checks.add(FieldError::new(
            at("kind"),
            "rests_anyway",
            "Ngày nghỉ bù hoặc hoán đổi phải là ngày làm việc; thứ Bảy, Chủ nhật vốn đã nghỉ.",
            "A compensatory or swapped day off must be a working day; Saturdays and Sundays rest anyway.",
        )),
        _ => {}
    }
}

/// What only a day that is withdrawn does without.
fn needed(checks: &mut Checks, pointer: &str) {
    let (vi, en) = ("Bắt buộc phải có, trừ khi rút ngày này.", "Required, unless the day is withdrawn.");
    checks.require(false, pointer, "needed_here", vi, en);
}

fn reason(checks: &mut Checks, pointer: &str, reason: Option<&str>) {
    match reason.filter(|reason| !reason.trim().is_empty()) {
        Some(reason) => checks.line(pointer, reason, REASON),
        None => checks.require(
            false,
            pointer,
            "needed_here",
            "Rút một mục phải nêu lý do.",
            "Withdrawing needs a reason.",
        ),
    }
}
