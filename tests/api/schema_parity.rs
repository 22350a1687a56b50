//! Both databases hold the same tables, and the program's picture of them is true.

use std::{collections::BTreeSet, path::Path};

use diesel::{
    QueryDsl, RunQueryDsl, Table, connection::SimpleConnection, debug_query, query_builder::AsQuery,
    sql_query, sql_types::Text, sqlite::Sqlite,
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use kiennghi::{
    domain::vocabulary::{
        Anchor, Assurance, Basis, Channel, Code, Complexity, Confidence, DayKind, DeliveryMethod,
        ExportFormat, ExportState, Kind, Level, LinkKind, NotificationKind, OnSupplement, Outcome,
        Provenance, ReminderLevel, Role, Satisfaction, Stage, StartEvent, State, SubmitterType, Unit,
        Urgency, Visibility,
    },
    store::{AnyConnection, Db, StoreError, schema},
};

use crate::support::{Case, Database, TestDb, cases, once, postgres};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = cases![
        columns_are_as_the_program_sees_them,
        vocabularies_are_those_of_the_domain,
        migrations_go_down_and_up_again,
        several_processes_may_migrate_at_once,
    ];
    cases.extend(once![migrations_have_the_same_names, keys_and_indexes_are_the_same]);
    cases
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Reads lines of text by a query of each database's own catalogue.
fn lines(db: &Db, sqlite: &str, postgres: &str) -> BTreeSet<String> {
    let read = |connection: &mut AnyConnection| -> Result<Vec<Line>, StoreError> {
        let query = match connection {
            AnyConnection::Sqlite(_) => sqlite,
            AnyConnection::Postgres(_) => postgres,
        };
        Ok(sql_query(query).load(connection)?)
    };
    db.read_now(read).unwrap().into_iter().map(|line| line.line).collect()
}

/// For each table of the schema: its columns as SQL and their types as Rust names them.
macro_rules! tables {
    ($($table:ident),+ $(,)?) => {
        vec![$((
            stringify!($table),
            debug_query::<Sqlite, _>(&schema::$table::table.select(<schema::$table::table as Table>::all_columns()))
                .to_string(),
            std::any::type_name::<<schema::$table::table as AsQuery>::SqlType>(),
        )),+]
    };
}

fn pictured(database: Database) -> BTreeSet<String> {
    let tables = tables![
        account,
        agency,
        agency_closure,
        agency_line,
        agency_succession,
        agency_version,
        assignment,
        attestation_key,
        calendar_coverage,
        calendar_entry,
        calendar_move,
        calendar_version,
        clock_span,
        commitment,
        deadline_rule,
        delivery,
        document,
        escalation,
        event,
        event_text,
        export,
        external_ref,
        field,
        frozen_petition,
        frozen_report,
        grant_of_role,
        guess,
        idempotency_record,
        mail_outbox,
        meta,
        notification,
        office_hours,
        official,
        oidc_authorization,
        outside_identity,
        personal_data_read,
        petition,
        petition_account,
        petition_detail,
        petition_link,
        petition_reminder,
        petition_span,
        rate_limit,
        rating,
        refresh_token,
        reminder_threshold,
        reply_fingerprint,
        reply_revision,
        session,
        signing_key,
        submitter,
        succession,
        succession_move,
        urging,
    ];
    let mut lines = BTreeSet::new();
    for (table, sql, types) in tables {
        let columns = sql.split('`').skip(3).step_by(4).take(sql.matches("`.`").count());
        let types: Vec<&str> = types.trim_matches(['(', ')']).split(", ").collect();
        assert_eq!(columns.clone().count(), types.len(), "{table}: {sql}");
        for (column, type_name) in columns.zip(types) {
            let nullable = type_name.contains("Nullable<");
            let short = type_name.trim_end_matches('>').rsplit("::").next().unwrap();
            let native = native_type(short, database);
            lines.insert(format!("{table}.{column} {native} {}", if nullable { "null" } else { "not null" }));
        }
    }
    lines
}

fn native_type(short: &str, database: Database) -> &'static str {
    let (sqlite, postgres) = match short {
        "Id" => ("BLOB", "uuid"),
        "Instant" => ("INTEGER", "timestamp with time zone"),
        "Day" => ("TEXT", "date"),
        "Json" => ("TEXT", "jsonb"),
        "Bool" => ("INTEGER", "boolean"),
        "Integer" => ("INTEGER", "integer"),
        "BigInt" => ("INTEGER", "bigint"),
        "Text" => ("TEXT", "text"),
        "Double" => ("REAL", "double precision"),
        "Binary" => ("BLOB", "bytea"),
        other => panic!("the type {other} is new"),
    };
    if database == Database::Sqlite { sqlite } else { postgres }
}

async fn columns_are_as_the_program_sees_them(db: TestDb) {
    let found = lines(
        &db.open(),
        "SELECT m.name || '.' || c.name || ' ' || c.type || iif(c.\"notnull\", ' not null', ' null') AS line
         FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
        "SELECT table_name || '.' || column_name || ' ' || data_type
           || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE ' null' END AS line
         FROM information_schema.columns WHERE table_schema = 'public'",
    );
    let vocabularies: Vec<String> =
        vocabularies().iter().map(|(table, _)| format!("{table}.code ")).collect();
    let of_the_program = |line: &String| {
        !line.starts_with("__diesel") && !vocabularies.iter().any(|vocabulary| line.starts_with(vocabulary))
    };
    let found: BTreeSet<String> = found.into_iter().filter(of_the_program).collect();
    let pictured = pictured(db.database);
    assert_eq!(
        found.difference(&pictured).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "only in the database"
    );
    assert_eq!(pictured.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "only in schema.rs");
}

