//! The derivation of a date, step by step, for people and for programs.

use jiff::civil::Weekday;
use serde::Serialize;

use super::{Calendar, Closure, Due, is_weekend};
use crate::domain::{
    refusal::Words,
    time::{Day, Instant},
    vocabulary::{Code, DayKind, Language, Unit},
};

/// What a step of a derivation does; the code is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepCode {
    /// Names the rule, the source or the decision the deadline comes from.
    Basis,
    /// Where counting begins.
    Start,
    /// Which version of the calendar it counts by, once there was more than one.
    Calendar,
    /// The office hours of the agency, for a stretch of days.
    OfficeHours,
    /// Saturdays and Sundays that do not count, taken together.
    Weekends,
    /// A single rest day that does not count.
    Skipped,
    /// A Saturday or Sunday that counts.
    MakeUp,
    /// Counting stopped, and what was left.
    Pause,
    /// Counting went on, or will.
    Resume,
    /// Counting began anew.
    Restart,
    /// The amount was replaced, counted from the start.
    Extension,
    /// An earlier end taken over from a merged petition.
    Cap,
    /// The end moved from a rest day to a working day.
    Roll,
    /// The calendar of a year touched is not known yet.
    Provisional,
    /// Where the deadline ends.
    End,
}

/// One step of a derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub code: StepCode,
    /// The local day it speaks of, or the first of a stretch.
    pub day: Day,
    /// The last day of a stretch.
    pub until: Option<Day>,
    pub words: Words,
}

impl Step {
    /// A step about one day.
    pub(in crate::domain) fn new(
        code: StepCode,
        day: Day,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self { code, day, until: None, words: Words::new(vi, en) }
    }
    /// The same about a stretch that ends on a day.
    pub(in crate::domain) fn until(mut self, day: Day) -> Self {
        self.until = Some(day);
        self
    }
}

impl Calendar {
    /// The end of an amount counted from `start`, and how it was found.
    pub fn explain(&self, start: Instant, amount: u32, unit: Unit) -> (Due, Vec<Step>) {
        let quantity = super::native(amount, unit);
        let due = self.advance(start, quantity, unit);
        let mut steps = vec![self.start_step(start, unit)];
        steps.extend(self.leg_steps(start, quantity, unit, due));
        steps.extend(self.end_steps(due));
        (due, steps)
    }

    /// Where counting begins, and why not earlier.
    pub(in crate::domain) fn start_step(&self, start: Instant, unit: Unit) -> Step {
        let day = start.day(self.zone());
        let (vi, en) = civil(day);
        if unit != Unit::WorkingHours {
            return Step::new(
                StepCode::Start,
                day,
                format!("Tính từ {vi}; ngày này không tính (BLDS 2015, điều 147)."),
                format!("Counted from {en}; this day is not counted (Civil Code 2015, art. 147)."),
            );
        }
        let opening = self.next_opening(start);
        let (open_vi, open_en) = clock_time(self, opening);
        let (vi, en) = if opening == start {
            (format!("Tính từ {open_vi}."), format!("Counted from {open_en}."))
        } else {
            let (vi, en) = clock_time(self, start);
            (
                format!("{vi} ngoài giờ làm việc; tính từ {open_vi}."),
                format!("{en} is outside office hours; counted from {open_en}."),
            )
        };
        Step::new(StepCode::Start, day, vi, en)
    }

    /// Which version of the calendar counts; nothing for the first.
    pub(in crate::domain) fn version_step(&self, start: Instant) -> Option<Step> {
        let version = self.version();
        let recorded = self.recorded_at()?.day(self.zone());
        let (vi, en) = civil(recorded);
        Some(Step::new(
            StepCode::Calendar,
            start.day(self.zone()),
            format!("Theo lịch làm việc phiên bản {version}, ghi nhận {vi}."),
            format!("By version {version} of the calendar, recorded on {en}."),
        ))
    }

