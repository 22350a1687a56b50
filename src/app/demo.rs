//! The demo: an invented city with its people and the twelve petitions of the domain facts (§6).
//!
//! Everything goes through the use cases that serve everybody else, at the times at which it would have happened;
//! what lies in the future of this clock is left out.

mod agencies;
mod people;
mod petitions;
mod story;

use super::{App, Error, passwords};

/// Adds what is missing of the demo to an empty or a full database; twice equals once.
///
/// A petition that was begun before is left as it is. One that this database refuses (because its rules or people
/// are others) is left out with a warning: the demo never keeps a server from starting.
pub fn add_missing(app: &App) -> Result<(), Error> {
    let hash = passwords::hash(people::PASSWORD)?;
    let cast = app.write_now(move |tx, world| {
        let agencies = agencies::add(tx, world)?;
        people::add(tx, world, agencies, &hash)
    })?;
    let zone = app.read_now(|_, world| Ok(world.zone().clone()))?;
    for story in petitions::all(&cast, &zone)? {
        let number = story.number();
        match app.write_now(move |tx, world| story::tell(tx, world, &story)) {
            Ok(()) => {}
            Err(Error::Refused(refusal)) => {
                tracing::warn!(number, ?refusal, "a demo petition is refused here and left out");
            }
            Err(error @ (Error::Unauthenticated(_) | Error::NotFound)) => {
                tracing::warn!(number, ?error, "nobody here may take this demo petition: left out");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
