//! Deadline rules: data with a legal basis, chosen by how closely they fit a petition.

mod change;
#[cfg(test)]
pub(super) mod tests;

use super::{
    time::Day,
    vocabulary::{
        Channel, Complexity, Confidence, Kind, OnSupplement, Stage, StartEvent, SubmitterType, Unit, Urgency,
    },
};

/// What of a petition a rule can be selected by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    pub kind: Kind,
    /// 1 or 2 for complaints, nothing for other kinds.
    pub instance: Option<u8>,
    pub channel: Channel,
    pub submitter_type: SubmitterType,
    pub field_code: String,
    pub urgency: Urgency,
    pub complexity: Complexity,
    /// Deep-lying or hard-to-reach area (LKN 28).
    pub remote_area: bool,
}

/// One version of a rule: how long a stage may take, from when, and by which law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Identifies this version for ever; clocks refer to it.
    pub id: String,
    /// The name shared by all versions.
    pub code: String,
    pub stage: Stage,
    pub kind: Option<Kind>,
    pub instance: Option<u8>,
    pub channel: Option<Channel>,
    pub submitter_type: Option<SubmitterType>,
    pub field_code: Option<String>,
    pub urgency: Option<Urgency>,
    pub complexity: Option<Complexity>,
    pub remote_area: Option<bool>,
    pub start_event: StartEvent,
    pub amount: u32,
    pub unit: Unit,
    /// The most an extension may set the amount to; without a ceiling there is no extension.
    pub ceiling: Option<u32>,
    pub on_supplement: OnSupplement,
    /// The last share of the time in which a clock is due soon, in percent.
    pub due_soon_percent: u8,
    pub legal_basis: String,
    pub confidence: Confidence,
    /// First day in force; nothing: since ever.
    pub effective_from: Option<Day>,
    /// First day no longer in force; nothing: until further notice.
    pub effective_to: Option<Day>,
}

/// Two rules of which neither fits a petition better than the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The ids of the two rules.
    pub rules: (String, String),
    /// A day on which both are in force.
    pub on: Option<Day>,
}

/// Every version of every rule.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    rules: Vec<Rule>,
}

impl Rule {
    /// How many selectors this rule sets; the more, the closer it fits.
    pub fn selectors(&self) -> usize {
        [
            self.kind.is_some(),
            self.instance.is_some(),
            self.channel.is_some(),
            self.submitter_type.is_some(),
            self.field_code.is_some(),
            self.urgency.is_some(),
            self.complexity.is_some(),
            self.remote_area.is_some(),
        ]
        .into_iter()
        .filter(|set| *set)
        .count()
    }
    /// Whether each selector it sets agrees with the petition.
    pub fn matches(&self, traits: &Traits) -> bool {
        fn fits<T: PartialEq>(selector: Option<&T>, value: &T) -> bool {
            selector.is_none_or(|wanted| wanted == value)
        }
        fits(self.kind.as_ref(), &traits.kind)
            && self.instance.is_none_or(|wanted| traits.instance == Some(wanted))
            && fits(self.channel.as_ref(), &traits.channel)
            && fits(self.submitter_type.as_ref(), &traits.submitter_type)
            && fits(self.field_code.as_ref(), &traits.field_code)
            && fits(self.urgency.as_ref(), &traits.urgency)
            && fits(self.complexity.as_ref(), &traits.complexity)
            && fits(self.remote_area.as_ref(), &traits.remote_area)
    }
    /// Whether this version is in force on a day.
    pub fn in_force(&self, on: Day) -> bool {
        self.effective_from.is_none_or(|from| from <= on) && self.effective_to.is_none_or(|to| on < to)
    }
    /// Whether an extension may set the amount to this.
    pub fn allows_extension_to(&self, amount: u32) -> bool {
        amount > self.amount && self.ceiling.is_some_and(|ceiling| amount <= ceiling)
    }

