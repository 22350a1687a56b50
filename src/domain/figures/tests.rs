//! Quarters of the inspectorate, the catalogue itself, and the arithmetic of histograms.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn quarter(day: &str) -> String {
    let (year, quarter) = inspectorate_quarter(day.parse().unwrap());
    format!("{year}-Q{quarter} from {}", inspectorate_quarter_start(year, quarter))
}

#[test]
fn the_inspectorate_counts_from_the_fifteenth() {
    for (day, expected) in [
        ("2025-12-14", "2025-Q4 from 2025-09-15"),
        ("2025-12-15", "2026-Q1 from 2025-12-15"),
        ("2026-01-31", "2026-Q1 from 2025-12-15"),
        ("2026-03-14", "2026-Q1 from 2025-12-15"),
        ("2026-03-15", "2026-Q2 from 2026-03-15"),
        ("2026-06-14", "2026-Q2 from 2026-03-15"),
        ("2026-06-15", "2026-Q3 from 2026-06-15"),
        ("2026-09-15", "2026-Q4 from 2026-09-15"),
        ("2026-12-14", "2026-Q4 from 2026-09-15"),
        ("2026-12-31", "2027-Q1 from 2026-12-15"),
    ] {
        assert_eq!(quarter(day), expected, "{day}");
    }
}

#[test]
fn every_figure_is_one_and_rests_on_counts() {
    for report in Report::ALL {
        let ids: BTreeSet<_> = report.figures().iter().map(|figure| figure.id).collect();
        assert_eq!(ids.len(), report.figures().len(), "{report:?} has two figures of one id");
        for figure in report.figures() {
            assert!(report.behind(figure).is_some(), "{}: nothing behind it", figure.id);
            if let Measure::Share { of, .. } = figure.measure {
                let counted = report.figure(of).map(|figure| figure.measure);
                assert!(matches!(counted, Some(Measure::Count(_))), "{}: {of}", figure.id);
            }
            for language in [Language::Vi, Language::En] {
                assert!(!figure.name(language).is_empty() && !figure.definition(language).is_empty());
            }
        }
    }
}

proptest! {
    #[test]
    fn mean_and_median_are_those_of_the_list(mut values in prop::collection::vec(0i64..40, 0..60)) {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| *histogram.entry(*value).or_insert(0) += 1);
        values.sort_unstable();
        let many = values.len();
        let middle = (many > 0).then(|| (values[(many - 1) / 2] + values[many / 2]) as f64 / 2.0);
        prop_assert_eq!(median(&histogram), middle);
        let sum = values.iter().sum::<i64>() as f64;
        prop_assert_eq!(mean(&histogram), (many > 0).then(|| sum / many as f64));
    }

    #[test]
    fn every_day_is_in_the_quarter_it_is_said_to_be_in(days in 0i64..20_000) {
        let day = Day::new(jiff::civil::date(1990, 1, 1)).plus_days(days);
        let (year, number) = inspectorate_quarter(day);
        let next = if number == 4 { (year + 1, 1) } else { (year, number + 1) };
        prop_assert!(inspectorate_quarter_start(year, number) <= day);
        prop_assert!(day < inspectorate_quarter_start(next.0, next.1));
    }
}