/// Every vocabulary that is a table, with the codes of the domain.
fn vocabularies() -> Vec<(&'static str, BTreeSet<String>)> {
    fn codes<C: Code>() -> BTreeSet<String> {
        C::ALL.iter().map(|code| code.as_str().to_owned()).collect()
    }
    vec![
        ("anchor", codes::<Anchor>()),
        ("assurance", codes::<Assurance>()),
        ("basis", codes::<Basis>()),
        ("channel", codes::<Channel>()),
        ("complexity", codes::<Complexity>()),
        ("confidence", codes::<Confidence>()),
        ("day_kind", codes::<DayKind>()),
        ("export_format", codes::<ExportFormat>()),
        ("export_state", codes::<ExportState>()),
        ("kind", codes::<Kind>()),
        ("level", codes::<Level>()),
        ("link_kind", codes::<LinkKind>()),
        ("notification_kind", codes::<NotificationKind>()),
        ("on_supplement", codes::<OnSupplement>()),
        ("outcome", codes::<Outcome>()),
        ("provenance", codes::<Provenance>()),
        ("reminder_level", codes::<ReminderLevel>()),
        ("role", codes::<Role>()),
        ("satisfaction", codes::<Satisfaction>()),
        ("delivery_method", codes::<DeliveryMethod>()),
        ("stage", codes::<Stage>()),
        ("start_event", codes::<StartEvent>()),
        ("state", codes::<State>()),
        ("submitter_type", codes::<SubmitterType>()),
        ("unit", codes::<Unit>()),
        ("urgency", codes::<Urgency>()),
        ("visibility", codes::<Visibility>()),
    ]
}

async fn vocabularies_are_those_of_the_domain(db: TestDb) {
    let open = db.open();
    for (table, codes) in vocabularies() {
        let query = format!("SELECT code AS line FROM {table}");
        assert_eq!(lines(&open, &query, &query), codes, "{table}");
    }
}

/// A database without our tables, and with them again.
async fn migrations_go_down_and_up_again(db: TestDb) {
    let open = db.open();
    let folder = folder(match db.database {
        Database::Sqlite => "sqlite",
        Database::Postgres => "postgres",
    });
    let before = shape(&open);
    let down = move |connection: &mut AnyConnection| -> Result<(), StoreError> {
        let migrations = FileBasedMigrations::from_path(folder.clone()).unwrap();
        connection.revert_all_migrations(migrations).unwrap();
        Ok(())
    };
    open.write_now(down).unwrap();
    assert_eq!(shape(&open), BTreeSet::new());
    open.migrate().unwrap();
    assert_eq!(shape(&open), before);
}

async fn several_processes_may_migrate_at_once(db: TestDb) {
    let empty = TestDb::empty(db.database);
    std::thread::scope(|scope| {
        let migrate = || empty.open().migrate();
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(migrate)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
    });
    assert_eq!(shape(&empty.open()), shape(&db.open()));
}

fn folder(database: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database)
}

fn migrations_have_the_same_names() {
    let names = |database: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder(database)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

fn keys_and_indexes_are_the_same() {
    let sqlite = TestDb::new(Database::Sqlite);
    let found = shape(&sqlite.open());
    assert!(found.contains("petition.intake_agency_id -> agency.id"), "{found:#?}");
    if postgres::is_running() {
        let postgres = shape(&TestDb::new(Database::Postgres).open());
        assert_eq!(found.difference(&postgres).collect::<Vec<_>>(), Vec::<&String>::new(), "only on SQLite");
        assert_eq!(
            postgres.difference(&found).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "only on PostgreSQL"
        );
    }
}

/// Primary keys, foreign keys, unique constraints and indexes in words that both databases can say.
fn shape(db: &Db) -> BTreeSet<String> {
    let all = lines(
        db,
        "SELECT m.name || ' key ' || group_concat(c.name, ',' ORDER BY c.pk) AS line
         FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.pk > 0 GROUP BY m.name
         UNION ALL
         SELECT m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\"
         FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
         UNION ALL
         SELECT m.name || iif(i.\"unique\", ' unique ', ' index ') || group_concat(c.name, ',' ORDER BY c.seqno)
           || iif(i.partial, ' partial', '')
         FROM sqlite_schema m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c
         WHERE m.type = 'table' AND i.origin <> 'pk' GROUP BY m.name, i.name",
        "SELECT c.conrelid::regclass || '.' || a.attname || ' -> ' || c.confrelid::regclass || '.' || b.attname AS line
         FROM pg_constraint c
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
         WHERE c.contype = 'f'
         UNION ALL
         SELECT i.indrelid::regclass
           || CASE WHEN i.indisprimary THEN ' key ' WHEN i.indisunique THEN ' unique ' ELSE ' index ' END
           || (SELECT string_agg(a.attname, ',' ORDER BY k.place)
               FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)
           || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
         WHERE t.relnamespace = 'public'::regnamespace",
    );
    all.into_iter().filter(|line| !line.starts_with("__diesel")).collect()
}

/// Runs statements that no table of ours needs to know about.
pub(crate) fn execute(db: &Db, statements: &'static str) {
    let run = move |connection: &mut AnyConnection| -> Result<(), StoreError> {
        Ok(connection.batch_execute(statements)?)
    };
    db.write_now(run).unwrap();
}
