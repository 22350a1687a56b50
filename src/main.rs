//! The command line: parse, wire, run. What goes wrong is one sentence on standard error and exit code 1.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressStyle};
use kiennghi::{
    app::{
        self, App, Options, demo, import, installation,
        people::{self, NewAccount},
        secrets::{InstallationSecret, SecretHome},
        signing::{self, Outcome, Standing, Wish},
    },
    config::{self, Command, DatabaseUrl, Import, Keys, Serve, Settings, User, UserAdd},
    domain::submission::Personal,
    http, jobs,
    store::Db,
};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // Causes may come with lines of their own, such as those of PostgreSQL.
            let sentence = fault.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(io::stderr(), "kiennghi: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Fault> {
    let (command, settings) = config::parse_and_resolve()?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,kiennghi=info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(io::stderr).init();
    let app = || application(open(&settings)?, &settings, &Serve::default());
    match command {
        Command::Openapi => Ok(io::stdout().write_all(http::openapi::as_file()?.as_bytes())?),
        Command::Migrate => prepare(&open(&settings)?, &Serve::default()).map(|_| ()),
        Command::Import(what) => import_file(&app()?, &what),
        Command::User(User::Add(account)) => add_user(&app()?, account),
        Command::Keys(Keys::List) => list_keys(&app()?),
        Command::Keys(Keys::Rotate(how)) => rotate_keys(&app()?, how.now),
        Command::Serve(how) => serve(&how, &settings),
    }
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
    };
    App::open(db, clock, secret, settings.zone.clone(), options).map_err(told)
}

fn serve(how: &Serve, settings: &Settings) -> Result<(), Fault> {
    let db = open(settings)?;
    let _lock = db.lock_for_serving()?;
    let app = application(db, settings, how)?;
    if how.demo {
        demo::add_missing(&app).map_err(told)?;
    }
    if let Some(code) = settings.default_agency.clone() {
        let known = app.write_now(move |tx, _| installation::set_default_agency(tx, &code)).map_err(told)?;
        if !known {
            tracing::warn!("the default agency of the settings does not exist yet");
        }
    }
    actix_web::rt::System::new().block_on(listen(app, settings))
}

async fn listen(app: App, settings: &Settings) -> Result<(), Fault> {
    let server = http::server::listen(app.clone(), settings)
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let (stop, told_to_stop) = watch::channel(false);
    let jobs = actix_web::rt::spawn(jobs::run(app.clone(), told_to_stop));
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
