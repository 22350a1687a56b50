//! Notifications by mail, where a mail server is configured: without content, without names, with back-off.
//!
//! A mail says that there is something to look at: code, last day, link. Where its reader may no longer see the petition
//! it does not even say that. Addresses and what a mail server answers are never logged.

use std::{fmt, time::Duration};

use lettre::{
    Message, SmtpTransport, Transport,
    message::{Mailbox, header::ContentType},
    transport::smtp,
};

use super::{
    App, Error,
    caller::{self, Caller},
    notifications::{self, Notice},
    world::World,
};
use crate::{
    domain::{id::RowId, time::Instant, vocabulary::NotificationKind},
    store::{
        AnyConnection,
        notifications::{self as rows, MailRow},
        people,
    },
};

/// How many mails one look takes.
const BATCH: i64 = 20;
/// How long a mail server may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);
/// After how many minutes a mail is tried again; after the last it is given up.
const AGAIN_AFTER: [i64; 8] = [1, 5, 30, 120, 360, 720, 1440, 1440];
const MINUTE_MICROS: i64 = 60_000_000;

/// A mail server and what our mails say of us.
#[derive(Clone)]
pub struct Server {
    transport: SmtpTransport,
    from: Mailbox,
    /// The address links begin with.
    links: String,
}

/// Which setting of a mail server cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Unusable {
    pub setting: &'static str,
    pub why: &'static str,
}

/// A mail that is to go out now.
struct Outgoing {
    row: MailRow,
    to: String,
    notice: Notice,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Sent,
    /// It may go better later; the word says why.
    Deferred(&'static str),
    /// It never will.
    Refused(&'static str),
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("links", &self.links).finish_non_exhaustive()
    }
}

impl Server {
    /// A server by URL (`smtp://user:password@host:port`, `smtps://…`, `?tls=required`), and the sender's address.
    pub fn new(url: &str, from: &str, links: &str) -> Result<Self, Unusable> {
        let why = "needs smtp://… or smtps://… with a host";
        let transport = SmtpTransport::from_url(url).map_err(|_| Unusable { setting: "smtp_url", why })?;
        let why = "needs an e-mail address";
        let from = from.parse().map_err(|_| Unusable { setting: "smtp_from", why })?;
        Ok(Self { transport: transport.timeout(Some(PATIENCE)).build(), from, links: links.to_owned() })
    }

    fn send(&self, mail: &Outgoing) -> Outcome {
        let Ok(message) = self.message(mail) else { return Outcome::Refused("not_an_address") };
        match self.transport.send(&message) {
            Ok(_) => Outcome::Sent,
            Err(error) => of_error(&error),
        }
    }

    fn message(&self, mail: &Outgoing) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let (subject, body) = words(&mail.notice, &self.links);
        let host = self.from.email.domain();
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.to.parse()?))
            .subject(subject)
            // The same for every attempt: whoever gets it twice can tell.
            .message_id(Some(format!("<{}@{host}>", mail.row.notification_id)))
            .header(ContentType::TEXT_PLAIN)
            .body(body)?)
    }
}

fn of_error(error: &smtp::Error) -> Outcome {
    if error.is_permanent() {
        Outcome::Refused("refused")
    } else if error.is_timeout() {
        Outcome::Deferred("timeout")
    } else if error.is_transient() {
        Outcome::Deferred("deferred")
    } else {
        Outcome::Deferred("unreachable")
    }
}

