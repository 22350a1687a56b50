//! The functions of the store, table by table, on both databases.

use kiennghi::{
    domain::{
        id::{AgencyId, Id, OfficialId},
        time::Instant,
        vocabulary::{Level, Role, Visibility},
    },
    store::{
        AnyConnection, Json, StoreError, Together,
        agencies::{self, AgencyName, NewAgency},
        calendar,
        idempotency::{self, IdempotencyRow, Scope},
        keys::{self, SigningKeyRow},
        meta,
        people::{self, GrantRow, OfficialRow},
        reference::{self, FieldRow},
    },
};

use crate::support::{Case, TestDb, cases};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        settings_are_set_and_changed,
        agencies_form_a_tree,
        officials_hold_grants_for_a_time,
        requests_are_remembered_for_a_time,
        signing_keys_are_listed,
        fields_are_listed,
    ]
}

fn id<K>(number: u128) -> Id<K> {
    Id::new(uuid::Uuid::from_u128(number))
}

fn at(micros: i64) -> Instant {
    Instant::from_micros(micros).unwrap()
}

fn agency(number: u128, code: &str, parent: Option<u128>) -> NewAgency {
    NewAgency {
        id: id(number),
        code: code.to_owned(),
        identifier: None,
        name: format!("Ủy ban {code}"),
        level: Some(Level::Commune),
        parent_id: parent.map(id),
        serves_area: Some(format!("area-{code}")),
        is_default: number == 1,
        valid_from: None,
        created_at: at(0),
    }
}

fn official(number: u128, username: Option<&str>) -> OfficialRow {
    OfficialRow {
        id: id(number),
        agency_id: id(1),
        full_name: "Nguyễn Văn A".to_owned(),
        position: "Chuyên viên".to_owned(),
        username: username.map(str::to_owned),
        password_hash: None,
        demo: false,
        disabled_at: None,
        created_at: at(0),
        email: None,
    }
}

async fn settings_are_set_and_changed(db: TestDb) {
    let write = |c: &mut AnyConnection| -> Result<[Option<String>; 3], StoreError> {
        let absent = meta::get(c, "stamp")?;
        meta::set(c, "stamp", "sandbox")?;
        let made = meta::get(c, "stamp")?;
        meta::set(c, "stamp", "production")?;
        Ok([absent, made, meta::get(c, "stamp")?])
    };
    let values = db.open().write(write).await.unwrap();
    assert_eq!(values, [None, Some("sandbox".to_owned()), Some("production".to_owned())]);
}

async fn agencies_form_a_tree(db: TestDb) {
    let write = |c: &mut AnyConnection| -> Result<(), StoreError> {
        let rows = [
            agency(1, "H29", None),
            agency(3, "H29.b", Some(1)),
            agency(2, "H29.C", Some(1)),
            agency(4, "H29.b.1", Some(3)),
        ];
        rows.iter().try_for_each(|row| agencies::insert(c, row))?;

        let mut below: Vec<AgencyId> = agencies::descendants(c, id(1))?;
        below.sort();
        assert_eq!(below, [1, 2, 3, 4].map(id));
        assert_eq!(agencies::descendants(c, id(4))?, [id(4)]);

        let codes = |rows: Vec<agencies::AgencyRow>| -> Vec<String> {
            rows.into_iter().map(|row| row.code).collect()
        };
        assert_eq!(codes(agencies::children(c, None, None, 10)?), ["H29"]);
        assert_eq!(
            codes(agencies::children(c, Some(id(1)), None, 10)?),
            ["H29.C", "H29.b"],
            "by bytes on both"
        );
        assert_eq!(codes(agencies::children(c, Some(id(1)), None, 1)?), ["H29.C"]);
        assert_eq!(codes(agencies::children(c, Some(id(1)), Some("H29.C"), 1)?), ["H29.b"]);

        let found = agencies::by_code(c, "H29.b.1")?.unwrap();
        assert_eq!((found.id, found.parent_id, found.level), (id(4), Some(id(3)), Some(Level::Commune)));
        assert_eq!(agencies::by_id(c, id(4))?, Some(found));
        assert_eq!(agencies::by_code(c, "H30")?, None);
        assert_eq!(agencies::serving(c, "area-H29.C")?.unwrap().id, id(2));
        assert_eq!(agencies::default(c)?.unwrap().id, id(1));

        let names = agencies::names(c, &[id(2), id(9)])?;
        let name = AgencyName { code: "H29.C".to_owned(), name: "Ủy ban H29.C".to_owned() };
        assert_eq!(names, [(id(2), name)].into());
        assert_eq!(agencies::names(c, &[])?, [].into());

        let twin = c.savepoint(|c| agencies::insert(c, &agency(5, "H29.C", None)));
        assert_eq!(twin, Err(StoreError::Unique));
        let orphan = c.savepoint(|c| agencies::insert(c, &agency(6, "H29.D", Some(9))));
        assert_eq!(orphan, Err(StoreError::ForeignKey));
        Ok(())
    };
    db.open().write(write).await.unwrap();
}

