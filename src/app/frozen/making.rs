//! A report is made, checked, signed and kept.

use serde_json::{Value, json};

use super::{closed, digest};
use crate::{
    app::{
        Error, World,
        administration::Order,
        caller::{self, Caller},
        clock::new_id,
        figures::{self, Entries, GroupBy, Number, Sheet, Wanted},
        history::{self, Subject, hex},
        idempotency::{self, Replay, RequestKey},
        lists::{self, Reader},
        signing,
        tokens::FROZEN_REPORT,
        when::When,
    },
    domain::{
        access::Right,
        figures::{Entry, Report},
        id::{Id, PetitionId},
        refusal::{Refusal, Words},
        vocabulary::{Code, Role},
    },
    store::{
        AnyConnection, Json,
        frozen::{self, FrozenHead, FrozenPetition, FrozenRow},
    },
};

/// The most petitions that are frozen at once: they go into one transaction.
const MOST: usize = 50_000;

/// What is to be frozen.
#[derive(Debug, Clone)]
pub struct Asked {
    pub report: Report,
    pub wanted: Wanted,
    pub by: GroupBy,
}

/// A report that is ready to be kept.
#[derive(Debug)]
pub struct Made {
    row: FrozenRow,
    petitions: Vec<FrozenPetition>,
    key: Option<RequestKey>,
    /// Those of whoever asked, by which it was made.
    rights: Vec<Right>,
}

/// What an order to freeze comes to before anything is written.
#[derive(Debug)]
pub enum Prepared {
    New(Box<Made>),
    /// The same request froze it before.
    Before(Box<FrozenRow>),
}

/// Makes a report as a reader sees it: who asks, the form, whether it was frozen before, the question.
pub fn prepare(tx: &mut AnyConnection, world: &World, order: Order<Asked>) -> Result<Prepared, Error> {
    let reader = lists::reader(tx, world, &order.caller)?;
    role(&reader)?;
    let (asked, key) = (order.body?, order.key?);
    if let Some(row) = before(tx, key.as_ref())? {
        return Ok(Prepared::Before(Box::new(row)));
    }
    let (row, petitions) = make(tx, world, &reader, &asked).map_err(of_body)?;
    let rights = reader.person.rights;
    Ok(Prepared::New(Box::new(Made { row, petitions, key, rights })))
}

/// Signs and keeps what was made. Gives what is kept, and whether it was before.
pub fn keep(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    made: &Made,
) -> Result<(FrozenRow, bool), Error> {
    let reader = lists::reader(tx, world, caller)?;
    let role = role(&reader)?;
    if let Some(row) = before(tx, made.key.as_ref())? {
        return Ok((row, true));
    }
    if reader.person.rights != made.rights {
        return Err(Refusal::Forbidden(Words::new(
            "Quyền của bạn vừa thay đổi trong khi lập báo cáo: hãy yêu cầu lại.",
            "Your rights changed while the report was made: ask again.",
        ))
        .into());
    }
    let mut row = made.row.clone();
    let head = &mut row.head;
    let keys = signing::ring(tx, &world.secret)?;
    (head.signature, head.kid) = keys.attest(FROZEN_REPORT, claims(head), world.real_now)?;
    frozen::insert(tx, &row, &made.petitions)?;
    let head = &row.head;
    let actor = caller::actor(&reader.person, role);
    let subject = Subject::FrozenReport(head.id);
    let sequence = history::record(tx, world, &subject, &actor, "freezing", facts(head))?;
    let done = Replay { petition: Id::new(head.id.uuid()), sequence };
    idempotency::remember(tx, world, made.key.as_ref(), 201, done)?;
    Ok((row, false))
}

/// What is signed of a frozen report.
pub fn claims(head: &FrozenHead) -> Value {
    json!({"report_id": head.id, "sha256": hex(&head.digest), "as_of": head.as_of})
}

/// What the log says was frozen.
pub fn facts(head: &FrozenHead) -> Value {
    json!({"report": head.report, "sha256": hex(&head.digest), "kid": head.kid, "as_of": head.as_of,
        "petitions": head.petitions})
}

/// What the same request froze before.
fn before(tx: &mut AnyConnection, key: Option<&RequestKey>) -> Result<Option<FrozenRow>, Error> {
    let Some(done) = idempotency::replay(tx, key)? else { return Ok(None) };
    frozen::find(tx, Id::new(done.petition.uuid()))?.ok_or(Error::NotFound).map(Some)
}

/// As what a reader freezes.
fn role(reader: &Reader) -> Result<Role, Error> {
    let freezes = [Role::Auditor, Role::Coordinator]
        .into_iter()
        .find(|role| reader.person.rights.iter().any(|right| right.role == *role));
    freezes.ok_or_else(|| {
        Refusal::Forbidden(Words::new(
            "Chỉ giám sát và điều phối được chốt báo cáo.",
            "Freezing reports is for audit and coordination.",
        ))
        .into()
    })
}

/// A fault in the question is one of a member of the body.
fn of_body(error: Error) -> Error {
    match error {
        Error::BadParameter(mut fault) => {
            fault.pointer = format!("/{}", fault.pointer);
            Refusal::Invalid(vec![fault]).into()
        }
        other => other,
    }
}

