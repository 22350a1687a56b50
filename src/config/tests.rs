use super::*;
use crate::domain::vocabulary::{Role, Visibility};

fn run(arguments: &[&str]) -> Result<(Command, Settings), ConfigFault> {
    resolve_from(std::iter::once("kiennghi").chain(arguments.iter().copied()), None)
}

fn with_file(text: &str, arguments: &[&str]) -> Result<(Command, Settings), ConfigFault> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kiennghi.toml");
    std::fs::write(&path, text).unwrap();
    run(&[&["--config", path.to_str().unwrap()], arguments].concat())
}

#[test]
fn defaults_serve_a_file_on_loopback() {
    let (_, settings) = with_file("", &["serve"]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.zone.iana_name(), Some("Asia/Ho_Chi_Minh"));
    assert_eq!((settings.pool_size, settings.token_minutes, settings.idempotency_hours), (16, 10, 24));
    assert_eq!(settings.body_limit, 262_144);
    assert_eq!(settings.sessions, Sessions { session_days: 30, key_days: 90 });
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let file = "listen = '0.0.0.0:80'\npool_size = 4\npublic_url = 'https://kn.example.vn/'
[sessions]
session_days = 7
key_days = 30";
    let (command, settings) = with_file(
        file,
        &["serve", "--key-days", "0", "--listen", "127.0.0.1:9000", "--database-url", "sqlite:x.db"],
    )
    .unwrap();
    assert_eq!(command, Command::Serve(Serve { demo: false, clock: None }));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(settings.pool_size, 4);
    assert_eq!(settings.sessions, Sessions { session_days: 7, key_days: 0 });
    assert_eq!(settings.database_url, DatabaseUrl::Sqlite("x.db".into()));
    assert_eq!(settings.public_url.as_deref(), Some("https://kn.example.vn"));
}

#[test]
fn the_file_is_read_strictly() {
    for (text, word) in [
        ("lisen = '127.0.0.1:80'", "lisen"),
        ("pool_size = 0", "pool_size"),
        ("idempotency_hours = 1", "idempotency_hours"),
        ("zone = 'Mars/Olympus'", "zone"),
        ("database_url = 'mysql://x'", "database_url"),
        ("default_agency = 'thấp'", "default_agency"),
        ("public_url = 'ftp://x'", "public_url"),
        ("public_url = 'https://'", "public_url"),
        ("secret = 'short'", "secret"),
        ("[sessions]\nsession_days = 0", "session_days"),
        ("[sessions]\ndays = 1", "days"),
        ("[mail]\nsmtp_url = 'smtp://x'", "smtp_from"),
        ("[mail]\nsmtp_from = 'a@example.vn'", "smtp_url"),
        ("[mail]\nsmtp_url = 'smtp://x'\nsmtp_from = 'a@example.vn'", "public_url"),
        ("public_url = 'https://x'\n[mail]\nsmtp_url = 'http://x'\nsmtp_from = 'a@example.vn'", "smtp_url"),
        ("public_url = 'https://x'\n[mail]\nsmtp_url = 'smtp://x'\nsmtp_from = 'nobody'", "smtp_from"),
    ] {
        let refused = with_file(text, &["migrate"]).unwrap_err().to_string();
        assert!(refused.contains(word), "{text}: {refused}");
    }
    assert!(run(&["--config", "/nonexistent/kiennghi.toml", "migrate"]).is_err());
}

#[test]
fn a_mail_server_does_not_show_its_password() {
    let file =
        "public_url = 'https://x'\n[mail]\nsmtp_url = 'smtp://post:geheim@x'\nsmtp_from = 'a@example.vn'";
    let (_, settings) = with_file(file, &["migrate"]).unwrap();
    assert!(settings.mail.is_some());
    assert!(!format!("{settings:?}").contains("geheim"));
    let wrong = file.replace("smtp://", "http://");
    assert!(!with_file(&wrong, &["migrate"]).unwrap_err().to_string().contains("geheim"));
}

#[test]
fn the_demo_listens_on_loopback_only() {
    let serve = ["serve", "--demo", "--clock", "2026-11-23T14:00:00+07:00"];
    let (command, _) = run(&[serve.as_slice(), &["--listen", "[::1]:8080"]].concat()).unwrap();
    let clock = Some("2026-11-23T07:00:00Z".parse().unwrap());
    assert_eq!(command, Command::Serve(Serve { demo: true, clock }));
    assert!(run(&[serve.as_slice(), &["--listen", "0.0.0.0:8080"]].concat()).is_err());
    assert!(run(&["serve", "--clock", "2026-11-23T14:00:00"]).is_err(), "no offset");
}

