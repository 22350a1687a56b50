//! The officials of the demo: six with accounts, and in each agency a handler and a head.

use std::collections::HashMap;

use uuid::Uuid;

use super::agencies::{AGENCIES, Agency, CITY};
use crate::{
    app::{Error, clock::new_id, world::World},
    domain::{
        id::{AgencyId, OfficialId},
        time::Instant,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, agencies,
        people::{self, GrantRow, OfficialRow},
    },
};

/// The password of every demo account; they sign in only while the server runs with `--demo`.
pub(super) const PASSWORD: &str = "kiennghi-demo";
/// Rights of the demo are in force since 2000-01-01T00:00:00Z, so that a sandbox may begin in any later year.
const RIGHTS_SINCE: i64 = 946_684_800_000_000;
/// Officials of the demo have the same ids everywhere, by which a second run finds them.
const FIRST_ID: u128 = 0x0197_c2f4_0000_7000_8000_0000_0000_0000;

/// How far a right reaches.
#[derive(Clone, Copy)]
enum Over {
    Everything,
    City,
    Own,
}

/// An official of the demo, with one right if any.
#[derive(Clone, Copy)]
struct Post {
    key: Who,
    agency: &'static str,
    name: &'static str,
    position: &'static str,
    right: Option<(Role, Over, Visibility)>,
}

