//! What administrators may do and where: nothing beyond their own subtree, nothing for themselves.

use std::collections::HashMap;

use super::{
    access::{Person, Right},
    id::{AgencyId, OfficialId},
    refusal::{FieldError, Refusal, Words},
    vocabulary::{Role, Visibility},
};

/// Longest username, in characters.
pub const USERNAME: usize = 64;

/// How far somebody administers.
#[derive(Debug, Clone)]
pub struct Reach(Vec<Right>);

impl Reach {
    /// The reach of a person; refuses who administers nothing.
    pub fn of(person: &Person) -> Result<Self, Refusal> {
        let rights: Vec<Right> =
            person.rights.iter().filter(|right| right.role == Role::Admin).cloned().collect();
        if rights.is_empty() {
            return Err(Refusal::Forbidden(Words::new(
                "Việc này thuộc về quản trị.",
                "This is for administrators.",
            )));
        }
        Ok(Self(rights))
    }

    /// Whether an agency with this line to the top is within reach; without a line, the whole installation.
    pub fn over(&self, line: Option<&[AgencyId]>) -> bool {
        self.0.iter().any(|right| reaches(right, line))
    }

    /// As [`Reach::over`], for rights up to a visibility: nobody hands on more than he was given.
    pub fn up_to(&self, line: Option<&[AgencyId]>, ceiling: Visibility) -> bool {
        self.0.iter().any(|right| reaches(right, line) && right.ceiling >= ceiling)
    }

    /// Refuses what is beyond reach.
    pub fn require(&self, line: Option<&[AgencyId]>) -> Result<(), Refusal> {
        if self.over(line) { Ok(()) } else { Err(beyond_reach()) }
    }
}

fn reaches(right: &Right, line: Option<&[AgencyId]>) -> bool {
    right.agency.is_none_or(|agency| line.is_some_and(|line| line.contains(&agency)))
}

/// The refusal of what another administrator must do.
pub fn beyond_reach() -> Refusal {
    Refusal::Forbidden(Words::new(
        "Ngoài phạm vi quản trị của bạn: việc này do người quản trị cấp trên làm.",
        "Beyond what you administer: an administrator above you can do this.",
    ))
}

/// Nobody grants himself anything, takes his own rights away, or locks himself out.
pub fn not_for_oneself(person: &Person, subject: OfficialId) -> Result<(), Refusal> {
    if person.official != subject {
        return Ok(());
    }
    Err(Refusal::guard(
        "own_account",
        "Không ai tự cấp hoặc tự thu hồi quyền, tự khóa hay tự đặt lại mật khẩu cho mình; nhờ người quản trị khác.",
        "Nobody grants or revokes his own rights, or disables or resets his own account; ask another administrator.",
    ))
}

/// A code of ours: small letters, digits, hyphens and underscores.
pub fn check_code(pointer: &str, code: &str) -> Option<FieldError> {
    let mark = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    let sound = (1..=64).contains(&code.len()) && code.bytes().all(mark);
    (!sound).then(|| {
        FieldError::new(
            pointer,
            "not_a_code",
            "Mã gồm chữ thường không dấu, chữ số, gạch nối và gạch dưới, tối đa 64 ký tự.",
            "A code is small ASCII letters, digits, hyphen and underscore, at most 64 characters.",
        )
    })
}

/// A name to sign in by: small letters, so that a phone's capital does not make it another name; no blanks.
pub fn check_username(pointer: &str, name: &str) -> Option<FieldError> {
    let sound = (1..=USERNAME).contains(&name.chars().count())
        && name == folded_username(name)
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@'));
    (!sound).then(|| {
        FieldError::new(
            pointer,
            "not_a_username",
            format!("Tên đăng nhập gồm chữ thường, chữ số và . _ - @, tối đa {USERNAME} ký tự."),
            format!("A username is small letters, digits and . _ - @, at most {USERNAME} characters."),
        )
    })
}

/// A name as it is stored: composed (NFC) and in small letters.
pub fn folded_username(name: &str) -> String {
    super::prose::normalised(&name.to_lowercase())
}

/// For each agency that petitions come to, and each role that watches over them, the strictest visibility held.
pub type Watch = HashMap<(AgencyId, Role), Visibility>;

/// The first agency that a change would leave without somebody who receives or coordinates as strict petitions as
/// before (design §3, Roles).
pub fn first_unwatched(before: &Watch, after: &Watch) -> Option<(AgencyId, Role)> {
    let lost = before.iter().filter(|(post, ceiling)| after.get(post).is_none_or(|left| left < ceiling));
    lost.map(|(post, _)| *post).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Id;

    fn agency(number: u128) -> AgencyId {
        Id::new(uuid::Uuid::from_u128(number))
    }

    fn admin(rights: &[(Option<AgencyId>, Visibility)]) -> Person {
        let right = |(agency, ceiling): &(Option<AgencyId>, Visibility)| Right {
            role: Role::Admin,
            agency: *agency,
            ceiling: *ceiling,
        };
        Person {
            official: Id::new(uuid::Uuid::from_u128(7)),
            agency: agency(1),
            position: String::new(),
            rights: rights.iter().map(right).collect(),
        }
    }

    #[test]
    fn a_subtree_reaches_neither_up_nor_sideways() {
        let reach = Reach::of(&admin(&[(Some(agency(2)), Visibility::PartiesOnly)])).unwrap();
        assert!(
            reach.over(Some(&[agency(2), agency(1)])) && reach.over(Some(&[agency(3), agency(2), agency(1)]))
        );
        for beyond in [None, Some(&[agency(1)][..]), Some(&[agency(4), agency(1)]), Some(&[])] {
            assert!(!reach.over(beyond), "{beyond:?}");
        }
        assert!(reach.up_to(Some(&[agency(2)]), Visibility::PartiesOnly));
        assert!(!reach.up_to(Some(&[agency(2)]), Visibility::Restricted), "no more than he was given");
        assert!(Reach::of(&admin(&[])).is_err());
        assert!(Reach::of(&admin(&[(None, Visibility::Restricted)])).unwrap().over(None));
    }

    #[test]
    fn usernames_are_small_and_composed() {
        for sound in ["an", "le.van-an_2", "an@xa.gov.vn", "đặng"] {
            assert_eq!(check_username("", sound), None, "{sound}");
        }
        for wrong in ["", "An", "a b", "a\u{0}", "an\n", "a\u{302}\u{301}", &"a".repeat(65)] {
            assert!(check_username("", wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn a_weaker_watch_is_a_loss() {
        let post = (agency(2), Role::Intake);
        let watch = |ceiling| Watch::from([(post, ceiling)]);
        let (strict, open) = (watch(Visibility::Restricted), watch(Visibility::PartiesOnly));
        assert_eq!(first_unwatched(&strict, &open), Some(post));
        assert_eq!(first_unwatched(&strict, &Watch::new()), Some(post));
        assert_eq!(first_unwatched(&open, &strict), None);
        assert_eq!(first_unwatched(&Watch::new(), &Watch::new()), None);
    }
}
