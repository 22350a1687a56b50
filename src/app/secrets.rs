//! The installation secret and what is derived from it; random bytes, digests and comparison in constant time.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    constant_time, digest as hash, hkdf, hmac, rand,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::error::Error;
use crate::domain::{id::PetitionId, identifiers::AccessKey};

/// Fewest characters of a configured secret.
pub const SECRET_MINIMUM: usize = 32;
const NONCE: usize = 12;
const ACCESS_KEY_BYTES: usize = 13;

/// A text that neither `Debug` nor a log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

/// Where the secret comes from when the setting is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretHome {
    /// A file with mode 0600 beside this SQLite database file, made on first use.
    BesideFile(PathBuf),
    /// Nowhere: several processes share a PostgreSQL database and must be given the same setting.
    SettingOnly,
}

/// Why there is no secret; for the operator at the start of the program.
#[derive(Debug)]
pub enum SecretFault {
    /// The setting is shorter than `SECRET_MINIMUM`.
    TooShort,
    /// There is no setting, and no file can stand in for it.
    Missing,
    /// The file is readable by others than its owner.
    Exposed(PathBuf),
    /// The file cannot be read or made.
    File(PathBuf, io::Error),
    /// The operating system gave no random bytes, or a key could not be derived.
    Crypto,
}

/// The keys derived from the one secret of this installation (HKDF-SHA256, one label each).
pub struct InstallationSecret {
    cursor: hmac::Key,
    access: hmac::Key,
    blinding: hmac::Key,
    refresh: hmac::Key,
    sealing: RandomizedNonceKey,
}

/// What cannot be opened was sealed with another secret, for another purpose, or changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpened;

impl SecretText {
    /// Wraps a secret that came from the environment or a file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl InstallationSecret {
    /// Takes the setting, else the file beside the database.
    pub fn load(setting: Option<&SecretText>, home: &SecretHome) -> Result<Self, SecretFault> {
        match (setting, home) {
            (Some(text), _) => Self::derive(&text.0),
            (None, SecretHome::SettingOnly) => Err(SecretFault::Missing),
            (None, SecretHome::BesideFile(database)) => Self::derive(&read_or_make(database)?),
        }
    }

    /// Derives the keys of a secret of at least `SECRET_MINIMUM` characters.
    pub fn derive(secret: &str) -> Result<Self, SecretFault> {
        if secret.trim().chars().count() < SECRET_MINIMUM {
            return Err(SecretFault::TooShort);
        }
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"kiennghi/1").extract(secret.trim().as_bytes());
        let key = |label: &str| -> Result<[u8; 32], SecretFault> {
            let mut bytes = [0; 32];
            let info = [label.as_bytes()];
            root.expand(&info, hkdf::HKDF_SHA256)
                .and_then(|material| material.fill(&mut bytes))
                .map_err(|_| SecretFault::Crypto)?;
            Ok(bytes)
        };
        Ok(Self {
            cursor: hmac::Key::new(hmac::HMAC_SHA256, &key("cursor")?),
            access: hmac::Key::new(hmac::HMAC_SHA256, &key("access-key")?),
            blinding: hmac::Key::new(hmac::HMAC_SHA256, &key("blinding")?),
            refresh: hmac::Key::new(hmac::HMAC_SHA256, &key("refresh-token")?),
            sealing: RandomizedNonceKey::new(&AES_256_GCM, &key("sealing")?)
                .map_err(|_| SecretFault::Crypto)?,
        })
    }

    /// The key that signs cursors.
    pub(super) fn cursor_key(&self) -> &hmac::Key {
        &self.cursor
    }

    /// The access key of a petition: the same on every call, so that no store needs to hold it.
    pub fn access_key(&self, petition: PetitionId) -> AccessKey {
        let tag = hmac::sign(&self.access, petition.uuid().as_bytes());
        let mut bytes = [0; ACCESS_KEY_BYTES];
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(byte, from)| *byte = *from);
        AccessKey::from_bytes(bytes)
    }

    /// A digest under which something can be counted without being named: who has the database alone cannot find
    /// out what it stands for.
    pub(super) fn blind(&self, text: &[u8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        let tag = hmac::sign(&self.blinding, text);
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(byte, from)| *byte = *from);
        bytes
    }

    /// The refresh token that follows a spent one: the same on every call, so that a retry can be given it again.
    pub fn successor(&self, spent: &[u8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        let tag = hmac::sign(&self.refresh, spent);
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(byte, from)| *byte = *from);
        bytes
    }

    /// Encrypts and authenticates a row for storage; `purpose` (table and key of the row) must be given again
    /// to open it. The form is nonce, ciphertext, tag.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut body = plain.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok([nonce.as_ref().as_slice(), &body].concat())
    }

    /// Opens what `seal` made for the same purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or(NotOpened)?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .sealing
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| NotOpened)?;
        Ok(plain.to_vec())
    }
}

/// Random bytes of the operating system's quality.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::internal("no random bytes"))?;
    Ok(bytes)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&[], bytes)
}

