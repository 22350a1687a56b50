//! What a rule must be like to be added, and the book as it would be then.

use super::{Rule, RuleBook};
use crate::domain::{
    calendar::LAST_DAY,
    decide::checks::{Checks, LINE},
    time::Day,
    vocabulary::Kind,
};

/// The longest id or code of a rule, in characters.
const NAME: usize = 64;
/// The most that a rule can give, of any unit.
const MOST: u32 = 10_000;

impl Rule {
    /// Finds what is wrong with a rule that is to be added; gives its first day.
    pub fn check(&self, checks: &mut Checks) -> Option<Day> {
        for (pointer, name) in [("/id", &self.id), ("/code", &self.code)] {
            checks.require(
                is_a_name(name),
                pointer,
                "not_a_rule_name",
                "Gồm chữ thường không dấu, chữ số và gạch nối, tối đa 64 ký tự.",
                "Small ASCII letters, digits and hyphens, at most 64 characters.",
            );
        }
        let instance = match (self.kind, self.instance) {
            (_, None) => true,
            (Some(Kind::Complaint), Some(instance)) => matches!(instance, 1 | 2),
            _ => false,
        };
        checks.require(
            instance,
            "/instance",
            "does_not_fit",
            "Chỉ khiếu nại có lần giải quyết: 1 hoặc 2.",
            "Only a complaint has an instance: 1 or 2.",
        );
        checks.require(
            (1..=MOST).contains(&self.amount),
            "/amount",
            "out_of_range",
            "Cần số từ 1 đến 10.000.",
            "Needs a number from 1 to 10,000.",
        );
        checks.require(
            self.ceiling.is_none_or(|ceiling| (1..=MOST).contains(&ceiling)),
            "/ceiling",
            "out_of_range",
            "Cần số từ 1 đến 10.000.",
            "Needs a number from 1 to 10,000.",
        );
        checks.require(
            self.ceiling.is_none_or(|ceiling| ceiling >= self.amount),
            "/ceiling",
            "below_amount",
            "Mức tối đa khi gia hạn không được nhỏ hơn thời hạn.",
            "The ceiling of extensions must not be less than the amount.",
        );
        checks.require(
            (1..=100).contains(&self.due_soon_percent),
            "/due_soon_percent",
            "out_of_range",
            "Cần số từ 1 đến 100.",
            "Needs a number from 1 to 100.",
        );
        checks.line("/legal_basis", &self.legal_basis, LINE);
        checks.require(
            self.effective_from.is_some_and(|from| from <= LAST_DAY),
            "/effective_from",
            "missing",
            "Phải nêu ngày bắt đầu có hiệu lực.",
            "The day from which it is in force is required.",
        );
        let forward = self.effective_from.zip(self.effective_to).is_none_or(|(from, to)| from < to);
        checks.require(
            forward,
            "/effective_to",
            "backwards",
            "Ngày hết hiệu lực phải sau ngày bắt đầu.",
            "The end must come after the beginning.",
        );
        self.effective_from
    }
}

impl RuleBook {
    /// The book with one rule more.
    pub fn with(&self, rule: Rule) -> Self {
        Self { rules: self.rules.iter().cloned().chain([rule]).collect() }
    }
    /// The book in which one version is no longer in force from a day on.
    pub fn ended(&self, id: &str, to: Day) -> Self {
        let mut book = self.clone();
        book.rules.iter_mut().filter(|rule| rule.id == id).for_each(|rule| rule.effective_to = Some(to));
        book
    }
}

fn is_a_name(text: &str) -> bool {
    (1..=NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
