//! An agency ends in favour of others (LTC 12.3–5; the two tiers since 1 July 2025): who takes what.

use serde::{Deserialize, Serialize};

use super::{
    act::DocumentRef,
    decide::checks::MANY,
    id::{AgencyId, OfficialId, PetitionId},
    refusal::FieldError,
    time::Day,
};

/// How many petitions a plan may name one by one.
pub const NAMED: usize = 1000;

/// How the open petitions of an agency are handed on, as its event keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The first day on which the agency is no more.
    pub effective_on: Day,
    pub basis: DocumentRef,
    pub successors: Vec<Successor>,
    /// Takes what no other successor does.
    pub default_id: AgencyId,
    /// Keeps what was over by then.
    pub heir_id: AgencyId,
}

/// An agency that takes over, who becomes responsible there, and what it takes besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    pub agency_id: AgencyId,
    pub responsible_id: OfficialId,
    /// Petitions about these areas.
    pub areas: Vec<String>,
    /// Petitions of these fields.
    pub fields: Vec<String>,
    /// These very petitions.
    pub petitions: Vec<PetitionId>,
}

/// What decided where a petition goes, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Name,
    Area,
    Field,
    Default,
}

impl By {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "petition",
            Self::Area => "area",
            Self::Field => "field",
            Self::Default => "default",
        }
    }
}

impl Plan {
    /// The one successor that takes a petition: whoever names it, else its area, else its field, else the default.
    /// Nothing only for a plan with faults.
    pub fn place(
        &self,
        petition: Option<PetitionId>,
        area: Option<&str>,
        field: &str,
    ) -> Option<(&Successor, By)> {
        let takes = |one: &Successor, by: By| match by {
            By::Name => petition.is_some_and(|id| one.petitions.contains(&id)),
            By::Area => area.is_some_and(|area| one.areas.iter().any(|own| own == area)),
            By::Field => one.fields.iter().any(|own| own == field),
            By::Default => one.agency_id == self.default_id,
        };
        [By::Name, By::Area, By::Field, By::Default]
            .into_iter()
            .find_map(|by| self.successors.iter().find(|one| takes(one, by)).map(|one| (one, by)))
    }

    /// The successor of an id.
    pub fn successor(&self, agency: AgencyId) -> Option<&Successor> {
        self.successors.iter().find(|one| one.agency_id == agency)
    }

    /// With whom the agency's figures are counted from now on; nothing when it was divided.
    pub fn sole(&self) -> Option<AgencyId> {
        match self.successors.as_slice() {
            [one] => Some(one.agency_id),
            _ => None,
        }
    }

    /// What of the plan contradicts itself; whether agencies and people exist is another question.
    pub fn faults(&self, closing: AgencyId) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.successors.is_empty() || self.successors.len() > MANY {
            faults.push(FieldError::new(
                "/successors",
                "wrong_number",
                format!("Cần từ 1 đến {MANY} cơ quan kế thừa."),
                format!("Name 1 to {MANY} successors."),
            ));
        }
        if self.successor(self.default_id).is_none() {
            faults.push(FieldError::new(
                "/default_successor_id",
                "not_a_successor",
                "Phải là một trong các cơ quan kế thừa.",
                "Must be one of the successors.",
            ));
        }
        for (index, one) in self.successors.iter().enumerate() {
            if one.agency_id == closing {
                faults.push(FieldError::new(
                    format!("/successors/{index}/agency_id"),
                    "itself",
                    "Cơ quan không thể kế thừa chính mình.",
                    "An agency cannot succeed itself.",
                ));
            }
            let named_before =
                self.successors.iter().take(index).any(|other| other.agency_id == one.agency_id);
            if named_before {
                faults.push(twice(format!("/successors/{index}/agency_id")));
            }
        }
        faults.extend(self.claimed_twice("areas", |one| &one.areas));
        faults.extend(self.claimed_twice("fields", |one| &one.fields));
        faults.extend(self.claimed_twice("petitions", |one| &one.petitions));
        if self.successors.iter().map(|one| one.petitions.len()).sum::<usize>() > NAMED {
            faults.push(FieldError::new(
                "/successors",
                "too_many",
                format!("Nêu đích danh tối đa {NAMED} đơn; còn lại phân theo địa bàn hoặc lĩnh vực."),
                format!("Name at most {NAMED} petitions; let area or field decide on the others."),
            ));
        }
        faults
    }

    /// What two successors claim, or one claims twice.
    fn claimed_twice<T: Eq + std::hash::Hash>(
        &self,
        member: &'static str,
        claims: impl Fn(&Successor) -> &Vec<T>,
    ) -> Vec<FieldError> {
        let mut seen = std::collections::HashSet::new();
        let mut faults = Vec::new();
        for (index, one) in self.successors.iter().enumerate() {
            for (place, claim) in claims(one).iter().enumerate() {
                if !seen.insert(claim) {
                    faults.push(twice(format!("/successors/{index}/{member}/{place}")));
                }
            }
        }
        faults
    }
}

