//! What a report counts and measures of one petition: the figures of a report add up from this.

use std::{collections::BTreeMap, convert::Infallible, fmt, str::FromStr};

use super::{Amount, Report};
use crate::domain::vocabulary::Code;

/// The entry of a petition in a report: how often each figure counts it, and what is measured of it.
///
/// Written `received moved_in=2`: by the ids of figures and amounts, with the number where it is not 1. A figure that
/// does not count the petition is left out; an amount that is not measured of it too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry(BTreeMap<String, i64>);

/// Where two entries of a petition differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The id of a figure or an amount.
    pub figure: String,
    /// The number in each; nothing where an amount is not measured.
    pub then: Option<i64>,
    pub now: Option<i64>,
}

impl Entry {
    /// Adds that a figure counts the petition so often.
    pub fn count(&mut self, figure: &str, times: i64) {
        if times != 0 {
            self.0.insert(figure.to_owned(), times);
        }
    }

    /// Adds what was measured of the petition.
    pub fn measure(&mut self, amount: Amount, value: i64) {
        self.0.insert(amount.as_str().to_owned(), value);
    }

    /// The number of a figure or amount.
    pub fn number(&self, figure: &str) -> Option<i64> {
        let absent = Amount::parse(figure).is_none().then_some(0);
        self.0.get(figure).copied().or(absent)
    }

    /// Every number that stands in it, by id.
    pub fn numbers(&self) -> &BTreeMap<String, i64> {
        &self.0
    }

    /// Where it differs from what it became, as far as these figures and amounts tell, in their order.
    pub fn changes(&self, now: &Self, told: &[String]) -> Vec<Change> {
        let both = told.iter().map(|figure| Change {
            figure: figure.clone(),
            then: self.number(figure),
            now: now.number(figure),
        });
        both.filter(|change| change.then != change.now).collect()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (figure, number)) in self.0.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            match number {
                1 => write!(f, "{gap}{figure}")?,
                number => write!(f, "{gap}{figure}={number}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Entry {
    type Err = Infallible;

    /// Reads what [`Display`](fmt::Display) wrote; a word that it cannot have written counts once, so that nothing of
    /// it is lost.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |word: &str| {
            let number = word.split_once('=').and_then(|(id, number)| Some((id, number.parse().ok()?)));
            let (id, number) = number.unwrap_or((word, 1));
            (id.to_owned(), number)
        };
        Ok(Self(text.split_whitespace().map(word).collect()))
    }
}

impl Report {
    /// The ids of what an entry of this report can hold: its counts in order, then what it measures.
    pub fn told(self) -> Vec<String> {
        let amounts = self.measured().into_keys().map(Code::as_str);
        self.counted().map(|(figure, _)| figure).chain(amounts).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let mut entry = Entry::default();
        entry.count("received", 1);
        entry.count("moved_in", 2);
        entry.count("ended", 0);
        entry.measure(Amount::Hops, 0);
        assert_eq!(entry.to_string(), "hops=0 moved_in=2 received");
        assert_eq!(entry.to_string().parse(), Ok(entry));
        assert_eq!("".parse(), Ok(Entry::default()));
    }

    #[test]
    fn what_is_not_counted_is_zero_and_what_is_not_measured_nothing() {
        let (then, now): (Entry, Entry) = ("received".parse().unwrap(), "answered hops=0".parse().unwrap());
        let told = ["received", "answered", "ended", "hops"].map(str::to_owned);
        let numbers: Vec<_> = then
            .changes(&now, &told)
            .into_iter()
            .map(|change| (change.figure, change.then, change.now))
            .collect();
        let expected = [
            ("received".to_owned(), Some(1), Some(0)),
            ("answered".to_owned(), Some(0), Some(1)),
            ("hops".to_owned(), None, Some(0)),
        ];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn no_id_of_a_figure_is_that_of_an_amount() {
        for report in Report::ALL {
            let told = report.told();
            let once: std::collections::BTreeSet<_> = told.iter().collect();
            assert_eq!(once.len(), told.len(), "{report:?}");
            assert!(told.iter().all(|id| !id.contains([' ', '='])), "{told:?}");
        }
    }
}