fn make(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
) -> Result<(FrozenRow, Vec<FrozenPetition>), Error> {
    let Asked { report, wanted, by } = asked;
    let from = wanted.from.map(|from| from.start(world));
    if from > Some(wanted.moment(world).at()) {
        return Err(Refusal::field(
            "/from",
            "after_the_moment",
            "Kỳ báo cáo bắt đầu sau thời điểm của báo cáo: chọn from sớm hơn hoặc as_of muộn hơn.",
            "The window begins after the moment that the report shows: choose an earlier from or a later as_of.",
        )
        .into());
    }
    if wanted.field_code.as_deref().is_some_and(|code| code.trim().is_empty()) {
        return Err(Refusal::field(
            "/field_code",
            "blank",
            "Không được để trống; bỏ hẳn nếu lấy mọi lĩnh vực.",
            "Must not be blank; leave it out to take every field.",
        )
        .into());
    }
    // What will be recorded later is not known yet, whatever another process calls now.
    let known = wanted.recorded_by.map_or(world.now, |by| by.end(world).min(world.now));
    let wanted = Wanted { recorded_by: Some(When::At(known)), group_by: Some(*by), ..wanted.clone() };
    let sheet = figures::sheet(tx, world, reader, *report, &wanted, *by)?;
    let question = Wanted { to: wanted.to.filter(|to| to.start(world) <= sheet.as_of), ..wanted };
    let head = FrozenHead {
        id: new_id(),
        report: report.as_str().to_owned(),
        query: Json(Value::Null),
        as_of: sheet.as_of,
        petitions: 0,
        digest: Vec::new(),
        kid: String::new(),
        signature: String::new(),
        frozen_at: world.now,
        frozen_by: reader.person.official,
        figures: Some(Json(json!(report.told()))),
    };
    let mut row = FrozenRow { head, rows: Json(rows(&sheet)) };
    let question = closed(question, &row.head);
    let entries = entries(tx, world, &Entries::of(world, reader, *report, &question)?)?;
    add_up(&sheet, *by, &entries)?;
    row.head.query = Json(query(&question)?);
    row.head.petitions = i32::try_from(entries.len()).map_err(Error::internal)?;
    let petition = |(petition_id, entry): (PetitionId, Entry)| FrozenPetition {
        report_id: row.head.id,
        petition_id,
        figures: entry.to_string(),
    };
    let petitions: Vec<FrozenPetition> = entries.into_iter().map(petition).collect();
    row.head.digest = digest(&row, &petitions)?;
    Ok((row, petitions))
}

/// The question without what it leaves open.
fn query(question: &Wanted) -> Result<Value, Error> {
    let mut query = serde_json::to_value(question).map_err(Error::internal)?;
    if let Some(members) = query.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Ok(query)
}

/// The figures of each group, as they were.
fn rows(sheet: &Sheet) -> Value {
    let row = |row: &figures::Row| {
        let figures = row.figures.iter().map(|(figure, number)| {
            let value = match number {
                Number::Count(count) => json!(count),
                // As text: no two databases are asked to keep the same digits of a fraction.
                Number::Measured(measured) => json!(measured.map(|value| format!("{value:.6}"))),
            };
            (figure.id.to_owned(), value)
        });
        let figures: serde_json::Map<_, _> = figures.collect();
        json!({"key": row.group.key, "name": row.group.name.vi, "figures": figures})
    };
    sheet.rows.iter().map(row).collect()
}

/// The entry of every petition, in the order of their ids.
fn entries(tx: &mut AnyConnection, world: &World, of: &Entries) -> Result<Vec<(PetitionId, Entry)>, Error> {
    let one_more = i64::try_from(MOST).map_err(Error::internal)? + 1;
    if of.petitions(tx, None, one_more)?.len() > MOST {
        return Err(Refusal::guard(
            "too_many_petitions",
            "Báo cáo có quá nhiều đơn để chốt một lần (tối đa 50.000): thu hẹp kỳ hoặc cơ quan.",
            "The report has too many petitions to be frozen at once (50,000 at most): narrow the window or the agency.",
        )
        .into());
    }
    Ok(of.find(tx, world, None)?.into_iter().collect())
}

/// Nothing is signed whose figures are not the sums of what is kept; a petition is in several groups of subtrees.
fn add_up(sheet: &Sheet, by: GroupBy, entries: &[(PetitionId, Entry)]) -> Result<(), Error> {
    if by == GroupBy::Subtree {
        return Ok(());
    }
    let counts = sheet.report.told().into_iter().filter_map(|figure| {
        let numbers = sheet.rows.iter().map(|row| match row.number(&figure) {
            Some(Number::Count(count)) => Some(count),
            _ => None,
        });
        let groups = numbers.sum::<Option<i64>>()?;
        let kept: i64 = entries.iter().filter_map(|(_, entry)| entry.number(&figure)).sum();
        (groups != kept).then(|| format!("{figure}: {groups} in the groups, {kept} in the petitions"))
    });
    match counts.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        faults => Err(Error::internal(format!("a report does not add up: {}", faults.join("; ")))),
    }
}
