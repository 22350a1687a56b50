//! The command line: parse, wire, run.

use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

use kiennghi::{
    app::{
        self, App, Options,
        installation::{self, NoClock},
        people::{self, NewAccount},
        secrets::{InstallationSecret, SecretHome},
    },
    config::{self, Command, DatabaseUrl, Serve, Settings, User, UserAdd},
    domain::submission::Personal,
    http, jobs,
    store::{Db, ServingLock},
};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_writer(io::stderr)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,kiennghi=info")),
        )
        .init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(why)) => {
            eprintln!("kiennghi: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Why the program cannot go on, in one sentence for its operator.
struct Failure(String);

impl<E: fmt::Display> From<E> for Failure {
    fn from(why: E) -> Self {
        Self(why.to_string())
    }
}

fn run() -> Result<(), Failure> {
    let (command, settings) = config::parse_and_resolve()?;
    match command {
        Command::Serve(serve) => self::serve(&settings, &serve),
        Command::Migrate => {
            open(&settings, &Serve::default(), false)?;
            say(&format!("{:?} is at the present schema", settings.database_url))
        }
        Command::Openapi => Ok(io::stdout().write_all(http::openapi::as_file()?.as_bytes())?),
        Command::Import(import) => {
            let (app, _lock) = open(&settings, &Serve::default(), false)?;
            self::import(&app, &import)
        }
        Command::User(User::Add(user)) => {
            let (app, _lock) = open(&settings, &Serve::default(), false)?;
            add_user(&app, user)
        }
    }
}

/// Opens the database, brings it to the present schema, and puts the application together.
fn open(settings: &Settings, serve: &Serve, serving: bool) -> Result<(App, Option<ServingLock>), Failure> {
    let home = match &settings.database_url {
        DatabaseUrl::Sqlite(path) => SecretHome::BesideFile(path.clone()),
        DatabaseUrl::Postgres(_) => SecretHome::SettingOnly,
    };
    let db = Db::open_with_pool(&settings.database_url.to_url(), settings.pool_size)?;
    let lock = if serving { Some(db.lock_for_serving()?) } else { None };
    db.migrate()?;
    let secret = InstallationSecret::load(settings.secret.as_ref(), &home)?;
    let clock =
        installation::clock(&db, serve.demo, serve.clock).map_err(told)?.map_err(|why| match why {
            NoClock::Production => {
                "--clock turns the clock of a sandbox, and this is a production store".to_owned()
            }
            NoClock::Backwards(last) => {
                format!("the clock of this sandbox stands at {last} and never goes back")
            }
        })?;
    let options = Options {
        token_minutes: settings.token_minutes,
        demo: serve.demo,
        idempotency_hours: settings.idempotency_hours,
    };
    let app = App::open(db, clock, secret, settings.zone.clone(), options).map_err(told)?;
    if let Some(code) = settings.default_agency.clone() {
        let known = app.write_now(move |tx, _| installation::set_default_agency(tx, &code)).map_err(told)?;
        if !known {
            return Err(Failure("default_agency: there is no agency of this code".to_owned()));
        }
    }
    Ok((app, lock))
}

fn serve(settings: &Settings, serve: &Serve) -> Result<(), Failure> {
    let (app, _lock) = open(settings, serve, true)?;
    if serve.demo {
        app::demo::add_missing(&app).map_err(told)?;
    }
    let (stop, stopped) = watch::channel(false);
    actix_web::rt::System::new().block_on(async {
        let jobs = actix_web::rt::spawn(jobs::run(app.clone(), stopped));
        say(&format!("listening on http://{0} — documentation at http://{0}/docs/", settings.listen))?;
        let served = http::serve(app, settings).await;
        stop.send_replace(true);
        jobs.await?;
        served.map_err(|why| Failure(format!("{}: {why}", settings.listen)))
    })
}

fn import(app: &App, import: &config::Import) -> Result<(), Failure> {
    let input = app::import::open(&import.file).map_err(|why| format!("{}: {why}", import.file.display()))?;
    let bar = if io::stderr().is_terminal() {
        indicatif::ProgressBar::new_spinner()
    } else {
        indicatif::ProgressBar::hidden()
    };
    let report = app::import::run(app, input, import.create_missing, &mut |lines| bar.set_position(lines));
    bar.finish_and_clear();
    say(&serde_json::to_string(&report.map_err(told)?)?)
}

fn add_user(app: &App, user: UserAdd) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        eprintln!("Password:");
    }
    let mut password = String::new();
    io::stdin().lock().read_line(&mut password)?;
    let account = NewAccount {
        username: user.username.clone(),
        full_name: user.full_name,
        position: user.position,
        agency_code: user.agency,
        role: user.role,
        whole_installation: user.whole_installation,
        ceiling: user.ceiling,
    };
    let password = Personal::new(password.trim_end_matches(['\r', '\n']));
    people::add_account(app, account, &password).map_err(told)?;
    say(&format!("{} may sign in as {}", user.username, user.role))
}

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// What an operator reads of a failed use case.
fn told(error: app::Error) -> Failure {
    Failure(error.for_operator())
}
