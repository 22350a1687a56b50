//! How clocks stand: the one that speaks for a petition, and that of one stage.

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods};

use super::{Clocked, Condition, Plain, clocked, holds, plain, texts};
use crate::{
    domain::{time::Instant, vocabulary::Timeliness},
    store::{
        question::{Against, Moment, Overdue, Question},
        schema::{clock_span, petition, petition_span},
    },
};

/// How the clock that speaks for the petition stands at an instant, as `domain::clock::Clock::timeliness` says it.
fn timeliness(wanted: Timeliness, at: Instant) -> Condition<Plain> {
    let met = petition_span::met_at.is_not_null();
    let late = petition_span::due_at.le(petition_span::met_at).assume_not_null();
    let paused = petition_span::paused_until.gt(at).assume_not_null();
    let rests = petition_span::paused_until.is_not_null().and(paused);
    let awake =
        petition_span::paused_until.is_null().or(petition_span::paused_until.le(at).assume_not_null());
    let due = petition_span::open_due_at.le(at).assume_not_null();
    let ahead = petition_span::open_due_at.gt(at).assume_not_null();
    let soon =
        petition_span::due_soon_at.is_not_null().and(petition_span::due_soon_at.le(at).assume_not_null());
    let calm = petition_span::due_soon_at.is_null().or(petition_span::due_soon_at.gt(at).assume_not_null());
    match wanted {
        Timeliness::Missed => Box::new(met.and(late)),
        Timeliness::Met => {
            let in_time = petition_span::due_at.gt(petition_span::met_at).assume_not_null();
            Box::new(met.and(petition_span::due_at.is_null().or(in_time)))
        }
        Timeliness::Paused => Box::new(rests),
        Timeliness::Overdue => Box::new(due.and(awake)),
        Timeliness::DueSoon => Box::new(ahead.and(awake).and(soon)),
        Timeliness::OnTrack => Box::new(ahead.and(awake).and(calm)),
        Timeliness::None => {
            let idle = petition_span::met_at.is_null().and(petition_span::open_due_at.is_null());
            Box::new(idle.and(awake))
        }
    }
}

/// Every condition of a question about the petition itself: the clock that speaks for it, or its promise.
pub(in crate::store) fn of_petition(question: &Question) -> Vec<Condition<Plain>> {
    let at = question.moment.at();
    let mut all = plain::of(question);
    match question.filters.overdue {
        None => {}
        Some(Overdue { by, against: Against::Promise }) => {
            all.push(Box::new(petition::promised_due_at.le(by).assume_not_null()));
            // The promise is about the first round, and what was met is not late.
            all.push(Box::new(petition_span::round1_outcome.eq("open").and(petition_span::met_at.is_null())));
        }
        Some(Overdue { by, .. }) => {
            all.push(Box::new(petition_span::open_due_at.le(by).assume_not_null()));
            let awake = petition_span::paused_until.le(at).assume_not_null();
            all.push(Box::new(petition_span::paused_until.is_null().or(awake)));
            if knows_ends(question.moment) {
                all.push(texts::was_overdue());
            }
        }
    }
    if let Some(wanted) = question.filters.timeliness {
        all.push(timeliness(wanted, at));
    }
    all
}

/// Whether a moment is past and knows of everything recorded by then: by what was known before, something that ended in
/// time may seem late.
fn knows_ends(moment: Moment) -> bool {
    match moment {
        Moment::Now(_) => false,
        Moment::Past(_) => true,
        Moment::Known { at, by } => at <= by,
    }
}

/// The same for a count of what is overdue, with what tells PostgreSQL how few they are. A page is better off without:
/// it walks an index in its order, and would be sorted instead.
pub(in crate::store) fn of_counted(question: &Question) -> Vec<Condition<Plain>> {
    let mut all = of_petition(question);
    if let Some(Overdue { by, against: Against::Official }) = question.filters.overdue {
        match question.moment {
            Moment::Now(_) => all.push(texts::present_due(by)),
            moment if knows_ends(moment) => all.push(texts::was_due(by)),
            _ => {}
        }
    }
    all
}

/// Every condition of a question about a clock of the petition's round: that of the stage asked for, else the one that
/// speaks for the petition.
pub(in crate::store) fn of_clock(question: &Question) -> Vec<Condition<Clocked>> {
    let at = question.moment.at();
    let mut all = clocked::of(question);
    all.push(match question.filters.clock {
        Some(stage) => Box::new(clock_span::stage.eq(stage)),
        None => Box::new(clock_span::stage.nullable().eq(petition_span::clock_stage).assume_not_null()),
    });
    all.push(Box::new(clock_span::round.eq(petition_span::round)));
    all.push(holds!(clock_span, question.moment));
    let Some(Overdue { by, against }) = question.filters.overdue else { return all };
    all.push(match against {
        Against::Official => Box::new(clock_span::open_due_at.le(by).assume_not_null()),
        Against::FirstDeadline => Box::new(clock_span::first_due_at.le(by).assume_not_null()),
        Against::Promise => Box::new(petition::promised_due_at.le(by).assume_not_null()),
    });
    all.push(match against {
        Against::Official => {
            let awake = clock_span::paused_until.le(at).assume_not_null();
            Box::new(clock_span::paused_until.is_null().or(awake))
        }
        Against::FirstDeadline | Against::Promise => Box::new(clock_span::ended_at.is_null()),
    });
    all
}
