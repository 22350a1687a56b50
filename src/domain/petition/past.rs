//! What of the past may no longer be shown.

use std::collections::HashSet;

use crate::domain::{act::Act, event::Event, id::TextId, prose::Prose};

/// The public words that were taken down in the end: an answer about the past leaves them out as well, because the
/// reason, somebody's name in them for one, holds for the past too.
pub fn taken_down<'e>(events: impl IntoIterator<Item = &'e Event>) -> HashSet<TextId> {
    let (mut public, mut hidden) = (HashSet::new(), HashSet::new());
    for event in events {
        match &event.record.act {
            Act::Classification(facts) => public.extend(kept([&facts.public_title, &facts.public_summary])),
            Act::Reclassification(facts) => public.extend(kept([&facts.public_title, &facts.public_summary])),
            Act::Publication(facts) => public.extend(facts.public_text.kept()),
            Act::Takedown(_) => hidden.extend(public.drain()),
            _ => {}
        }
    }
    hidden
}

fn kept(words: [&Option<Prose>; 2]) -> impl Iterator<Item = TextId> {
    words.into_iter().filter_map(|prose| prose.as_ref()?.kept())
}
