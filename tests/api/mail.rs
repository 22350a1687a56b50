//! Notifications by mail, against a small mail server in this process.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use diesel::{QueryDsl, RunQueryDsl, SelectableHelper};
use kiennghi::{
    app::{
        mail::{Server, send_due},
        reminders::{Extent, give_due},
    },
    domain::{
        id::{OfficialId, PetitionId},
        time::Instant,
        vocabulary::{Kind, Role, State},
    },
    store::{notifications::MailRow, people, schema::mail_outbox},
};

use crate::support::{
    Case, TestDb, cases,
    client::TestApp,
    given::{self, Given},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_mail_says_code_day_and_link_alone,
        what_fails_is_tried_again_and_given_up,
        without_a_server_nothing_is_queued,
        a_mail_about_what_may_no_longer_be_seen_says_nothing,
    ]
}

/// A mail server that takes everything, or answers a recipient as it was told to.
struct Postbox {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    over: Arc<AtomicBool>,
}

impl Postbox {
    fn open(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (mails, over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let answers = Arc::new(Mutex::new(VecDeque::from(answers.to_vec())));
        let (kept, told, ended) = (mails.clone(), answers.clone(), over.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                // A client that breaks off has its reasons.
                let _ = talk(stream.unwrap(), &kept, &told);
            }
        });
        Self { address, mails, answers, over }
    }

    fn server(&self) -> Server {
        server(self.address)
    }

    fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn server(address: SocketAddr) -> Server {
    Server::new(&format!("smtp://{address}"), "kiennghi <no-reply@example.vn>", "https://kn.example.vn")
        .unwrap()
}

fn talk(
    stream: TcpStream,
    mails: &Mutex<Vec<String>>,
    answers: &Mutex<VecDeque<&'static str>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    out.write_all(b"220 postbox\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let answer = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250-postbox\r\n250 8BITMIME",
            "RCPT" => answers.lock().unwrap().pop_front().unwrap_or("250 ok"),
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let mut mail = String::new();
                for line in lines.by_ref() {
                    match line? {
                        end if end == "." => break,
                        line => mail += &(line + "\n"),
                    }
                }
                mails.lock().unwrap().push(mail);
                "250 kept"
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n")?;
                break;
            }
            _ => "250 ok",
        };
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}

/// The text of a mail.
fn body(mail: &str) -> String {
    let (head, body) = mail.split_once("\n\n").unwrap();
    let bytes = if head.contains("base64") {
        STANDARD.decode(body.replace('\n', "")).unwrap()
    } else {
        let mut bytes = Vec::new();
        let joined = body.replace("=\n", "");
        let mut rest = joined.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            let escaped = (byte == b'=' && after.len() > 1)
                .then(|| u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).ok())
                .flatten();
            bytes.push(escaped.unwrap_or(byte));
            rest = if escaped.is_some() { &after[2..] } else { after };
        }
        bytes
    };
    String::from_utf8(bytes).unwrap()
}

/// A petition of the ward, and another process that sends mail.
struct Post {
    given: Given,
    mailing: TestApp,
    id: PetitionId,
}

impl Post {
    fn new(db: TestDb, server: Server) -> Self {
        let given = Given::new(db);
        let id = given.petition(Kind::Proposal, State::InProgress);
        let mailing = TestApp::beside(&given.app, |options| options.mail = Some(server));
        Self { given, mailing, id }
    }

    fn address(&self, official: OfficialId, email: &'static str) {
        let give = move |tx: &mut kiennghi::store::AnyConnection, _: &kiennghi::app::World| {
            let row = people::official(tx, official)?.expect("an official");
            let row = people::OfficialRow { email: Some(email.to_owned()), ..row };
            Ok(people::changes::update_official(tx, &row)?)
        };
        self.given.write(give).unwrap();
    }

    fn at(&self, instant: &str) -> usize {
        self.mailing.turn_to(instant);
        self.given.turn_to(instant);
        give_due(&self.mailing.app, Extent::All).unwrap();
        send_due(&self.mailing.app).unwrap()
    }

    fn rows(&self) -> Vec<MailRow> {
        let read = self
            .mailing
            .app
            .read_now(|tx, _| Ok(mail_outbox::table.select(MailRow::as_select()).load(tx).expect("mails")));
        read.unwrap()
    }
}

