//! The command line: parse, wire, run. What goes wrong is one sentence on standard error and exit code 1.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use indicatif::{ProgressBar, ProgressStyle};
use kiennghi::{
    app::{
        self, App, Options, backup, demo, import, installation, logging,
        people::{self, NewAccount},
        secrets::{InstallationSecret, SecretHome},
        signing::{self, Outcome, Standing, Wish},
        verify::{self, Told},
    },
    config::{
        self, Agency, AgencyAdd, Backup, Command, DatabaseUrl, Import, Keys, Restore, Serve, Settings, User,
        UserAdd, Verify,
    },
    domain::submission::Personal,
    http, jobs,
    store::Db,
};
use tokio::sync::watch;

/// Requests are many small allocations on several threads; the system's allocator takes a tenth of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(fault) => tell(&fault, ExitCode::FAILURE),
    }
}

/// Says what went wrong; gives the exit code on.
fn tell(fault: &Fault, code: ExitCode) -> ExitCode {
    // Causes may come with lines of their own, such as those of PostgreSQL.
    let sentence = fault.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(io::stderr(), "kiennghi: {sentence}");
    code
}

fn run() -> Result<ExitCode, Fault> {
    let (command, settings) = config::parse_and_resolve()?;
    let _log = logging::begin();
    let app = || application(open(&settings)?, &settings, &Serve::default());
    let done = match command {
        // One means a difference there, so that trouble needs another number.
        Command::Verify(what) => {
            return Ok(verify_all(&settings, &what).unwrap_or_else(|fault| tell(&fault, ExitCode::from(2))));
        }
        Command::Openapi => Ok(io::stdout().write_all(http::openapi::as_file()?.as_bytes())?),
        Command::Migrate => prepare(&open(&settings)?, &Serve::default()).map(|_| ()),
        Command::Import(what) => import_file(&app()?, &what),
        Command::User(User::Add(account)) => add_user(&app()?, account),
        Command::Agency(Agency::Add(agency)) => add_agency(&app()?, agency),
        Command::Keys(Keys::List) => list_keys(&app()?),
        Command::Keys(Keys::Rotate(how)) => rotate_keys(&app()?, how.now),
        Command::Backup(to) => backup_file(&settings, &to),
        Command::Restore(from) => restore_file(&settings, &from),
        Command::Serve(how) => serve(&how, &settings),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn open(settings: &Settings) -> Result<Db, Fault> {
    Ok(Db::open_with_pool(&settings.database_url.to_url(), settings.pool_size)?)
}

/// Brings the database up to date and stamps a new one; gives the clock it runs by.
fn prepare(db: &Db, how: &Serve) -> Result<app::clock::Clock, Fault> {
    db.migrate()?;
    installation::clock(db, how.demo, how.clock).map_err(told)?.map_err(|_| {
        "--clock works on a sandbox only, and this database belongs to a production installation".into()
    })
}

fn application(db: Db, settings: &Settings, how: &Serve) -> Result<App, Fault> {
    let clock = prepare(&db, how)?;
    let home = match &settings.database_url {
        DatabaseUrl::Sqlite(path) => SecretHome::BesideFile(path.clone()),
        DatabaseUrl::Postgres(_) => SecretHome::SettingOnly,
    };
    let secret = InstallationSecret::load(settings.secret.as_ref(), &home)?;
    let options = Options {
        token_minutes: settings.token_minutes,
        session_days: settings.sessions.session_days,
        key_days: settings.sessions.key_days,
        providers: settings.providers.clone(),
        demo: how.demo,
        idempotency_hours: settings.idempotency_hours,
        limits: settings.limits.clone(),
        mail: settings.mail.clone(),
        exports: settings.exports.clone(),
    };
    App::open(db, clock, secret, settings.zone.clone(), options).map_err(told)
}

fn serve(how: &Serve, settings: &Settings) -> Result<(), Fault> {
    let db = open(settings)?;
    if let Some(replica) = &settings.replica_url {
        db.attach_replica(&replica.to_url(), settings.pool_size)?;
    }
    let _lock = db.lock_for_serving()?;
    let app = application(db, settings, how)?;
    if how.demo {
        demo::add_missing(&app).map_err(told)?;
    }
    if let Some(code) = settings.default_agency.clone() {
        let known = app
            .write_now(move |tx, world| installation::set_default_agency(tx, world, &code))
            .map_err(told)?;
        if !known {
            tracing::warn!("the default agency of the settings does not exist yet");
        }
    }
    actix_web::rt::System::new().block_on(listen(app, settings))
}

async fn listen(app: App, settings: &Settings) -> Result<(), Fault> {
    let server = http::server::listen(app.clone(), settings)
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let watched = settings.http.metrics_listen.map(|address| {
        http::metrics::bind(app.clone(), address)
            .map_err(|error| format!("cannot listen on {address}: {error}"))
    });
    let figures = match watched.transpose()? {
        Some((figures, address)) => {
            tracing::info!(%address, "metrics are served");
            let handle = figures.handle();
            actix_web::rt::spawn(figures);
            Some(handle)
        }
        None => None,
    };
    let (stop, told_to_stop) = watch::channel(false);
    let jobs =
        actix_web::rt::spawn(jobs::run(app.clone(), Arc::new(http::exports::ListsOfApi), told_to_stop));
    let base = settings.public_url.clone().unwrap_or_else(|| format!("http://{}", server.address));
    let there = settings.zone.to_datetime(app.clock().now().timestamp());
    let sandbox = format!("; a sandbox, where it is {}", there.strftime("%Y-%m-%d %H:%M"));
    let sandbox = if app.clock().is_sandbox() { sandbox.as_str() } else { "" };
    let greeting = format!("kiennghi listens on http://{}; read {base}/docs{sandbox}", server.address);
    // Nobody need read it.
    let _ = writeln!(io::stdout(), "{greeting}");
    let served = server.serve().await;
    stop.send_replace(true);
    jobs.await?;
    if let Some(figures) = figures {
        figures.stop(false).await;
    }
    Ok(served?)
}

fn import_file(app: &App, what: &Import) -> Result<(), Fault> {
    let input = import::open(&what.file).map_err(|error| format!("{}: {error}", what.file.display()))?;
    let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} lines, {per_sec}, {elapsed}")?);
    let report = import::run(app, input, what.create_missing, &mut |lines| bar.set_position(lines));
    bar.finish_and_clear();
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(&report.map_err(told)?)?)?)
}

