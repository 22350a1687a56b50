//! How many calls of a kind a client may make: an allowance that is used up call by call and grows back evenly
//! (the generic cell rate algorithm), so that a minute's worth may come at once and no more than that follows.
//!
//! Limits live in real time, whatever a sandbox clock shows. The arithmetic here counts in memory; where several
//! processes share a database, what protects is counted there by the same rule.

use std::sync::Arc;

use super::{App, Error, clock::Clock};
use crate::store::limits::{self, Taking};

/// The span in which an allowance grows back, in microseconds.
const WINDOW: i64 = 60_000_000;
const SECOND: i64 = 1_000_000;
/// Bytes of the digest under which the database knows a client.
const DIGEST: usize = 16;

/// The limits of this installation; 0 is no limit.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Calls a minute, for each policy in the order of [`Policy::ALL`].
    pub calls: [u32; 6],
    /// Failed proofs of identity before a lock: of one name, or of one code from one address.
    pub failures: u32,
    /// The same of one address, or of one code from all addresses.
    pub failures_of_many: u32,
    /// The first lock in seconds; each further one is twice as long.
    pub lock_seconds: u32,
    /// The longest lock in seconds.
    pub longest_lock_seconds: u32,
    /// What time it is for limits.
    pub clock: Arc<Clock>,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Signing in, for each address.
    SignIn,
    /// Showing access keys, for each address.
    Tracking,
    /// Petitions, for each address.
    Submission,
    /// Petitions, for each caller with a token.
    CallerSubmission,
    /// All other calls with a token, for each caller.
    Caller,
    /// All other calls, for each address.
    Read,
}

/// How an allowance stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub policy: Policy,
    /// Calls a minute.
    pub limit: u32,
    /// Calls left.
    pub left: u32,
    /// Seconds until there is one more; 0 when it is whole.
    pub next: u32,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 6] =
        [Self::SignIn, Self::Tracking, Self::Submission, Self::CallerSubmission, Self::Caller, Self::Read];

    /// Its name in the `RateLimit` fields and in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Tracking => "tracking",
            Self::Submission => "submission",
            Self::CallerSubmission => "submission-per-caller",
            Self::Caller => "caller",
            Self::Read => "read",
        }
    }

    /// Whether it protects people or the installation, and so holds over all processes together.
    pub fn is_shared(self) -> bool {
        !matches!(self, Self::Caller | Self::Read)
    }
}

impl Limits {
    /// No limits at all.
    pub fn off() -> Self {
        Self {
            calls: [0; 6],
            failures: 0,
            failures_of_many: 0,
            lock_seconds: 0,
            longest_lock_seconds: 0,
            clock: Arc::new(Clock::real()),
        }
    }

    /// Calls a minute of a policy; nothing when it is off.
    pub fn of(&self, policy: Policy) -> Option<Allowance> {
        let place = Policy::ALL.iter().position(|one| *one == policy)?;
        let limit = self.calls.get(place).copied().filter(|limit| *limit > 0)?;
        Some(Allowance { policy, limit })
    }

    /// What time it is for limits, in microseconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().micros()
    }
}

/// The limit of one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    policy: Policy,
    limit: u32,
}

impl Allowance {
    /// Which policy it is of.
    pub fn policy(self) -> Policy {
        self.policy
    }

    fn taking(self, now: i64) -> Taking {
        Taking { now, step: WINDOW / i64::from(self.limit), window: WINDOW }
    }

    /// When it will be whole again after one more call; nothing when none is left.
    pub fn take(self, whole_at: i64, now: i64) -> Option<i64> {
        let Taking { step, window, .. } = self.taking(now);
        (whole_at <= now + window - step).then(|| whole_at.max(now) + step)
    }