/// Whom a story names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// By the name of his account.
    Account(&'static str),
    /// The handler of an agency.
    Handler(&'static str),
    /// The head of an agency.
    Head(&'static str),
    /// An official of phường Bến Gỗ who is denounced, and has no rights here.
    Clerk,
}

/// The people and agencies that are there in the end.
pub(super) struct Cast {
    agencies: HashMap<&'static str, AgencyId>,
    officials: HashMap<Who, OfficialId>,
}

impl Cast {
    /// The agency of a code.
    pub(super) fn agency(&self, code: &'static str) -> Result<AgencyId, Error> {
        let found = self.agencies.get(code).copied();
        found.ok_or_else(|| Error::internal(format!("the demo has no agency {code}")))
    }
    /// An official.
    pub(super) fn official(&self, who: Who) -> Result<OfficialId, Error> {
        let found = self.officials.get(&who).copied();
        found.ok_or_else(|| Error::internal(format!("the demo has nobody as {who:?}")))
    }
}

impl Who {
    /// Who handles at an agency: the account `handler` at his own, the agency's handler elsewhere.
    pub(super) fn handles_at(agency: &'static str) -> Self {
        if agency == "H99.1" { Self::Account("handler") } else { Self::Handler(agency) }
    }
}

const fn account(
    username: &'static str,
    agency: &'static str,
    [name, position]: [&'static str; 2],
    right: (Role, Over, Visibility),
) -> Post {
    Post { key: Who::Account(username), agency, name, position, right: Some(right) }
}

/// The accounts. `handler` comes first of all, so that he is the first of his agency to be listed.
#[rustfmt::skip]
const ACCOUNTS: &[Post] = &[
    account("handler", "H99.1", ["Lê Văn Xử Lý", "Chuyên viên"], (Role::Handler, Over::City, Visibility::PartiesOnly)),
    account("approver", "H99.1", ["Phạm Thị Ký Duyệt", "Phó Chủ tịch Ủy ban nhân dân"], (Role::Approver, Over::City, Visibility::Restricted)),
    account("intake", CITY, ["Trần Thị Tiếp Nhận", "Chuyên viên Ban Tiếp công dân"], (Role::Intake, Over::City, Visibility::Restricted)),
    account("coordinator", CITY, ["Vũ Văn Điều Phối", "Phó Trưởng ban Tiếp công dân"], (Role::Coordinator, Over::Everything, Visibility::Restricted)),
    account("auditor", CITY, ["Đỗ Thị Giám Sát", "Ủy viên Ban Thường trực Mặt trận Tổ quốc"], (Role::Auditor, Over::Everything, Visibility::PartiesOnly)),
    account("admin", CITY, ["Hoàng Văn Quản Trị", "Quản trị viên"], (Role::Admin, Over::Everything, Visibility::PartiesOnly)),
];

fn of_agency(agency: &Agency) -> [Post; 2] {
    let handles = (Role::Handler, Over::Own, Visibility::PartiesOnly);
    let signs = (Role::Approver, Over::Own, Visibility::Restricted);
    [
        Post {
            key: Who::Handler(agency.code),
            agency: agency.code,
            name: agency.handler,
            position: "Chuyên viên",
            right: Some(handles),
        },
        Post {
            key: Who::Head(agency.code),
            agency: agency.code,
            name: agency.head,
            position: agency.head_position,
            right: Some(signs),
        },
    ]
}

/// Everybody, in the order of their ids. Each agency's handler comes before its other people, so that the first one
/// listed may be responsible; new people go to the end, because the place in this list is the id.
fn posts() -> Vec<Post> {
    let (first, others) = ACCOUNTS.split_at(1);
    let clerk = Post {
        key: Who::Clerk,
        agency: "H99.2",
        name: "Sầm Văn Ví Dụ",
        position: "Công chức tiếp nhận hồ sơ",
        right: None,
    };
    let leading = first.iter().copied().chain(AGENCIES.iter().flat_map(of_agency));
    leading.chain(others.iter().copied()).chain([clerk]).collect()
}

/// Adds the officials, heads and rights that are missing. `password_hash` is the one of every new account.
pub(super) fn add(
    tx: &mut AnyConnection,
    world: &World,
    agencies: HashMap<&'static str, AgencyId>,
    password_hash: &str,
) -> Result<Cast, Error> {
    let mut cast = Cast { agencies, officials: HashMap::new() };
    for (number, post) in (1_u128..).zip(posts()) {
        let id = OfficialId::new(Uuid::from_u128(FIRST_ID + number));
        let agency = cast.agency(post.agency)?;
        if people::official(tx, id)?.is_none() {
            let row = official(tx, world, id, agency, &post, password_hash)?;
            people::insert_official(tx, &row)?;
        }
        if let Who::Head(_) = post.key
            && agencies::by_id(tx, agency)?.is_some_and(|row| row.head_official_id.is_none())
        {
            agencies::set_head(tx, agency, Some(id))?;
        }
        if let Some(right) = post.right {
            grant(tx, world, &cast, id, agency, right)?;
        }
        cast.officials.insert(post.key, id);
    }
    Ok(cast)
}

/// The row of a new official. A name somebody else signs in by stays his: then this one has no account.
fn official(
    tx: &mut AnyConnection,
    world: &World,
    id: OfficialId,
    agency_id: AgencyId,
    post: &Post,
    password_hash: &str,
) -> Result<OfficialRow, Error> {
    let username = match post.key {
        Who::Account(name) if people::official_by_username(tx, name)?.is_some() => {
            tracing::warn!(name, "somebody else has the name of this demo account: it is left out");
            None
        }
        Who::Account(name) => Some(name.to_owned()),
        _ => None,
    };
    Ok(OfficialRow {
        id,
        agency_id,
        full_name: post.name.to_owned(),
        position: post.position.to_owned(),
        password_hash: username.as_ref().map(|_| password_hash.to_owned()),
        username,
        demo: true,
        disabled_at: None,
        created_at: world.now,
        email: None,
    })
}

/// Grants a right where it is not in force.
fn grant(
    tx: &mut AnyConnection,
    world: &World,
    cast: &Cast,
    official: OfficialId,
    own: AgencyId,
    (role, over, ceiling): (Role, Over, Visibility),
) -> Result<(), Error> {
    let since = Instant::from_micros(RIGHTS_SINCE).ok_or_else(|| Error::internal("no such instant"))?;
    let held = people::grants_in_force(tx, official, world.now.max(since))?;
    let places = match over {
        Over::Everything => vec![None],
        Over::Own => vec![Some(own)],
        Over::City => tops(tx, cast)?.into_iter().map(Some).collect(),
    };
    for agency_id in places {
        if held.iter().any(|grant| grant.role == role && grant.agency_id == agency_id) {
            continue;
        }
        let row = GrantRow {
            id: new_id(),
            official_id: official,
            role,
            agency_id,
            ceiling,
            valid_from: since,
            valid_to: None,
            created_at: world.now,
        };
        people::insert_grant(tx, &row)?;
    }
    Ok(())
}

/// The city, and the agencies of the demo that were there before and are not below it.
fn tops(tx: &mut AnyConnection, cast: &Cast) -> Result<Vec<AgencyId>, Error> {
    let city = cast.agency(CITY)?;
    let ids: Vec<AgencyId> = cast.agencies.values().copied().collect();
    let lines = agencies::lines(tx, &ids)?;
    let below = |id: &AgencyId| lines.get(id).is_some_and(|line| line.contains(&city));
    let mut tops: Vec<AgencyId> = ids.into_iter().filter(|id| !below(id)).collect();
    tops.sort_unstable();
    tops.insert(0, city);
    Ok(tops)
}