#[test]
fn every_command_is_read() {
    let import = Import { file: "backlog.jsonl.gz".into(), create_missing: true };
    assert_eq!(run(&["import", "backlog.jsonl.gz", "--create-missing"]).unwrap().0, Command::Import(import));
    assert_eq!(run(&["openapi"]).unwrap().0, Command::Openapi);
    assert_eq!(run(&["keys", "list"]).unwrap().0, Command::Keys(Keys::List));
    let rotate = Command::Keys(Keys::Rotate(KeysRotate { now: true }));
    assert_eq!(run(&["keys", "rotate", "--now"]).unwrap().0, rotate);
    let add = [
        "user",
        "add",
        "--username",
        "an",
        "--full-name",
        "Trần An",
        "--position",
        "Chuyên viên",
        "--agency",
        "H55.242",
        "--role",
        "handler",
    ];
    let (command, _) = run(&add).unwrap();
    assert!(matches!(command, Command::User(User::Add(ref user))
        if user.role == Role::Handler && user.ceiling == Visibility::PartiesOnly && !user.whole_installation));
    let refused = run(&[&add[..11], &["boss"]].concat()).unwrap_err().to_string();
    assert!(refused.contains("expected one of intake"), "{refused}");
    assert!(run(&["fly"]).is_err());
}

#[test]
fn nothing_secret_is_printed() {
    let secret = "a secret of at least thirty-two characters";
    let file =
        format!("secret = '{secret}'\ndatabase_url = 'postgres://me:hunter2@db:5432/kn?sslpassword=pw3'");
    let (_, settings) = with_file(&file, &["migrate"]).unwrap();
    let printed = format!("{settings:?}");
    assert!(
        !printed.contains("hunter2") && !printed.contains("pw3") && !printed.contains("thirty"),
        "{printed}"
    );
    assert!(printed.contains("db:5432/kn"), "{printed}");
    let broken = with_file(&format!("secret = '{secret}"), &["migrate"]).unwrap_err().to_string();
    assert!(!broken.contains("thirty"), "{broken}");

    let refused = run(&["migrate", "--database-url", "mysql://me:hunter2@db"]).unwrap_err().to_string();
    assert!(refused.contains("database_url") && !refused.contains("hunter2"), "{refused}");

    let from_environment = resolve_from(["kiennghi", "migrate"], Some(secret.to_owned())).unwrap().1;
    assert_eq!(from_environment.secret.unwrap().reveal(), secret);
}

const OIDC: &str = "[[oidc]]
name = 'vneid'
issuer = 'https://id.example.vn'
client_id = 'kiennghi'
client_secret = 'hunter2 and more'
who = 'citizens'
redirect_uris = ['https://app.example.vn/back']
label_vi = 'VNeID'
label_en = 'VNeID'
";

#[test]
fn outside_providers_come_from_the_file() {
    let (_, settings) = with_file(OIDC, &["migrate"]).unwrap();
    let [provider] = settings.providers.as_slice() else { panic!("{:?}", settings.providers) };
    assert_eq!((provider.subject_claim.as_str(), provider.cache_minutes), ("sub", 60));
    assert_eq!(provider.client_secret.as_ref().unwrap().reveal(), "hunter2 and more");
    assert!(!format!("{settings:?}").contains("hunter2"));
    for (from, to, word) in [
        ("'vneid'", "'VN eID'", "name"),
        ("https://id.example.vn", "http://id.example.vn", "issuer"),
        ("https://id.example.vn", "https://me:pw@id.example.vn", "issuer"),
        ("'citizens'", "'everybody'", "everybody"),
        ("['https://app.example.vn/back']", "[]", "redirect_uris"),
        ("client_id = 'kiennghi'", "client_id = ''", "client_id"),
        ("label_en", "label_fr", "label_fr"),
        ("label_en", "subject_claim = 'cccd'\nlabel_en", "subject_claim"),
        ("label_en", "cache_minutes = 0\nlabel_en", "cache_minutes"),
    ] {
        let refused = with_file(&OIDC.replace(from, to), &["migrate"]).unwrap_err().to_string();
        assert!(refused.contains(word), "{to}: {refused}");
    }
    for loopback in ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:9000/realm"] {
        with_file(&OIDC.replace("https://id.example.vn", loopback), &["migrate"]).unwrap();
    }
    let twice = with_file(&[OIDC, OIDC].concat(), &["migrate"]).unwrap_err().to_string();
    assert!(twice.contains("two providers"), "{twice}");
}
