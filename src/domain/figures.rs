//! The figures of the reports: what each counts, in words, and what a rate is a share of.
//!
//! Every figure has an id that never changes its meaning: another definition gets another id. What a [`Column`] counts
//! is said in SQL once, in `store::figures`, for the figure and for the list behind it, so that the two cannot differ.

mod anomalies;
mod entry;
mod flow;
mod rates;
#[cfg(test)]
mod tests;
mod timeliness;
mod xld01;

use std::collections::BTreeMap;

pub use self::entry::{Change, Entry};
use super::{
    time::Day,
    vocabulary::{Code, Language, codes},
};

codes! {
    /// A report.
    Report "report" {
        /// How promises were kept.
        Timeliness "timeliness" "Thời hạn giải quyết" "Timeliness",
        /// What was there, came, went and stayed.
        Flow "flow" "Tồn đầu kỳ, phát sinh, tồn cuối kỳ" "Flow",
        /// Extensions, transfers, returns, durations, satisfaction.
        Rates "rates" "Tỷ lệ và thời gian xử lý" "Rates and durations",
        /// Form 01/XLD of the inspectorate.
        Xld01 "xld01" "Biểu 01/XLD: xử lý đơn" "Form 01/XLD: handling of letters",
        /// What may have been done to make figures look better.
        Anomalies "anomalies" "Dấu hiệu bất thường" "Anomalies",
    }
    /// What is measured of each petition.
    Amount "amount" {
        /// Working days from receipt to the answer of the first round.
        HandlingDays "handling_days" "Số ngày xử lý" "Working days of handling",
        /// Working days from the answer of the first round to its first publication.
        PublicationDays "publication_days" "Số ngày chờ công khai" "Working days until publication",
        /// Transfers to another agency.
        Hops "hops" "Số lần chuyển" "Transfers",
    }
}

/// What is counted: petitions of a population, in the flow their moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Received,
    ResolvedEarly,
    ResolvedOnTime,
    ResolvedLate,
    OpenInTime,
    OpenOverdue,
    OpenPaused,
    EndedOtherwise,
    NoDeadline,
    Resolved,
    ResolvedInTime,
    EndedLate,
    JudgedStrictly,
    InTimeByIssueDate,
    InTimeByFirstDeadline,

    Opening,
    CameIn,
    CameBack,
    MovedIn,
    WasAnswered,
    WasEnded,
    MovedOut,
    Closing,

    TakenUp,
    Extended,
    ExtendedAgain,
    ExtendedLate,
    ExtendedUnsupported,
    ExtendedUnannounced,
    Suspended,
    SuspendedAgain,
    Assigned,
    Transferred,
    TransferredAgain,
    Submitted,
    Returned,
    FirstRoundOver,
    Reopened,
    Answered,
    Rated,
    Satisfied,
    Acceptable,
    Dissatisfied,
    Published,
    PublicationPromised,
    PublishedInTime,
    Withheld,
    TakenDown,
    DeliveryPromised,
    Delivered,
    DeliveredInTime,
    ReconsiderationAsked,
    ReconsiderationRefused,
    ReconsiderationIgnored,
    SecondInstance,
    Overturned,

    CarriedOver(Signers),
    NewLetters(Signers),
    Letters,
    Cases,
    OfKind(Matter),
    SettledOnce,
    SettledAgain,
    BeingSettled,
    NotYetSettled,
    Competent(Matter),
    Guided,
    Forwarded,
    Urged,
    ForwardingAnswered,

    Anomaly(Anomaly),
}

/// How many people signed a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signers {
    Any,
    Many,
    One,
    /// Nobody by name, or a body.
    Other,
}

/// What a letter is about, as the form puts the kinds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matter {
    Complaint,
    Denunciation,
    /// Proposals, feedback and suggestions.
    Other,
}

/// What may have been done to make figures look better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Anomaly {
    Backdated,
    LateRegistration,
    IssuedBeforeRecording,
    NumbersOutOfOrder,
    RegisterGap,
    ReplyJustBeforeDue,
    BulkClosing,
    EndedAfterDue,
    RepeatedSuspensions,
    SameText,
}

/// How a figure is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Count(Column),
    /// A share of two counts of the same report, by id: 0 to 1, nothing where the second is zero.
    Share {
        of: &'static str,
        among: &'static str,
    },
    /// The mean over the petitions of a count, by id; nothing where it is zero.
    Mean {
        of: Amount,
        among: &'static str,
    },
    /// The median over the petitions of a count, by id; nothing where it is zero.
    Median {
        of: Amount,
        among: &'static str,
    },
}

