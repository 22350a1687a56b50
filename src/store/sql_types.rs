//! How the types of the domain are stored: native types on PostgreSQL, the smallest form that keeps their order
//! on SQLite. The domain itself knows nothing of this.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    internal::derives::as_expression::Bound,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{self as st, BigInt, HasSqlType, Integer, Nullable, SingleValue, SqlOrd, Text},
    sqlite::{Sqlite, SqliteValue},
};
use uuid::Uuid;

use super::connection::{MultiBackend, MultiRawValue};
use crate::domain::{
    id::Id,
    time::{Day, Instant},
    vocabulary::{
        Action, Anchor, Assurance, Basis, Channel, Code, Complexity, ComplexityCriterion, Confidence,
        DayKind, DeliveryMethod, ExportFormat, ExportState, Ground, Kind, Level, LinkKind, NotificationKind,
        OnSupplement, Outcome, Provenance, PublicStatus, ReminderLevel, Role, Satisfaction, Stage,
        StartEvent, State, SubmitterType, SuspensionGround, TerminationGround, Timeliness, Unit, Urgency,
        Visibility,
    },
};

/// The column types that diesel does not know on both databases.
pub mod sql {
    use diesel::{query_builder::QueryId, sql_types::SqlType};

    /// `uuid` on PostgreSQL, a BLOB of 16 bytes on SQLite.
    #[derive(SqlType, QueryId, Debug, Clone, Copy, Default)]
    #[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
    pub struct Id;

    /// `timestamptz` on PostgreSQL, an INTEGER of microseconds since 1970 (UTC) on SQLite.
    #[derive(SqlType, QueryId, Debug, Clone, Copy, Default)]
    #[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
    pub struct Instant;

    /// `date` on PostgreSQL, ISO 8601 TEXT on SQLite; a civil day of the configured zone.
    #[derive(SqlType, QueryId, Debug, Clone, Copy, Default)]
    #[diesel(postgres_type(oid = 1082, array_oid = 1182), sqlite_type(name = "Text"))]
    pub struct Day;

    /// `jsonb` on PostgreSQL, TEXT on SQLite.
    #[derive(SqlType, QueryId, Debug, Clone, Copy, Default)]
    #[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
    pub struct Json;
}

impl SqlOrd for sql::Instant {}
impl SqlOrd for sql::Day {}

/// A JSON value in a column; PostgreSQL keeps its meaning, not its spelling (order of keys, white space).
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub serde_json::Value);

/// What `#[derive(AsExpression, FromSqlRow)]` would write, for types that must not know diesel.
macro_rules! value {
    ($sql:ty => $rust:ty $(, $kind:ident)?) => {
        value!(@bind $sql, $sql => $rust $(, $kind)?);
        value!(@bind Nullable<$sql>, $sql => $rust $(, $kind)?);

        impl<$($kind: 'static,)? ST: SingleValue, DB: Backend> Queryable<ST, DB> for $rust
        where
            Self: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }

        impl<$($kind: 'static,)? DB: Backend> ToSql<Nullable<$sql>, DB> for $rust
        where
            Self: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
    };
    (@bind $target:ty, $sql:ty => $rust:ty $(, $kind:ident)?) => {
        impl<$($kind: 'static)?> AsExpression<$target> for $rust {
            type Expression = Bound<$target, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a $(, $kind: 'static)?> AsExpression<$target> for &'a $rust {
            type Expression = Bound<$target, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a $(, $kind: 'static)?> AsExpression<$target> for &&'a $rust {
            type Expression = Bound<$target, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
    };
}

/// Lets the enum of both backends pass a value of ours through to the database at hand.
macro_rules! on_both {
    ($sql:ty => $rust:ty $(, $kind:ident)?) => {
        value!($sql => $rust $(, $kind)?);

        impl<$($kind: 'static)?> ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value((<$sql>::default(), self));
                Ok(IsNull::No)
            }
        }
        impl<$($kind: 'static)?> FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(raw: MultiRawValue<'_>) -> deserialize::Result<Self> {
                raw.from_sql::<Self, $sql>()
            }
        }
    };
}

macro_rules! known_to_both {
    ($($sql:ty),+) => {$(
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql>(lookup)
            }
        }
    )+};
}

known_to_both!(sql::Id, sql::Instant, sql::Day, sql::Json);
on_both!(sql::Id => Id<K>, K);
on_both!(sql::Instant => Instant);
on_both!(sql::Day => Day);
on_both!(sql::Json => Json);

impl<K: 'static> ToSql<sql::Id, Pg> for Id<K> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<st::Uuid, Pg>::to_sql(&self.uuid(), &mut out.reborrow())
    }
}
impl<K: 'static> FromSql<sql::Id, Pg> for Id<K> {
    fn from_sql(raw: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<st::Uuid, Pg>::from_sql(raw).map(Self::new)
    }
}
impl<K: 'static> ToSql<sql::Id, Sqlite> for Id<K> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}
impl<K: 'static> FromSql<sql::Id, Sqlite> for Id<K> {
    fn from_sql(mut raw: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self::new(Uuid::from_slice(raw.read_blob())?))
    }
}

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The day on which PostgreSQL begins to count.
const POSTGRES_EPOCH: Day = Day::new(jiff::civil::date(2000, 1, 1));