async fn officials_hold_grants_for_a_time(db: TestDb) {
    let write = |c: &mut AnyConnection| -> Result<(), StoreError> {
        agencies::insert(c, &agency(1, "H29", None))?;
        people::insert_official(c, &official(11, Some("handler")))?;
        people::insert_official(c, &official(12, None))?;
        agencies::set_head(c, id(1), Some(id(12)))?;
        assert_eq!(agencies::by_id(c, id(1))?.unwrap().head_official_id, Some(id(12)));
        assert_eq!(agencies::set_head(c, id(9), None), Err(StoreError::NotFound));
        assert_eq!(people::official_by_username(c, "handler")?, people::official(c, id(11))?);
        assert_eq!(people::official_by_username(c, "nobody")?, None);
        let twin = c.savepoint(|c| people::insert_official(c, &official(13, Some("handler"))));
        assert_eq!(twin, Err(StoreError::Unique));

        let ids =
            |rows: Vec<OfficialRow>| -> Vec<OfficialId> { rows.into_iter().map(|row| row.id).collect() };
        assert_eq!(ids(people::officials_of(c, id(1), None, 1)?), [id(11)]);
        assert_eq!(ids(people::officials_of(c, id(1), Some(id(11)), 9)?), [id(12)]);

        let grant = |number: u128, from: i64, to: Option<i64>| GrantRow {
            id: id(number),
            official_id: id(11),
            role: Role::Handler,
            agency_id: None,
            ceiling: Visibility::PartiesOnly,
            valid_from: at(from),
            valid_to: to.map(at),
            created_at: at(0),
        };
        [grant(21, 10, Some(20)), grant(22, 15, None)]
            .iter()
            .try_for_each(|row| people::insert_grant(c, row))?;
        let mut in_force = |instant: i64| -> Result<Vec<u128>, StoreError> {
            let rows = people::grants_in_force(c, id(11), at(instant))?;
            Ok(rows.iter().map(|row| row.id.uuid().as_u128()).collect())
        };
        assert_eq!(
            [in_force(9)?, in_force(10)?, in_force(15)?, in_force(20)?],
            [vec![], vec![21], vec![21, 22], vec![22]]
        );
        Ok(())
    };
    db.open().write(write).await.unwrap();
}

async fn requests_are_remembered_for_a_time(db: TestDb) {
    let write = |c: &mut AnyConnection| -> Result<(), StoreError> {
        let record = IdempotencyRow {
            caller: "official".to_owned(),
            method: "POST".to_owned(),
            route: "/v1/petitions".to_owned(),
            key: "k".to_owned(),
            fingerprint: vec![0, 255],
            status: 201,
            subject_id: Some(id(1)),
            sequence: Some(1),
            body: Some(Json(serde_json::json!({"code": "KN-1"}))),
            created_at: at(10),
        };
        let scope = Scope { caller: "official", method: "POST", route: "/v1/petitions", key: "k" };
        assert_eq!(idempotency::find(c, scope)?, None);
        let save = |c: &mut AnyConnection| {
            let mut together = Together::default();
            idempotency::insert(&mut together, &record);
            together.send(c)
        };
        save(c)?;
        assert_eq!(idempotency::find(c, scope)?.as_ref(), Some(&record));
        assert_eq!(idempotency::find(c, Scope { caller: "other", ..scope })?, None);
        assert_eq!(c.savepoint(|c| save(c)), Err(StoreError::Unique));
        assert_eq!([idempotency::delete_before(c, at(10))?, idempotency::delete_before(c, at(11))?], [0, 1]);
        Ok(())
    };
    db.open().write(write).await.unwrap();
}

async fn signing_keys_are_listed(db: TestDb) {
    let write = |c: &mut AnyConnection| -> Result<Vec<String>, StoreError> {
        for (kid, created) in [("old", 1), ("new", 2)] {
            keys::insert(
                c,
                &SigningKeyRow {
                    kid: kid.to_owned(),
                    algorithm: "ES256".to_owned(),
                    sealed_private: vec![1, 2, 3],
                    public_pem: "pem".to_owned(),
                    created_at: at(created),
                    retired_at: None,
                    signs_from: None,
                },
            )?;
        }
        Ok(keys::list(c)?.into_iter().map(|key| key.kid).collect())
    };
    assert_eq!(db.open().write(write).await.unwrap(), ["new", "old"]);
}

async fn fields_are_listed(db: TestDb) {
    let write = |c: &mut AnyConnection| -> Result<(), StoreError> {
        let row = FieldRow {
            code: "zz-test".to_owned(),
            name_vi: "Thử".to_owned(),
            name_en: "Test".to_owned(),
            provenance: "native".to_owned(),
            created_at: at(0),
            active: true,
        };
        reference::insert_field(c, &row)?;
        assert_eq!(reference::field(c, "zz-test")?.as_ref(), Some(&row));
        assert_eq!(reference::field(c, "none")?, None);
        assert_eq!(reference::fields(c)?.last(), Some(&row));
        // What the reference data says is another test's business; here the rows can be read.
        calendar::versions(c)?;
        calendar::sayings(c)?;
        reference::deadline_rules(c)?;
        Ok(())
    };
    db.open().write(write).await.unwrap();
}