fn twice(pointer: String) -> FieldError {
    FieldError::new(
        pointer,
        "twice",
        "Đã nêu ở trên; mỗi thứ chỉ thuộc một cơ quan kế thừa.",
        "Named before; each belongs to one successor.",
    )
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::Id;

    fn id<K>(number: u128) -> Id<K> {
        Id::new(Uuid::from_u128(number))
    }

    fn successor(number: u128, areas: &[&str], fields: &[&str], petitions: &[u128]) -> Successor {
        Successor {
            agency_id: id(number),
            responsible_id: id(number),
            areas: areas.iter().map(|area| (*area).to_owned()).collect(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            petitions: petitions.iter().map(|petition| id(*petition)).collect(),
        }
    }

    fn plan(successors: Vec<Successor>, default: u128) -> Plan {
        Plan {
            effective_on: "2025-07-01".parse().unwrap(),
            basis: DocumentRef {
                number: "1656".to_owned(),
                symbol: "NQ-UBTVQH15".to_owned(),
                issued_on: "2025-06-16".parse().unwrap(),
            },
            successors,
            default_id: id(default),
            heir_id: id(default),
        }
    }

    #[test]
    fn the_stronger_rule_wins() {
        let plan = plan(
            vec![
                successor(1, &["00001"], &["land"], &[]),
                successor(2, &["00002"], &[], &[77]),
                successor(3, &[], &[], &[]),
            ],
            3,
        );
        assert_eq!(plan.faults(id(9)), []);
        let placed = |petition: u128, area, field| {
            let (one, by) = plan.place(Some(id(petition)), area, field).unwrap();
            (one.agency_id, by)
        };
        assert_eq!(placed(77, Some("00001"), "land"), (id(2), By::Name));
        assert_eq!(placed(1, Some("00002"), "land"), (id(2), By::Area));
        assert_eq!(placed(1, Some("00009"), "land"), (id(1), By::Field));
        assert_eq!(placed(1, None, "noise"), (id(3), By::Default));
        assert_eq!(plan.sole(), None);
    }

    #[test]
    fn a_plan_that_contradicts_itself_says_where() {
        let pointers = |plan: &Plan| -> Vec<(String, &'static str)> {
            plan.faults(id(9)).into_iter().map(|fault| (fault.pointer, fault.code)).collect()
        };
        let one = |number| successor(number, &[], &[], &[]);
        assert_eq!(
            pointers(&plan(vec![one(1)], 2)),
            [("/default_successor_id".to_owned(), "not_a_successor")]
        );
        assert_eq!(pointers(&plan(vec![one(9)], 9)), [("/successors/0/agency_id".to_owned(), "itself")]);
        let areas = plan(vec![successor(1, &["00001"], &[], &[5]), successor(2, &["00001"], &[], &[5])], 1);
        assert_eq!(
            pointers(&areas),
            [
                ("/successors/1/areas/0".to_owned(), "twice"),
                ("/successors/1/petitions/0".to_owned(), "twice")
            ]
        );
        assert_eq!(
            pointers(&plan(vec![one(1), one(1)], 1)),
            [("/successors/1/agency_id".to_owned(), "twice")]
        );
        assert_eq!(pointers(&plan(vec![], 1)).len(), 2);
    }

    proptest! {
        /// A sound plan gives each petition to exactly one successor, the same each time.
        #[test]
        fn each_petition_has_one_place(
            claims in vec((0u128..6, 0usize..3, 0usize..8), 0..12),
            petitions in vec((0u128..8, proptest::option::of(0usize..8), 0usize..8), 1..30),
        ) {
            let mut all: Vec<Successor> = (0..6).map(|number| successor(number, &[], &[], &[])).collect();
            for (who, kind, what) in claims {
                let one = &mut all[who as usize];
                match kind {
                    0 => one.areas.push(what.to_string()),
                    1 => one.fields.push(what.to_string()),
                    _ => one.petitions.push(id(what as u128)),
                }
            }
            let plan = plan(all, 5);
            for (petition, area, field) in petitions {
                let area = area.map(|area| area.to_string());
                let place = || plan.place(Some(id(petition)), area.as_deref(), &field.to_string());
                let (one, _) = place().unwrap();
                prop_assert!(plan.successor(one.agency_id).is_some());
                prop_assert_eq!(place().unwrap().0.agency_id, one.agency_id);
            }
        }
    }
}