/// The digest by which an event commits to a text: SHA-256 of salt and text. The salt has a fixed length.
pub fn digest(salt: &[u8], text: &[u8]) -> [u8; 32] {
    let mut context = hash::Context::new(&hash::SHA256);
    context.update(salt);
    context.update(text);
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(context.finish().as_ref()).for_each(|(byte, from)| *byte = *from);
    bytes
}

/// Whether two secrets are equal, in a time that depends on their lengths alone.
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// The path of the secret beside a database file.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".secret");
    PathBuf::from(name)
}

/// Reads the file; if there is none, makes it. Of two processes that do so at once, both use the file of the first.
fn read_or_make(database: &Path) -> Result<String, SecretFault> {
    let path = beside(database);
    let fault = |error| SecretFault::File(path.clone(), error);
    if !path.try_exists().map_err(fault)? {
        make(&path).map_err(fault)?;
    }
    refuse_exposed(&path)?;
    fs::read_to_string(&path).map_err(fault)
}

/// Writes a whole file under another name first: nobody can read half a secret.
fn make(path: &Path) -> io::Result<()> {
    let bytes = random::<33>().map_err(|_| io::Error::other("no random bytes"))?;
    let suffix = random::<6>().map_err(|_| io::Error::other("no random bytes"))?;
    let draft = path.with_extension(format!("secret.{:02x?}", suffix).replace(['[', ']', ',', ' '], ""));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(STANDARD_NO_PAD.encode(bytes).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), SecretFault> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|error| SecretFault::File(path.to_owned(), error))?;
    match metadata.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(SecretFault::Exposed(path.to_owned())),
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path) -> Result<(), SecretFault> {
    Ok(())
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl fmt::Debug for InstallationSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallationSecret(…)")
    }
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "the installation secret needs at least {SECRET_MINIMUM} characters"),
            Self::Missing => f.write_str("KIENNGHI_SECRET is required with PostgreSQL"),
            Self::Exposed(path) => write!(f, "{} must be readable by its owner alone (0600)", path.display()),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Crypto => f.write_str("no random bytes, or no key could be derived"),
        }
    }
}

impl std::error::Error for SecretFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::clock::new_id;

    const TEXT: &str = "a secret of at least thirty-two characters";

    #[test]
    fn keys_depend_on_the_secret_and_nothing_else() {
        let (one, same) =
            (InstallationSecret::derive(TEXT).unwrap(), InstallationSecret::derive(TEXT).unwrap());
        let other = InstallationSecret::derive(&TEXT.to_uppercase()).unwrap();
        let petition = new_id();
        assert_eq!(one.access_key(petition), same.access_key(petition));
        assert_ne!(one.access_key(petition), other.access_key(petition));
        assert_ne!(one.access_key(petition), one.access_key(new_id()));

        let sealed = one.seal("signing_key/1", b"plain").unwrap();
        assert_eq!(same.open("signing_key/1", &sealed).unwrap(), b"plain");
        assert_eq!(other.open("signing_key/1", &sealed), Err(NotOpened));
        assert_eq!(one.open("signing_key/2", &sealed), Err(NotOpened));
        assert_eq!(one.open("signing_key/1", &sealed[..5]), Err(NotOpened));
        let mut changed = sealed.clone();
        changed[14] ^= 1;
        assert_eq!(one.open("signing_key/1", &changed), Err(NotOpened));
        assert_ne!(one.seal("signing_key/1", b"plain").unwrap(), sealed, "a nonce is never used twice");
    }

    #[test]
    fn a_secret_must_be_long_and_is_required_without_a_file() {
        assert!(matches!(InstallationSecret::derive("short"), Err(SecretFault::TooShort)));
        assert!(matches!(InstallationSecret::derive(&" ".repeat(40)), Err(SecretFault::TooShort)));
        let missing = InstallationSecret::load(None, &SecretHome::SettingOnly);
        assert!(matches!(missing, Err(SecretFault::Missing)));
    }

    #[test]
    fn the_file_beside_the_database_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("kiennghi.db");
        let home = SecretHome::BesideFile(database.clone());
        let petition = new_id();
        let first = InstallationSecret::load(None, &home).unwrap().access_key(petition);
        assert_eq!(InstallationSecret::load(None, &home).unwrap().access_key(petition), first);
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, [beside(&database)], "no draft stays behind");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&files[0], fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(InstallationSecret::load(None, &home), Err(SecretFault::Exposed(_))));
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let text = SecretText::new(TEXT);
        let printed = format!("{text:?} {:?}", InstallationSecret::derive(TEXT).unwrap());
        assert!(!printed.contains("thirty"), "{printed}");
    }

    #[test]
    fn digests_are_salted_sha256() {
        let hex: String = sha256(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest(b"a", b"bc"), sha256(b"abc"));
        assert!(
            constant_time_eq(b"ab", b"ab")
                && !constant_time_eq(b"ab", b"ac")
                && !constant_time_eq(b"a", b"ab")
        );
    }
}