    /// The office hours of the agency where they are not the general ones, season by season.
    pub(in crate::domain) fn hours_steps(&self, from: Instant, due: Due) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut day = from.day(self.zone());
        while day <= due.due_on {
            let end = self.same_hours_until(day).min(due.due_on);
            if let Some(season) = self.season(day) {
                let hours = season
                    .sessions
                    .iter()
                    .map(|(open, close)| format!("{}–{}", open.strftime("%H:%M"), close.strftime("%H:%M")));
                let (hours, source) = (hours.collect::<Vec<_>>().join(", "), &season.source);
                let words = (
                    format!("Giờ làm việc của cơ quan: {hours} ({source})."),
                    format!("Office hours of the agency: {hours} ({source})."),
                );
                steps.push(Step::new(StepCode::OfficeHours, day, words.0, words.1).until(end));
            }
            day = end.plus_days(1);
        }
        steps
    }

    /// The days passed over on the last stretch of counting, and the roll at its end.
    pub(in crate::domain) fn leg_steps(&self, from: Instant, left: i64, unit: Unit, due: Due) -> Vec<Step> {
        let first = from.day(self.zone());
        if unit != Unit::CalendarDays {
            return self.skipped(first, due.due_on, unit);
        }
        let raw = super::later(first, left);
        if raw >= due.due_on {
            return Vec::new();
        }
        let mut steps = self.rest_days(raw, due.due_on);
        let ((raw_vi, raw_en), (vi, en)) = (civil(raw), civil(due.due_on));
        steps.push(
            Step::new(
                StepCode::Roll,
                raw,
                format!("Hạn rơi vào ngày nghỉ {raw_vi}, chuyển sang {vi} (BLDS 2015, điều 148)."),
                format!(
                    "The end falls on a rest day, {raw_en}, and moves to {en} (Civil Code 2015, art. 148)."
                ),
            )
            .until(due.due_on),
        );
        steps
    }

    /// What does not count after `after` up to `until`: weekends together, each other rest day, make-up days.
    pub(in crate::domain) fn skipped(&self, after: Day, until: Day, unit: Unit) -> Vec<Step> {
        let first = if unit == Unit::WorkingHours { after } else { after.plus_days(1) };
        if first > until || unit == Unit::CalendarDays {
            return Vec::new();
        }
        let mut steps = Vec::new();
        let entries = self.days.range(first..=until);
        let listed = i64::try_from(entries.filter(|(day, _)| is_weekend(**day)).count()).unwrap_or(0);
        let days = first.days_until(until) + 1;
        let weekdays = super::weekdays_through(until) - super::weekdays_through(first.plus_days(-1));
        let weekend = days - weekdays - listed;
        if weekend > 0 {
            let en = days_en(weekend, "Saturday or Sunday", "Saturdays and Sundays");
            steps.push(
                Step::new(
                    StepCode::Weekends,
                    first,
                    format!("Không tính {weekend} ngày thứ Bảy, Chủ nhật."),
                    format!("{en} not counted."),
                )
                .until(until),
            );
        }
        for (day, entry) in self.days.range(first..=until) {
            let ((vi, en), name) = (civil(*day), &entry.name);
            let (label_vi, label_en) = (entry.kind.label(Language::Vi), entry.kind.label(Language::En));
            if entry.kind != DayKind::SwapWork {
                steps.push(Step::new(
                    StepCode::Skipped,
                    *day,
                    format!("Không tính {vi}: {name} ({label_vi})."),
                    format!("{en} not counted: {name} ({label_en})."),
                ));
            } else if is_weekend(*day) {
                steps.push(Step::new(
                    StepCode::MakeUp,
                    *day,
                    format!("Có tính {vi}: {name} ({label_vi})."),
                    format!("{en} is counted: {name} ({label_en})."),
                ));
            }
        }
        steps
    }

    /// Each rest day from `from` up to but not including `until`, with its reason.
    fn rest_days(&self, from: Day, until: Day) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut day = from;
        while day < until {
            let (vi, en) = civil(day);
            if let Some(closure) = self.closure(day) {
                let (why_vi, why_en) = match closure {
                    Closure::Weekend => ("cuối tuần".to_owned(), "weekend".to_owned()),
                    Closure::Entry(entry) => (entry.name.clone(), entry.name.clone()),
                };
                let (vi, en) = (format!("{vi} nghỉ: {why_vi}."), format!("{en} is a rest day: {why_en}."));
                steps.push(Step::new(StepCode::Skipped, day, vi, en));
            }
            day = day.plus_days(1);
        }
        steps
    }

    /// Where it ends, and whether that can still change.
    pub(in crate::domain) fn end_steps(&self, due: Due) -> Vec<Step> {
        let mut steps = Vec::new();
        if due.provisional {
            let year = due.due_on.date().year();
            steps.push(Step::new(
                StepCode::Provisional,
                due.due_on,
                format!("Chưa có lịch nghỉ chính thức cho toàn bộ khoảng này (đến năm {year}); hạn là tạm tính."),
                format!("The official calendar does not cover this whole stretch (up to {year}); the date is provisional."),
            ));
        }
        let whole_day = due.due_at == due.due_on.end(self.zone());
        let (vi, en) = if whole_day {
            let (vi, en) = civil(due.due_on);
            (format!("24:00 {vi}"), format!("24:00 on {en}"))
        } else {
            clock_time(self, due.due_at)
        };
        steps.push(Step::new(
            StepCode::End,
            due.due_on,
            format!("Hết hạn lúc {vi}."),
            format!("Ends at {en}."),
        ));
        steps
    }
}

/// A count with the right English noun.
pub(in crate::domain) fn days_en(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A day in words: "thứ Hai 23/11/2026", "Mon 23 Nov 2026".
pub(in crate::domain) fn civil(day: Day) -> (String, String) {
    let (vi, en) = match day.date().weekday() {
        Weekday::Monday => ("thứ Hai", "Mon"),
        Weekday::Tuesday => ("thứ Ba", "Tue"),
        Weekday::Wednesday => ("thứ Tư", "Wed"),
        Weekday::Thursday => ("thứ Năm", "Thu"),
        Weekday::Friday => ("thứ Sáu", "Fri"),
        Weekday::Saturday => ("thứ Bảy", "Sat"),
        Weekday::Sunday => ("Chủ nhật", "Sun"),
    };
    let date = day.date();
    (format!("{vi} {}", date.strftime("%d/%m/%Y")), format!("{en} {} {}", date.day(), date.strftime("%b %Y")))
}

/// A local time with its day: "16:00 thứ Tư 25/11/2026", "16:00 on Wed 25 Nov 2026".
pub(in crate::domain) fn clock_time(calendar: &Calendar, at: Instant) -> (String, String) {
    let (vi, en) = civil(at.day(calendar.zone()));
    let time = at.time(calendar.zone()).strftime("%H:%M").to_string();
    (format!("{time} {vi}"), format!("{time} on {en}"))
}