/// A figure of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub id: &'static str,
    pub measure: Measure,
    name: [&'static str; 2],
    words: [&'static str; 2],
}

impl Figure {
    const fn count(
        id: &'static str,
        column: Column,
        name: [&'static str; 2],
        words: [&'static str; 2],
    ) -> Self {
        Self { id, measure: Measure::Count(column), name, words }
    }

    const fn share(
        id: &'static str,
        [of, among]: [&'static str; 2],
        name: [&'static str; 2],
        words: [&'static str; 2],
    ) -> Self {
        Self { id, measure: Measure::Share { of, among }, name, words }
    }

    const fn mean(
        id: &'static str,
        (of, among): (Amount, &'static str),
        name: [&'static str; 2],
        words: [&'static str; 2],
    ) -> Self {
        Self { id, measure: Measure::Mean { of, among }, name, words }
    }

    const fn median(
        id: &'static str,
        (of, among): (Amount, &'static str),
        name: [&'static str; 2],
        words: [&'static str; 2],
    ) -> Self {
        Self { id, measure: Measure::Median { of, among }, name, words }
    }

    /// The id of the count whose petitions are behind it: its own, or what a rate, mean or median is taken of.
    pub fn counted(&self) -> &'static str {
        match self.measure {
            Measure::Count(_) => self.id,
            Measure::Share { among, .. } | Measure::Mean { among, .. } | Measure::Median { among, .. } => {
                among
            }
        }
    }

    /// What it is called.
    pub fn name(&self, language: Language) -> &'static str {
        said(self.name, language)
    }

    /// What it counts.
    pub fn definition(&self, language: Language) -> &'static str {
        said(self.words, language)
    }
}

fn said([vi, en]: [&'static str; 2], language: Language) -> &'static str {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

impl Report {
    /// Its figures, in the order of the columns.
    pub fn figures(self) -> &'static [Figure] {
        match self {
            Self::Timeliness => timeliness::FIGURES,
            Self::Flow => flow::FIGURES,
            Self::Rates => rates::FIGURES,
            Self::Xld01 => xld01::FIGURES,
            Self::Anomalies => anomalies::FIGURES,
        }
    }

    /// The figure of an id.
    pub fn figure(self, id: &str) -> Option<&'static Figure> {
        self.figures().iter().find(|figure| figure.id == id)
    }

    /// What the list behind a figure shows: what is counted, or what a rate, mean or median is taken of.
    pub fn behind(self, figure: &Figure) -> Option<Column> {
        match self.figure(figure.counted())?.measure {
            Measure::Count(column) => Some(column),
            Measure::Share { .. } | Measure::Mean { .. } | Measure::Median { .. } => None,
        }
    }
}

impl Report {
    /// The figures that are counts, in order, each with its column.
    pub fn counted(self) -> impl Iterator<Item = (&'static str, Column)> + Clone {
        self.figures().iter().filter_map(|figure| match figure.measure {
            Measure::Count(column) => Some((figure.id, column)),
            Measure::Share { .. } | Measure::Mean { .. } | Measure::Median { .. } => None,
        })
    }

    /// What it measures of petitions one by one, each with the column of those it measures.
    pub fn measured(self) -> BTreeMap<Amount, Column> {
        let amounts = self.figures().iter().filter_map(|figure| match figure.measure {
            Measure::Mean { of, .. } | Measure::Median { of, .. } => Some((of, self.behind(figure)?)),
            Measure::Count(_) | Measure::Share { .. } => None,
        });
        amounts.collect()
    }
}

/// The inspectorate's quarter that a day falls into: its year and number. Quarters run from the 15th of the last month
/// of the quarter before to the 14th of their own last month (TT 01/2024/TT-TTCP): the first from 15 December.
pub fn inspectorate_quarter(day: Day) -> (i16, i8) {
    let date = day.date();
    // From the 15th on a day belongs to the month after.
    let month = date.month() + i8::from(date.day() >= 15);
    let year = date.year() + i16::from(month > 12);
    let month = (month - 1) % 12;
    (year, month / 3 + 1)
}

/// The first day of an inspectorate's quarter.
pub fn inspectorate_quarter_start(year: i16, quarter: i8) -> Day {
    let (year, month) = if quarter <= 1 { (year - 1, 12) } else { (year, (quarter - 1) * 3) };
    Day::new(jiff::civil::date(year.clamp(1, 9999), month.clamp(1, 12), 15))
}

/// Values, and how often each occurs.
pub type Histogram = BTreeMap<i64, i64>;

/// The mean of a histogram; nothing when it is empty.
pub fn mean(histogram: &Histogram) -> Option<f64> {
    let many: i64 = histogram.values().sum();
    let sum: i64 = histogram.iter().map(|(value, times)| value * times).sum();
    (many > 0).then(|| sum as f64 / many as f64)
}

/// The median of a histogram, of an even number of values the mean of the middle two; nothing when it is empty.
pub fn median(histogram: &Histogram) -> Option<f64> {
    let many: i64 = histogram.values().sum();
    let at = |place: i64| {
        let mut passed = 0;
        histogram.iter().find_map(|(value, times)| {
            passed += *times;
            (passed > place).then_some(*value)
        })
    };
    let (low, high) = (at((many - 1) / 2)?, at(many / 2)?);
    Some((low as f64 + high as f64) / 2.0)
}
