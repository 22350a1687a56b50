//! Which past of one petition is asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    app::{past::Moments, when::When},
    http::openapi::DayOrInstant,
};

/// The moment at which a petition is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PastQuery {
    /// As it stood at this instant, or at the end of this day: what took effect later does not count. In the future, as
    /// it will stand if nothing happens.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    as_of: Option<When>,
    /// As it was known at this instant, or at the end of this day: what was recorded later does not count.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    recorded_by: Option<When>,
}

impl From<PastQuery> for Moments {
    fn from(query: PastQuery) -> Self {
        Self { as_of: query.as_of, recorded_by: query.recorded_by }
    }
}