    /// The selectors both set together, as one narrower rule; nothing when no petition fits both.
    fn both(&self, other: &Self) -> Option<Self> {
        fn join<T: PartialEq + Clone>(a: &Option<T>, b: &Option<T>) -> Option<Option<T>> {
            match (a, b) {
                (Some(a), Some(b)) if a != b => None,
                (a, b) => Some(a.clone().or_else(|| b.clone())),
            }
        }
        Some(Self {
            kind: join(&self.kind, &other.kind)?,
            instance: join(&self.instance, &other.instance)?,
            channel: join(&self.channel, &other.channel)?,
            submitter_type: join(&self.submitter_type, &other.submitter_type)?,
            field_code: join(&self.field_code, &other.field_code)?,
            urgency: join(&self.urgency, &other.urgency)?,
            complexity: join(&self.complexity, &other.complexity)?,
            remote_area: join(&self.remote_area, &other.remote_area)?,
            ..self.clone()
        })
    }
    /// Whether this rule fits every petition that `narrower` fits.
    fn covers(&self, narrower: &Self) -> bool {
        fn within<T: PartialEq>(mine: &Option<T>, other: &Option<T>) -> bool {
            mine.is_none() || mine == other
        }
        within(&self.kind, &narrower.kind)
            && within(&self.instance, &narrower.instance)
            && within(&self.channel, &narrower.channel)
            && within(&self.submitter_type, &narrower.submitter_type)
            && within(&self.field_code, &narrower.field_code)
            && within(&self.urgency, &narrower.urgency)
            && within(&self.complexity, &narrower.complexity)
            && within(&self.remote_area, &narrower.remote_area)
    }
}

impl RuleBook {
    /// A book of these rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }
    /// Every rule, in the order given.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
    /// The version with this id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
    /// The rule that fits closest among those in force on a day: the one with the most selectors.
    ///
    /// Ties are refused on saving (see [`Self::check`]); should one exist, the smaller id wins, so that every process
    /// chooses alike.
    pub fn select(&self, stage: Stage, traits: &Traits, in_force_on: Day) -> Option<&Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.stage == stage && rule.in_force(in_force_on) && rule.matches(traits))
            .min_by_key(|rule| (std::cmp::Reverse(rule.selectors()), &rule.id))
    }
    /// Pairs of rules with equally many selectors that could both be the closest for some petition on some day.
    ///
    /// Two rules that overlap are no tie where a third with more selectors decides the petitions that fit both: remote
    /// and complex complaints each have a rule, and remote complex ones a rule of their own.
    pub fn check(&self) -> Vec<Tie> {
        let mut ties = Vec::new();
        for (position, first) in self.rules.iter().enumerate() {
            for second in self.rules.iter().skip(position + 1) {
                if let Some(on) = self.tie(first, second) {
                    ties.push(Tie { rules: (first.id.clone(), second.id.clone()), on });
                }
            }
        }
        ties
    }

    /// The day on which two rules are undecided (nothing: since ever), or nothing when they never are.
    fn tie(&self, first: &Rule, second: &Rule) -> Option<Option<Day>> {
        if first.stage != second.stage || first.selectors() != second.selectors() {
            return None;
        }
        let shared = first.both(second)?;
        // Who is in force changes on these days only; the earliest representable day stands for "since ever".
        let dates = self.rules.iter().flat_map(|rule| [rule.effective_from, rule.effective_to]).flatten();
        let earliest = Day::new(jiff::civil::Date::MIN);
        let mut days: Vec<Day> = std::iter::once(earliest).chain(dates).collect();
        days.sort();
        let undecided = days.into_iter().find(|day| {
            first.in_force(*day) && second.in_force(*day) && !self.is_decided(first, &shared, *day)
        })?;
        Some((undecided != earliest).then_some(undecided))
    }

    fn is_decided(&self, rule: &Rule, shared: &Rule, on: Day) -> bool {
        self.rules.iter().any(|third| {
            third.stage == rule.stage
                && third.selectors() > rule.selectors()
                && third.in_force(on)
                && third.covers(shared)
        })
    }
}