/// Opens a database that must be there: a mistyped path makes no new one.
fn open_present(settings: &Settings) -> Result<Db, Fault> {
    match &settings.database_url {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            Err(format!("{}: no such file", path.display()).into())
        }
        _ => open(settings),
    }
}

/// The file of a SQLite database; a server of PostgreSQL has tools of its own.
fn sqlite_file<'a>(settings: &'a Settings, tool: &str) -> Result<&'a Path, Fault> {
    match &settings.database_url {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::Postgres(_) => {
            Err(format!("on PostgreSQL this is done with its own tools: {tool}").into())
        }
    }
}

fn backup_file(settings: &Settings, to: &Backup) -> Result<(), Fault> {
    sqlite_file(settings, r#"pg_dump --format=custom --file=FILE "$DATABASE_URL""#)?;
    let db = open_present(settings)?;
    let copied = backup::backup(&db, &to.file).map_err(told)?;
    Ok(writeln!(io::stdout(), "{}: {} bytes\nhead {}", to.file.display(), copied.bytes, copied.head)?)
}

fn restore_file(settings: &Settings, from: &Restore) -> Result<(), Fault> {
    let tool = r#"pg_restore --single-transaction --exit-on-error --no-owner --dbname="$DATABASE_URL" FILE"#;
    let target = sqlite_file(settings, tool)?;
    let (summary, aside) = backup::restore(&from.file, target, &settings.zone, from.force, &mut |told| {
        if let Told::Finding(finding) = told {
            // Nobody need read it.
            let _ = writeln!(io::stdout(), "{finding}");
        }
    })
    .map_err(told)?;
    if let Some(aside) = aside {
        writeln!(io::stdout(), "the database that stood there is now {}", aside.display())?;
    }
    Ok(writeln!(io::stdout(), "{} is in place\n{summary}", target.display())?)
}

fn verify_all(settings: &Settings, what: &Verify) -> Result<ExitCode, Fault> {
    let db = open_present(settings)?;
    db.migrate()?;
    let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} events, {per_sec}, {elapsed}")?);
    let mut named = 0;
    let summary = verify::run(&db, &settings.zone, what.expect.as_ref(), &mut |told| match told {
        Told::Progress { events } => bar.set_position(events),
        Told::Finding(finding) => {
            named += 1;
            if named <= what.findings {
                // Nobody need read it.
                let _ = bar.suspend(|| writeln!(io::stdout(), "{finding}"));
            }
        }
    })
    .map_err(told)?;
    bar.finish_and_clear();
    writeln!(io::stdout(), "{summary}")?;
    Ok(if summary.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn add_user(app: &App, account: UserAdd) -> Result<(), Fault> {
    if io::stdin().is_terminal() {
        write!(io::stderr(), "Password of {} (shown as you type): ", account.username)?;
    }
    let mut password = String::new();
    io::stdin().lock().read_line(&mut password)?;
    let password = Personal::new(password.trim_end_matches(['\r', '\n']));
    let reach = match account.whole_installation {
        true => "the whole installation".to_owned(),
        false => format!("{} and below", account.agency),
    };
    let done =
        format!("added {}, {} of {reach}, reads up to {}", account.username, account.role, account.ceiling);
    let new = NewAccount {
        username: account.username,
        full_name: account.full_name,
        position: account.position,
        agency_code: account.agency,
        role: account.role,
        whole_installation: account.whole_installation,
        ceiling: account.ceiling,
    };
    people::add_account(app, new, &password).map_err(told)?;
    Ok(writeln!(io::stdout(), "{done}")?)
}

fn add_agency(app: &App, agency: AgencyAdd) -> Result<(), Fault> {
    let done = format!("added {}, {}", agency.code, agency.name);
    let is_default =
        installation::add_agency(app, agency.code, agency.name, agency.level, agency.parent).map_err(told)?;
    let default = if is_default { ", which takes what no other serves" } else { "" };
    Ok(writeln!(io::stdout(), "{done}{default}")?)
}

fn list_keys(app: &App) -> Result<(), Fault> {
    for (kid, standing) in signing::list(app).map_err(told)? {
        let (word, at) = match standing {
            Standing::Waits(at) => ("waits, published since", at),
            Standing::Signs(at) => ("signs since", at),
            Standing::Verifies(at) => ("retired, verifies until", at),
        };
        writeln!(io::stdout(), "{kid} {word} {at}")?;
    }
    Ok(())
}

fn rotate_keys(app: &App, now: bool) -> Result<(), Fault> {
    let wish = if now { Wish::Replace } else { Wish::Rotate };
    match signing::wish(app, wish, app::clock::real_now()).map_err(told)? {
        Outcome::NotBefore(at) => Err(format!(
            "the next key was published too lately and may sign from {at} on; wait, or use --now if a key is known to somebody"
        )
        .into()),
        Outcome::Changed | Outcome::Unchanged => list_keys(app),
    }
}

fn told(error: app::Error) -> Fault {
    error.for_operator().into()
}
