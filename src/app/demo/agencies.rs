//! The agencies of the invented city Lam Giang, two tiers as since 1 July 2025.

use std::collections::HashMap;

use jiff::civil::date;

use crate::{
    app::{Error, clock::new_id, world::World},
    domain::{id::AgencyId, time::Day, vocabulary::Level},
    store::{
        AnyConnection,
        agencies::{self, NewAgency},
    },
};

/// The code of the city, above everything else.
pub(super) const CITY: &str = "H99";
/// Communes and their units exist since the two tiers do (Luật 72/2025/QH15).
const TWO_TIERS: Day = Day::new(date(2025, 7, 1));

/// An agency of the demo.
pub(super) struct Agency {
    pub(super) code: &'static str,
    name: &'static str,
    level: Level,
    parent: Option<&'static str>,
    serves_area: Option<&'static str>,
    valid_from: Option<Day>,
    /// Its handler, and its head with the title he has; all invented after the place.
    pub(super) handler: &'static str,
    pub(super) head: &'static str,
    pub(super) head_position: &'static str,
}

const fn commune(code: &'static str, area: &'static str, names: [&'static str; 3]) -> Agency {
    let [name, handler, head] = names;
    Agency {
        code,
        name,
        level: Level::Commune,
        parent: Some(CITY),
        serves_area: Some(area),
        valid_from: Some(TWO_TIERS),
        handler,
        head,
        head_position: "Chủ tịch Ủy ban nhân dân",
    }
}

const fn department(code: &'static str, names: [&'static str; 3], head_position: &'static str) -> Agency {
    let [name, handler, head] = names;
    Agency {
        code,
        name,
        level: Level::Department,
        parent: Some(CITY),
        serves_area: None,
        valid_from: None,
        handler,
        head,
        head_position,
    }
}

/// Every agency, parents first.
#[rustfmt::skip]
pub(super) const AGENCIES: &[Agency] = &[
    Agency {
        code: CITY, name: "Ủy ban nhân dân thành phố Lam Giang", level: Level::Province, parent: None,
        serves_area: Some("99"), valid_from: None, handler: "Ngô Thị Lam Giang", head: "Dương Văn Lam Giang",
        head_position: "Chủ tịch Ủy ban nhân dân thành phố",
    },
    commune("H99.1", "99001", ["Ủy ban nhân dân phường Sông Tràm", "Đặng Thị Sông Tràm", "Bùi Văn Sông Tràm"]),
    commune("H99.2", "99002", ["Ủy ban nhân dân phường Bến Gỗ", "Hồ Thị Bến Gỗ", "Lý Văn Bến Gỗ"]),
    commune("H99.3", "99003", ["Ủy ban nhân dân xã Đồng Mây", "Mai Thị Đồng Mây", "Tạ Văn Đồng Mây"]),
    commune("H99.4", "99004", ["Ủy ban nhân dân xã vùng cao Nậm Sương", "Lò Thị Nậm Sương", "Vàng Văn Nậm Sương"]),
    department("H99.11", ["Sở Xây dựng thành phố Lam Giang", "Cao Thị Xây Dựng", "Đinh Văn Xây Dựng"], "Giám đốc Sở"),
    department("H99.12", ["Sở Tư pháp thành phố Lam Giang", "Chu Thị Tư Pháp", "Phan Văn Tư Pháp"], "Giám đốc Sở"),
    department("H99.13", ["Sở Giáo dục và Đào tạo thành phố Lam Giang", "Thái Thị Giáo Dục", "Trịnh Văn Giáo Dục"], "Giám đốc Sở"),
    department("H99.14", ["Thanh tra thành phố Lam Giang", "Quách Thị Thanh Tra", "Kiều Văn Thanh Tra"], "Chánh Thanh tra"),
    Agency {
        code: "H99.1.1", name: "Công an phường Sông Tràm", level: Level::Unit, parent: Some("H99.1"),
        serves_area: None, valid_from: Some(TWO_TIERS), handler: "La Thị Công An", head: "Tống Văn Công An",
        head_position: "Trưởng Công an phường",
    },
];

/// Adds the agencies whose codes nobody has; the ids of all of them by code.
pub(super) fn add(tx: &mut AnyConnection, world: &World) -> Result<HashMap<&'static str, AgencyId>, Error> {
    let mut ids = HashMap::new();
    for agency in AGENCIES {
        let id = match agencies::by_any_code(tx, agency.code)? {
            Some(row) => row.id,
            None => {
                let id = new_id();
                let parent_id = agency.parent.and_then(|code| ids.get(code)).copied();
                let is_default = agency.code == CITY && agencies::default(tx)?.is_none();
                let new = NewAgency {
                    id,
                    code: agency.code.to_owned(),
                    identifier: None,
                    name: agency.name.to_owned(),
                    level: Some(agency.level),
                    parent_id,
                    serves_area: agency.serves_area.map(str::to_owned),
                    is_default,
                    valid_from: agency.valid_from,
                    created_at: world.now,
                };
                agencies::insert(tx, &new)?;
                id
            }
        };
        ids.insert(agency.code, id);
    }
    Ok(ids)
}