    /// How it stands when it will be whole at an instant.
    pub fn standing(self, whole_at: i64, now: i64) -> Standing {
        let Taking { step, window, .. } = self.taking(now);
        let used = (whole_at - now).clamp(0, window);
        let left = (window - used) / step;
        // One more fits as soon as what is used has shrunk far enough.
        let until = (used - (window - step * (left + 1))).clamp(0, used);
        Standing {
            policy: self.policy,
            limit: self.limit,
            left: u32::try_from(left).unwrap_or_default().min(self.limit),
            next: u32::try_from(until.div_euclid(SECOND) + i64::from(until % SECOND > 0)).unwrap_or(1),
        }
    }

    /// Takes one call in the database, which all processes share; the refusal says when to come back.
    pub async fn take_shared(self, app: &App, subject: u128) -> Result<Standing, Error> {
        let key = key(app, self.policy, subject);
        let (again, now) = (key.clone(), app.options().limits.now());
        let taking = self.taking(now);
        let taken: Result<_, Error> = app.db().alone(move |c| limits::take(c, &key, taking)).await;
        if let Some(whole_at) = taken? {
            return Ok(self.standing(whole_at, now));
        }
        let whole_at: Result<_, Error> = app.db().alone(move |c| limits::whole_at(c, &again)).await;
        Err(self.refusal(self.standing(whole_at?.unwrap_or(now), now)))
    }

    /// What is told when none is left.
    pub fn refusal(self, standing: Standing) -> Error {
        Error::TooMany { policy: self.policy.name(), seconds: standing.next.max(1) }
    }
}

/// The database holds digests: neither an address nor an account can be read there.
fn key(app: &App, policy: Policy, subject: u128) -> Vec<u8> {
    let text = [policy.name().as_bytes(), &subject.to_be_bytes()].concat();
    let mut digest = app.secret().blind(&text).to_vec();
    digest.truncate(DIGEST);
    digest
}

/// Forgets, in the database, what no longer limits anybody.
pub fn forget_old(app: &App) -> Result<usize, Error> {
    let now = app.options().limits.now();
    app.write_now(move |tx, _| Ok(limits::forget(tx, now)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance { policy: Policy::Submission, limit: 30 };

    #[test]
    fn a_minutes_worth_may_come_at_once_and_grows_back_evenly() {
        let mut whole_at = 0;
        let now = 1_000_000_000_000;
        assert_eq!(ALLOWANCE.standing(whole_at, now).left, 30);
        for call in 1..=30 {
            whole_at = ALLOWANCE.take(whole_at, now).unwrap();
            let standing = ALLOWANCE.standing(whole_at, now);
            assert_eq!((standing.left, standing.next), (30 - call, 2), "after call {call}");
        }
        assert_eq!(ALLOWANCE.take(whole_at, now), None);
        assert_eq!(ALLOWANCE.take(whole_at, now + 1_999_999), None);
        let later = now + 2 * SECOND;
        whole_at = ALLOWANCE.take(whole_at, later).unwrap();
        assert_eq!(ALLOWANCE.standing(whole_at, later).left, 0);
        let standing = ALLOWANCE.standing(whole_at, later + 500_000);
        assert_eq!((standing.left, standing.next), (0, 2), "never told to come back too early");
        let rested = later + 2 * WINDOW;
        assert_eq!(ALLOWANCE.standing(whole_at, rested), Standing { left: 30, next: 0, ..standing });
    }

    #[test]
    fn who_was_told_to_come_back_is_let_in_then() {
        for limit in [1, 7, 10, 30, 59, 61, 3000, 1_000_000] {
            let allowance = Allowance { policy: Policy::Read, limit };
            let (mut whole_at, now) = (0, 5_000_000);
            let mut calls = 0;
            while let Some(next) = allowance.take(whole_at, now) {
                whole_at = next;
                calls += 1;
            }
            assert!((limit..=limit + limit / 100 + 1).contains(&calls), "{calls} of {limit}");
            let standing = allowance.standing(whole_at, now);
            assert_eq!(standing.left, 0);
            assert!(allowance.take(whole_at, now + i64::from(standing.next) * SECOND).is_some(), "{limit}");
        }
    }
}
