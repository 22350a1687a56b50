//! Agencies in time: closing in favour of successors, what moves and what stays, and figures by the structure then or
//! now.

mod figures;
mod land;
mod orders;
mod reform;

use crate::support::Case;

pub(crate) fn cases() -> Vec<Case> {
    [reform::cases(), orders::cases(), figures::cases()].concat()
}
