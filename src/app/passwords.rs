//! Passwords of local accounts: Argon2id, and the same effort for users who do not exist.
//!
//! Each call takes tens of milliseconds and 19 MiB: run it on a blocking thread, and few at a time.

use std::sync::OnceLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};

use super::error::Error;
use crate::domain::{decide::checks::Checks, prose::normalised};

/// Fewest characters of a new password (NIST SP 800-63B allows no less than 8).
pub const PASSWORD_MINIMUM: usize = 8;
/// Most bytes that are hashed; longer input is refused without work.
const PASSWORD_MAXIMUM: usize = 1024;

/// Checks a new password: its length, and that it is not the name it belongs to.
pub fn check(checks: &mut Checks, pointer: &str, username: &str, password: &str) {
    checks.require(
        password.chars().count() >= PASSWORD_MINIMUM,
        pointer,
        "too_short",
        "Mật khẩu cần ít nhất 8 ký tự.",
        "The password needs at least 8 characters.",
    );
    checks.require(
        password.len() <= PASSWORD_MAXIMUM,
        pointer,
        "too_long",
        "Mật khẩu dài quá 1024 byte.",
        "The password is longer than 1024 bytes.",
    );
    checks.require(
        normalised(password).to_lowercase() != normalised(username).to_lowercase(),
        pointer,
        "is_username",
        "Mật khẩu không được trùng tên đăng nhập.",
        "The password must not be the name you sign in with.",
    );
}

/// The PHC string to store for a password (Argon2id, 19 MiB, two passes).
///
/// Taken in Unicode's composed form (RFC 8265): a terminal and a phone may type one letter differently.
pub fn hash(password: &str) -> Result<String, Error> {
    let hashed: PasswordHash = Argon2::default()
        .hash_password(normalised(password).as_bytes())
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hashed.to_string())
}

/// Whether the password belongs to the stored hash. Without one (unknown or disabled user) the same work is done
/// against a hash of nothing known, so that the time does not tell who exists.
pub fn verify_or_dummy(stored: Option<&str>, password: &str) -> bool {
    if password.len() > PASSWORD_MAXIMUM {
        return false;
    }
    let password = normalised(password);
    let verify = |hash: &str| {
        PasswordHash::new(hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    };
    // Made before the branch: the first unknown user must not take longer either.
    let dummy = dummy();
    match stored {
        Some(hash) => verify(hash),
        None => {
            std::hint::black_box(dummy.is_some_and(verify));
            false
        }
    }
}

/// A hash with today's parameters that no account has; made once.
fn dummy() -> Option<&'static str> {
    static DUMMY: OnceLock<Option<String>> = OnceLock::new();
    DUMMY.get_or_init(|| hash("no account has this password").ok()).as_deref()
}

/// As [`verify_or_dummy`], on a thread where the slow sum holds nobody up.
pub async fn verify_off_thread(stored: Option<String>, password: String) -> Result<bool, Error> {
    let verified = tokio::task::spawn_blocking(move || verify_or_dummy(stored.as_deref(), &password));
    verified.await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_its_own_hash_alone() {
        let stored = hash("mật khẩu dài").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(hash("mật khẩu dài").unwrap(), stored, "each hash has its own salt");
        assert!(verify_or_dummy(Some(&stored), "mật khẩu dài"));
        assert!(!verify_or_dummy(Some(&stored), "mật khẩu dái"));
        let decomposed = "ma\u{302}\u{323}t kha\u{302}\u{309}u da\u{300}i";
        assert!(verify_or_dummy(Some(&stored), decomposed), "whatever the keyboard");
        assert!(!verify_or_dummy(Some("not a hash"), "mật khẩu dài"));
        assert!(!verify_or_dummy(Some(&stored), &"x".repeat(2000)));
    }

    #[test]
    fn a_new_password_is_long_and_not_the_name() {
        let faults = |username: &str, password: &str| {
            let mut checks = Checks::default();
            check(&mut checks, "/p", username, password);
            match checks.finish() {
                Err(crate::domain::refusal::Refusal::Invalid(errors)) => {
                    errors.into_iter().map(|error| error.code).collect()
                }
                _ => Vec::new(),
            }
        };
        assert_eq!(faults("tran.an.binh", "ba con mèo"), Vec::<&str>::new());
        assert_eq!(faults("tran.an.binh", "Tran.An.Binh"), ["is_username"]);
        assert_eq!(faults("an", "ngắn"), ["too_short"]);
        assert_eq!(faults("an", &"dài".repeat(300)), ["too_long"]);
    }

    #[test]
    fn an_unknown_user_is_refused_even_with_the_password_of_the_dummy() {
        assert!(!verify_or_dummy(None, "no account has this password"));
        assert!(!verify_or_dummy(None, "anything"));
    }
}