/// Sends the mails that are due; returns how many went out. Stops where the server cannot be reached: the others would
/// wait for the same.
pub fn send_due(app: &App) -> Result<usize, Error> {
    let Some(server) = &app.options().mail else { return Ok(0) };
    let due = app.read_now(|tx, world| Ok(rows::due_mails(tx, world.now, BATCH)?))?;
    let mut sent = 0;
    for id in due {
        let Some(mail) = app.write_now(move |tx, world| claim(tx, world, id))? else { continue };
        let outcome = server.send(&mail);
        let row = mail.row;
        let outcome_of = app.write_now(move |tx, world| settle(tx, world, row.clone(), outcome))?;
        metrics::counter!("mails_total", "outcome" => outcome_of).increment(1);
        sent += usize::from(outcome == Outcome::Sent);
        if matches!(outcome, Outcome::Deferred("unreachable" | "timeout")) {
            break;
        }
    }
    Ok(sent)
}

/// Takes a mail for this process: until the next attempt no other one looks at it.
fn claim(tx: &mut AnyConnection, world: &World, id: RowId) -> Result<Option<Outgoing>, Error> {
    let Some((mut row, told)) = rows::mail(tx, id)? else { return Ok(None) };
    if row.next_at.is_none_or(|at| at > world.now) {
        return Ok(None);
    }
    let official = people::official(tx, told.official_id)?.filter(|row| row.disabled_at.is_none());
    let Some(to) = official.and_then(|row| row.email) else {
        let nowhere = MailRow {
            next_at: None,
            given_up_at: Some(world.now),
            reason: Some("no_address".to_owned()),
            ..row
        };
        rows::update_mail(tx, &nowhere)?;
        return Ok(None);
    };
    row.next_at = Some(later(world.now, row.attempts));
    row.attempts += 1;
    rows::update_mail(tx, &row)?;
    let reader = caller::person(tx, world, &Caller::Official(told.official_id))?;
    let notice = notifications::with_codes(tx, world, reader, vec![told])?.into_iter().next();
    Ok(notice.map(|notice| Outgoing { row, to, notice }))
}

/// Writes what became of an attempt; says it in a word for the metrics.
fn settle(
    tx: &mut AnyConnection,
    world: &World,
    mut row: MailRow,
    outcome: Outcome,
) -> Result<&'static str, Error> {
    let last = usize::try_from(row.attempts).is_ok_and(|attempts| attempts > AGAIN_AFTER.len());
    let word = match outcome {
        Outcome::Sent => {
            (row.next_at, row.sent_at, row.reason) = (None, Some(world.now), None);
            "sent"
        }
        Outcome::Deferred(why) if !last => {
            row.reason = Some(why.to_owned());
            "deferred"
        }
        Outcome::Deferred(why) | Outcome::Refused(why) => {
            (row.next_at, row.given_up_at) = (None, Some(world.now));
            row.reason = Some(why.to_owned());
            "given_up"
        }
    };
    rows::update_mail(tx, &row)?;
    Ok(word)
}

fn later(now: Instant, attempts: i32) -> Instant {
    let index = usize::try_from(attempts).unwrap_or(usize::MAX);
    let minutes = AGAIN_AFTER.get(index).or(AGAIN_AFTER.last()).copied().unwrap_or(1);
    now.plus_micros(minutes * MINUTE_MICROS)
}

/// Subject and text, in Vietnamese and in English.
fn words(notice: &Notice, links: &str) -> (String, String) {
    let kind = notice.row.kind;
    let Some(code) = &notice.code else {
        return (
            "kiennghi: thông báo".to_owned(),
            format!("Bạn có thông báo mới. | You have a new notification.\r\n{links}/v1/notifications\r\n"),
        );
    };
    let (vi, en) = match kind {
        NotificationKind::Reminder => ("Nhắc hạn", "Reminder"),
        NotificationKind::Urging => ("Đôn đốc", "Urging"),
        NotificationKind::Unheard => ("Không có người nhận thông báo", "Nobody to tell"),
    };
    let due = notice.row.due_on.map(|day| format!("Hạn | Due: {day}\r\n")).unwrap_or_default();
    let link = format!("{links}/v1/petitions/{}", notice.row.petition_id);
    (format!("kiennghi {code}: {vi}"), format!("{vi} | {en}: {code}\r\n{due}{link}\r\n"))
}
