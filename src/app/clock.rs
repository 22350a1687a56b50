//! The one place where the wall clock is read and identifiers are drawn; everything else gets `now` as an argument.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{id::Id, time::Instant};

/// What time it is for the domain and its jobs: the real time, or in a sandbox a time one can turn forward.
///
/// Tokens, limits and logs use `real_now`, whatever the sandbox says.
#[derive(Debug)]
pub struct Clock(Option<Mutex<Sandbox>>);

/// The sandbox showed `shown` when the real time was `real`, and has run on since, unless it stands.
#[derive(Debug, Clone, Copy)]
struct Sandbox {
    shown: Instant,
    real: Instant,
    stands: bool,
}

/// Why a sandbox clock was not turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTurned {
    /// The clock is the real one.
    Real,
    /// It would have gone back.
    Backwards,
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn real_now() -> Instant {
    Instant::new(Timestamp::now())
}

/// A new identifier; ordered by the real time of its making.
#[expect(clippy::disallowed_methods, reason = "this is the one place that draws identifiers")]
pub fn new_id<K>() -> Id<K> {
    Id::new(Uuid::now_v7())
}

impl Clock {
    /// The clock of a production installation.
    pub fn real() -> Self {
        Self(None)
    }

    /// A sandbox clock that shows `start` now and runs on from there.
    pub fn sandbox(start: Instant) -> Self {
        Self(Some(Mutex::new(Sandbox { shown: start, real: real_now(), stands: false })))
    }

    /// A clock that moves only when it is turned: limits are tested with it.
    pub fn standing(start: Instant) -> Self {
        Self(Some(Mutex::new(Sandbox { shown: start, real: start, stands: true })))
    }

    /// Whether this clock can be turned.
    pub fn is_sandbox(&self) -> bool {
        self.0.is_some()
    }

    /// The present instant of the domain.
    pub fn now(&self) -> Instant {
        match &self.0 {
            None => real_now(),
            Some(sandbox) => lock(sandbox).at(real_now()),
        }
    }

    /// Turns the sandbox forward to an instant, which it then shows; returns that instant.
    pub fn set(&self, target: Instant) -> Result<Instant, NotTurned> {
        self.turn(|_| target)
    }

    /// Turns the sandbox forward by so many microseconds; returns what it then shows.
    pub fn advance(&self, micros: i64) -> Result<Instant, NotTurned> {
        self.turn(|now| now.plus_micros(micros))
    }

    fn turn(&self, target: impl FnOnce(Instant) -> Instant) -> Result<Instant, NotTurned> {
        let mut sandbox = lock(self.0.as_ref().ok_or(NotTurned::Real)?);
        let real = real_now();
        let now = sandbox.at(real);
        let target = target(now);
        if target < now {
            return Err(NotTurned::Backwards);
        }
        *sandbox = Sandbox { shown: target, real, ..*sandbox };
        Ok(target)
    }
}

impl Sandbox {
    /// What the sandbox shows at a real time; a real clock that was set back stops it and does not turn it back.
    fn at(self, real: Instant) -> Instant {
        if self.stands {
            return self.shown;
        }
        self.shown.plus_micros(real.micros().saturating_sub(self.real.micros()).max(0))
    }
}

/// A poisoned lock still holds two sound instants.
fn lock(sandbox: &Mutex<Sandbox>) -> std::sync::MutexGuard<'_, Sandbox> {
    sandbox.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_sandbox_runs_on_from_its_instant_and_never_goes_back() {
        let start = at("2026-11-23T14:00:00+07:00");
        let clock = Clock::sandbox(start);
        let first = clock.now();
        assert!(first >= start && clock.now() >= first);

        let target = at("2026-12-01T08:00:00+07:00");
        assert_eq!(clock.set(target), Ok(target));
        assert!(clock.now() >= target);
        assert_eq!(clock.set(start), Err(NotTurned::Backwards));
        assert_eq!(clock.advance(-1_000_000_000), Err(NotTurned::Backwards));
        assert!(clock.advance(86_400_000_000).unwrap() >= at("2026-12-02T08:00:00+07:00"));
    }

    #[test]
    fn a_real_clock_that_is_set_back_does_not_turn_the_sandbox_back() {
        let sandbox =
            Sandbox { shown: at("2026-01-01T00:00:00Z"), real: at("2026-06-01T00:00:00Z"), stands: false };
        assert_eq!(sandbox.at(at("2026-05-01T00:00:00Z")), sandbox.shown);
        assert_eq!(sandbox.at(at("2026-06-01T00:00:05Z")), at("2026-01-01T00:00:05Z"));
    }

    #[test]
    fn a_standing_clock_moves_when_it_is_turned() {
        let clock = Clock::standing(at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.now(), at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.advance(1_000_000), Ok(at("2026-01-01T00:00:01Z")));
        assert_eq!(clock.now(), at("2026-01-01T00:00:01Z"));
    }

    #[test]
    fn the_real_clock_cannot_be_turned() {
        assert!(!Clock::real().is_sandbox());
        assert_eq!(Clock::real().advance(1), Err(NotTurned::Real));
    }
}