impl ToSql<sql::Instant, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = self.micros() - POSTGRES_EPOCH_MICROS;
        ToSql::<BigInt, Pg>::to_sql(&micros, &mut out.reborrow())
    }
}
impl FromSql<sql::Instant, Pg> for Instant {
    fn from_sql(raw: PgValue<'_>) -> deserialize::Result<Self> {
        let micros: i64 = FromSql::<BigInt, Pg>::from_sql(raw)?;
        instant(micros.checked_add(POSTGRES_EPOCH_MICROS))
    }
}
impl ToSql<sql::Instant, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.micros());
        Ok(IsNull::No)
    }
}
impl FromSql<sql::Instant, Sqlite> for Instant {
    fn from_sql(mut raw: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        instant(Some(raw.read_long()))
    }
}

fn instant(micros: Option<i64>) -> deserialize::Result<Instant> {
    micros.and_then(Instant::from_micros).ok_or_else(|| "an instant outside years -9999 to 9999".into())
}

impl ToSql<sql::Day, Pg> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let days = i32::try_from(POSTGRES_EPOCH.days_until(*self))?;
        ToSql::<Integer, Pg>::to_sql(&days, &mut out.reborrow())
    }
}
impl FromSql<sql::Day, Pg> for Day {
    fn from_sql(raw: PgValue<'_>) -> deserialize::Result<Self> {
        let days: i32 = FromSql::<Integer, Pg>::from_sql(raw)?;
        let day = POSTGRES_EPOCH.date().checked_add(jiff::Span::new().try_days(days)?)?;
        Ok(Self::new(day))
    }
}
impl ToSql<sql::Day, Sqlite> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_string());
        Ok(IsNull::No)
    }
}
impl FromSql<sql::Day, Sqlite> for Day {
    fn from_sql(mut raw: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(raw.read_text().parse()?)
    }
}

impl ToSql<sql::Json, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<st::Jsonb, Pg>::to_sql(&self.0, &mut out.reborrow())
    }
}
impl FromSql<sql::Json, Pg> for Json {
    fn from_sql(raw: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<st::Jsonb, Pg>::from_sql(raw).map(Self)
    }
}
impl ToSql<sql::Json, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}
impl FromSql<sql::Json, Sqlite> for Json {
    fn from_sql(mut raw: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(raw.read_text())?))
    }
}

/// A code is stored as its text; one implementation serves every backend because the text is `'static`.
macro_rules! codes {
    ($($code:ty),+ $(,)?) => {$(
        value!(Text => $code);

        impl<DB: Backend> ToSql<Text, DB> for $code
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.as_str().to_sql(out)
            }
        }
        impl<DB: Backend> FromSql<Text, DB> for $code
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let code = String::from_sql(raw)?;
                Self::parse(&code).ok_or_else(|| format!("{code:?} is no {}", Self::NAME).into())
            }
        }
    )+};
}

codes!(
    Action,
    Anchor,
    Assurance,
    Basis,
    Channel,
    Complexity,
    ComplexityCriterion,
    Confidence,
    DayKind,
    DeliveryMethod,
    ExportFormat,
    ExportState,
    Ground,
    Kind,
    Level,
    LinkKind,
    NotificationKind,
    OnSupplement,
    Outcome,
    Provenance,
    PublicStatus,
    ReminderLevel,
    Role,
    Satisfaction,
    Stage,
    StartEvent,
    State,
    SubmitterType,
    SuspensionGround,
    TerminationGround,
    Timeliness,
    Unit,
    Urgency,
    Visibility,
);
