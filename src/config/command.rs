//! The commands of the command line and what each is told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    app::verify::Head,
    domain::{
        identifiers::check_agency_code,
        time::Instant,
        vocabulary::{Code, Level, Role, Visibility},
    },
};

/// What the program is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the API.
    Serve(Serve),
    /// Import a backlog, one JSON record a line.
    Import(Import),
    /// Print the OpenAPI document.
    Openapi,
    /// Bring the database to the present schema.
    Migrate,
    /// Prove that what is stored is what its history says. Exit code 0: it is; 1: it is not; 2: could not tell.
    Verify(Verify),
    /// Copy a SQLite database into a new file, also while it is served; the secret is not in it.
    Backup(Backup),
    /// Put a backup where the SQLite database is, checked and verified; never while it is served.
    Restore(Restore),
    /// Manage local accounts.
    #[command(subcommand)]
    User(User),
    /// Begin the tree of agencies; everything else about them is done over the API.
    #[command(subcommand)]
    Agency(Agency),
    /// Look at the keys that sign tokens, or change them.
    #[command(subcommand)]
    Keys(Keys),
}

/// How to serve.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Serve {
    /// Add demo agencies, officials, a client and petitions; listens on loopback only.
    #[arg(long)]
    pub demo: bool,
    /// Start a sandbox at this instant, such as 2026-11-23T14:00:00+07:00.
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub clock: Option<Instant>,
}

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Import {
    /// JSON lines, plain or gzip.
    pub file: PathBuf,
    /// Create agencies and fields that the file names and the database does not know.
    #[arg(long)]
    pub create_missing: bool,
}

/// What to do about agencies.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Agency {
    /// Add an agency; the first one takes what no other serves.
    Add(AgencyAdd),
}

/// The agency to add.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AgencyAdd {
    /// Its code: digits, capitals A–Z and dots, such as H29.
    #[arg(long, value_parser = parse_agency_code)]
    pub code: String,
    /// Its name.
    #[arg(long)]
    pub name: String,
    /// Its tier.
    #[arg(long, value_parser = parse_code::<Level>)]
    pub level: Level,
    /// Code of the agency above it.
    #[arg(long, value_parser = parse_agency_code)]
    pub parent: Option<String>,
}

/// What to prove.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Verify {
    /// A head that an earlier verification or backup printed: nothing up to it may be gone or replaced.
    #[arg(long, value_name = "HEAD")]
    pub expect: Option<Head>,
    /// How many differences to name; all are counted.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub findings: u64,
}

/// Where to copy to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Backup {
    /// A file that does not exist yet.
    pub file: PathBuf,
}

/// What to put in place.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Restore {
    /// What `backup` wrote.
    pub file: PathBuf,
    /// Set a database aside that stands there already; it is kept under another name.
    #[arg(long)]
    pub force: bool,
}

/// What to do about local accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum User {
    /// Add an official with one grant; the password is the first line of standard input.
    Add(UserAdd),
}

/// What to do about the keys that sign tokens.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Keys {
    /// Print every key and where it stands.
    List,
    /// Let the waiting key sign, and publish another that waits.
    Rotate(KeysRotate),
}

/// How to change the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct KeysRotate {
    /// The keys may be known to somebody: withdraw all of them at once. Every access token must be renewed.
    #[arg(long)]
    pub now: bool,
}

/// The official to add.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct UserAdd {
    /// Name to sign in with.
    #[arg(long)]
    pub username: String,
    /// Name as it stands under a reply.
    #[arg(long)]
    pub full_name: String,
    /// Position, such as "Chủ tịch UBND xã".
    #[arg(long)]
    pub position: String,
    /// Code of the official's agency.
    #[arg(long, value_parser = parse_agency_code)]
    pub agency: String,
    /// Role granted in that agency and below it.
    #[arg(long, value_parser = parse_code::<Role>)]
    pub role: Role,
    /// Grant the role for the whole installation instead.
    #[arg(long)]
    pub whole_installation: bool,
    /// Strictest visibility the grant reaches.
    #[arg(long, value_parser = parse_code::<Visibility>, default_value = "parties_only")]
    pub ceiling: Visibility,
}

fn parse_instant(text: &str) -> Result<Instant, String> {
    text.parse().map_err(|_| "expected an instant with offset, such as 2026-11-23T14:00:00+07:00".to_owned())
}

pub(super) fn parse_agency_code(text: &str) -> Result<String, String> {
    match check_agency_code("", text) {
        None => Ok(text.to_owned()),
        Some(error) => Err(error.words.en),
    }
}

fn parse_code<C: Code>(text: &str) -> Result<C, String> {
    C::parse(text).ok_or_else(|| {
        let codes: Vec<&str> = C::ALL.iter().map(|code| code.as_str()).collect();
        format!("expected one of {}", codes.join(", "))
    })
}