async fn a_mail_says_code_day_and_link_alone(db: TestDb) {
    let postbox = Postbox::open(&[]);
    let post = Post::new(db, postbox.server());
    post.address(post.given.people.handler, "xu.ly@example.vn");
    assert_eq!(post.at("2026-12-11T13:00:00+07:00"), 1);
    assert_eq!(post.at("2026-12-11T14:00:00+07:00"), 0, "once");
    let mails = postbox.mails();
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains("To: xu.ly@example.vn")
            && mails[0].contains("From: kiennghi <no-reply@example.vn>")
    );
    let code = post.given.case(post.id).code;
    let text = body(&mails[0]);
    let expected = format!(
        "Nhắc hạn | Reminder: {code}\nHạn | Due: 2026-12-15\nhttps://kn.example.vn/v1/petitions/{}",
        post.id
    );
    assert_eq!(text.replace('\r', "").trim_end(), expected);
    assert!(post.rows().iter().all(|row| row.sent_at.is_some() && row.next_at.is_none()));
}

async fn what_fails_is_tried_again_and_given_up(db: TestDb) {
    let postbox = Postbox::open(&["451 later", "250 ok", "550 unknown"]);
    let post = Post::new(db, postbox.server());
    let people = post.given.people;
    post.address(people.handler, "xu.ly@example.vn");
    assert_eq!(post.at("2026-12-11T13:00:00+07:00"), 0);
    let row = &post.rows()[0];
    assert_eq!((row.attempts, row.reason.as_deref(), row.sent_at), (1, Some("deferred"), None));
    let again: Instant = row.next_at.unwrap();
    assert!(again > post.mailing.now() && post.at("2026-12-11T13:00:30+07:00") == 0, "not before its time");
    assert_eq!(post.at("2026-12-11T13:01:30+07:00"), 1);
    assert_eq!(post.rows()[0].attempts, 2);

    // Nobody heads the ward or the city: the coordinators hear, of whom one has an address that does not exist.
    post.address(people.coordinator, "nobody@example.vn");
    assert_eq!(post.at("2026-12-16T08:00:00+07:00"), 0);
    let mut given_up: Vec<_> = post
        .rows()
        .into_iter()
        .filter(|row| row.given_up_at.is_some())
        .filter_map(|row| row.reason)
        .collect();
    given_up.sort();
    assert_eq!(given_up, ["no_address", "refused"]);
    assert_eq!(post.at("2026-12-17T08:00:00+07:00"), 0);
    assert_eq!(postbox.mails().len(), 1);
    assert!(postbox.answers.lock().unwrap().is_empty());
}

async fn without_a_server_nothing_is_queued(db: TestDb) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let post = Post::new(db, server(port));
    post.address(post.given.people.handler, "xu.ly@example.vn");
    post.given.app.turn_to("2026-12-11T13:00:00+07:00");
    assert_eq!(give_due(&post.given.app.app, Extent::All).unwrap(), 1);
    assert_eq!(send_due(&post.given.app.app).unwrap(), 0);
    assert_eq!(post.rows(), []);

    // A server that is not there is tried again, eight times, and then no more.
    assert_eq!(post.at("2026-12-16T08:00:00+07:00"), 0);
    let holders = post.rows().len();
    assert_eq!(holders, 2, "both coordinators, who have no address");
    post.address(post.given.people.coordinator, "dieu.phoi@example.vn");
    assert_eq!(post.at("2026-12-23T08:00:00+07:00"), 0);
    let waiting = |post: &Post| post.rows().into_iter().find(|row| row.next_at.is_some() && row.attempts > 0);
    assert_eq!(waiting(&post).unwrap().reason.as_deref(), Some("unreachable"));
    for _ in 0..20 {
        let Some(row) = waiting(&post) else { break };
        post.at(&row.next_at.unwrap().plus_micros(1_000_000).to_string());
    }
    assert_eq!(waiting(&post), None);
    assert_eq!(post.rows().iter().map(|row| row.attempts).max(), Some(9));
}

async fn a_mail_about_what_may_no_longer_be_seen_says_nothing(db: TestDb) {
    let postbox = Postbox::open(&["451 later"]);
    let post = Post::new(db, postbox.server());
    let people = post.given.people;
    post.address(people.handler, "xu.ly@example.vn");
    assert_eq!(post.at("2026-12-11T13:00:00+07:00"), 0);
    let coordinator = people.caller(Role::Coordinator, post.id);
    post.given.act(&coordinator, post.id, given::sealing()).unwrap();
    let handed = kiennghi::domain::act::Handover { responsible_id: people.second_handler, reason: None };
    post.given.act(&coordinator, post.id, handed).unwrap();
    assert_eq!(post.at("2026-12-11T13:05:00+07:00"), 1);
    let mail = &postbox.mails()[0];
    let code = post.given.case(post.id).code;
    assert!(
        !mail.contains(&code) && !body(mail).contains(&code) && !body(mail).contains(&post.id.to_string())
    );
}
