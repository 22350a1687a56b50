//! How a clock came to its due date, told from the same facts that derive it.

use super::{
    Ledger,
    track::{Leg, Measure, Standing, Track},
};
use crate::domain::{
    calendar::{Calendar, Step, StepCode, civil, clock_time, days_en},
    rule::{Rule, RuleBook},
    time::Instant,
    vocabulary::{Code, Language, Stage, Unit},
};

use super::op::ClockOp;

impl Ledger<'_> {
    /// The derivation of one clock after these entries; empty where it does not exist.
    pub fn explain<'o>(
        ops: impl IntoIterator<Item = &'o ClockOp>,
        book: &RuleBook,
        calendar: &Calendar,
        round: u32,
        stage: Stage,
    ) -> Vec<Step> {
        let mut ledger = Ledger::new(book, calendar);
        ledger.extend(ops);
        ledger.derivation(round, stage)
    }

    /// The derivation of one clock as it stands; empty where it does not exist.
    pub fn derivation(&self, round: u32, stage: Stage) -> Vec<Step> {
        let found = self.shown().find(|track| track.round == round && track.stage == stage);
        found.map(Track::steps).unwrap_or_default()
    }
}

impl Track<'_> {
    fn steps(&self) -> Vec<Step> {
        let (calendar, standing) = (self.calendar.as_ref(), self.standing());
        let mut steps = match self.measure {
            Measure::Rule { rule, amount, extended_from } => {
                self.counting(calendar, rule, amount, extended_from, &standing)
            }
            Measure::Stated(fixed) => {
                let words = ("Hạn do nguồn dữ liệu nêu", "The source states the deadline");
                given_steps(calendar, fixed.at, words, &standing)
            }
            Measure::Decided(fixed) => given_steps(
                calendar,
                fixed.at,
                ("Hạn theo quyết định", "The deadline was decided"),
                &standing,
            ),
        };
        if let Some(due) = standing.due {
            if standing.capped {
                let (vi, en) = clock_time(calendar, due.due_at);
                steps.push(Step::new(
                    StepCode::Cap,
                    due.due_on,
                    format!("Lấy hạn sớm hơn của đơn được gộp: trước {vi}."),
                    format!("Takes the earlier deadline of a merged petition: before {en}."),
                ));
            }
            steps.extend(calendar.end_steps(due));
        }
        steps
    }

    fn counting(
        &self,
        calendar: &Calendar,
        rule: &Rule,
        amount: u32,
        extended_from: Option<u32>,
        standing: &Standing,
    ) -> Vec<Step> {
        let mut steps = vec![self.rule_step(calendar, rule)];
        steps.push(calendar.start_step(self.started_at, rule.unit));
        steps.extend(calendar.version_step(self.started_at));
        if let (Unit::WorkingHours, Some(due)) = (rule.unit, standing.due) {
            steps.extend(calendar.hours_steps(self.counted_from, due));
        }
        if let Some(before) = extended_from {
            let (vi, en) = (rule.unit.label(Language::Vi), rule.unit.label(Language::En));
            steps.push(Step::new(
                StepCode::Extension,
                self.started_at.day(calendar.zone()),
                format!("Gia hạn từ {before} lên {amount} {vi}, vẫn tính từ ngày bắt đầu."),
                format!("Extended from {before} to {amount} {en}, still counted from the start."),
            ));
        }
        if self.counted_from != self.started_at {
            let (vi, en) = clock_time(calendar, self.counted_from);
            steps.push(Step::new(
                StepCode::Restart,
                self.counted_from.day(calendar.zone()),
                format!("Đã bổ sung: tính lại từ đầu lúc {vi}."),
                format!("Supplement received: counted anew from {en}."),
            ));
        }
        for leg in &standing.legs {
            match (leg.pause, standing.due) {
                (Some((begin, end)), _) => {
                    let last = begin.day(calendar.zone());
                    steps.extend(calendar.skipped(leg.from.day(calendar.zone()), last, rule.unit));
                    steps.extend(rest_steps(calendar, leg, rule.unit, begin, end));
                }
                (None, Some(due)) if !standing.capped => {
                    steps.extend(calendar.leg_steps(leg.from, leg.left, rule.unit, due));
                }
                (None, _) => {}
            }
        }
        steps
    }

    fn rule_step(&self, calendar: &Calendar, rule: &Rule) -> Step {
        let (stage_vi, stage_en) = (self.stage.label(Language::Vi), self.stage.label(Language::En));
        let (unit_vi, unit_en) = (rule.unit.label(Language::Vi), rule.unit.label(Language::En));
        let Rule { code, amount, legal_basis, .. } = rule;
        Step::new(
            StepCode::Basis,
            self.started_at.day(calendar.zone()),
            format!("{stage_vi}: {amount} {unit_vi} theo quy tắc {code} ({legal_basis})."),
            format!("{stage_en}: {amount} {unit_en} by rule {code} ({legal_basis})."),
        )
    }
}

fn given_steps(calendar: &Calendar, at: Instant, words: (&str, &str), standing: &Standing) -> Vec<Step> {
    let ((at_vi, at_en), (vi, en)) = (clock_time(calendar, at), words);
    let day = calendar.last_day(at);
    let mut steps = vec![Step::new(
        StepCode::Basis,
        day,
        format!("{vi}: trước {at_vi}."),
        format!("{en}: before {at_en}."),
    )];
    for leg in &standing.legs {
        if let Some((begin, end)) = leg.pause {
            steps.extend(rest_steps(calendar, leg, Unit::CalendarDays, begin, end));
        }
    }
    steps
}

fn rest_steps(calendar: &Calendar, leg: &Leg, unit: Unit, begin: Instant, end: Option<Instant>) -> Vec<Step> {
    let left = super::track::remaining(leg.left, unit);
    let (vi, en) = if unit == Unit::WorkingHours {
        (
            format!("; còn {} giờ {} phút làm việc", left.amount, left.minutes),
            format!("; {} h {} min of working time left", left.amount, left.minutes),
        )
    } else {
        let days = i64::from(left.amount);
        let one = if unit == Unit::WorkingDays { "working day" } else { "day" };
        let en = days_en(days, one, &format!("{one}s"));
        (format!("; còn {days} {}", unit.label(Language::Vi)), format!("; {en} left"))
    };
    let (left_vi, left_en) = (vi, en);
    let zone = calendar.zone();
    let (vi, en) = civil(begin.day(zone));
    let mut steps = vec![Step::new(
        StepCode::Pause,
        begin.day(zone),
        format!("Tạm dừng từ {vi}{left_vi}."),
        format!("Paused from {en}{left_en}."),
    )];
    if let Some(end) = end {
        let (vi, en) = civil(end.day(zone));
        steps.push(Step::new(
            StepCode::Resume,
            end.day(zone),
            format!("Tính tiếp từ {vi}."),
            format!("Goes on from {en}."),
        ));
    }
    steps
}
