//! What is asked: overdue, its summary, and how a year came out; today, and as it stood two years ago.

use std::fmt;

use serde_json::Value;

use crate::{Fault, client::request, server::Served};

/// The moment of the past.
const AS_OF: &str = "2024-11-23T07:00:00Z";
/// Rows on a page: the most there may be.
const LIMIT: usize = 100;
/// The page deep in the list.
const DEEP: usize = 100;

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum About {
    FirstPage,
    /// The hundredth page, or the last full one of a list with fewer.
    DeepPage,
    Summary,
    Timeliness,
}

/// When one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum When {
    Today,
    TwoYearsAgo,
}

/// A question about a moment.
pub(crate) type Question = (About, When);

/// Every question, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = Question> {
    let moments = [When::Today, When::TwoYearsAgo];
    let about = [About::FirstPage, About::DeepPage, About::Summary, About::Timeliness];
    moments.into_iter().flat_map(move |when| about.map(|about| (about, when)))
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstPage => "overdue, page 1",
            Self::DeepPage => "overdue, page 100",
            Self::Summary => "summary",
            Self::Timeliness => "timeliness",
        })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Today => "today",
            Self::TwoYearsAgo => "two years ago",
        })
    }
}

/// A question as it goes over the wire.
pub(crate) struct Asked {
    pub(crate) request: Vec<u8>,
    /// A page with another number than was wanted.
    pub(crate) page: Option<usize>,
    /// How many rows of the list stand before and on that page, or how many the summary counts.
    pub(crate) rows: Option<usize>,
}

/// Somebody signed in who may see everything.
pub(crate) struct Reader<'s> {
    server: &'s Served,
    bearer: String,
}

impl<'s> Reader<'s> {
    pub(crate) fn sign_in(server: &'s Served, username: &str) -> Result<Self, Fault> {
        Ok(Self { server, bearer: format!("Bearer {}", server.sign_in(username)?) })
    }

    /// What he shows of himself.
    pub(crate) fn bearer(&self) -> &str {
        &self.bearer
    }

    /// The request of a path.
    pub(crate) fn request(&self, path: &str) -> Vec<u8> {
        request("GET", path, &[("Authorization", &self.bearer)], "")
    }

    fn read(&self, path: &str) -> Result<Value, Fault> {
        let answer = self.server.ask(&self.request(path)).map_err(|fault| format!("{path}: {fault}"))?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// A question ready to be asked again and again.
    pub(crate) fn ask(&self, (about, when): Question) -> Result<Asked, Fault> {
        let as_of = if when == When::Today { String::new() } else { format!("&as_of={AS_OF}") };
        let years = if when == When::Today { (2025, 2026) } else { (2023, 2024) };
        match about {
            About::FirstPage => self.page(1, &as_of),
            About::DeepPage => self.page(DEEP, &as_of),
            About::Summary => {
                let path = format!("/v1/overdue/summary?group_by=agency{as_of}");
                let total = self.read(&path)?.get("total").and_then(Value::as_u64);
                let rows = total.map(usize::try_from).transpose()?;
                Ok(Asked { request: self.request(&path), page: None, rows })
            }
            About::Timeliness => {
                let path =
                    format!("/v1/reports/timeliness?from={}-11-23&to={}-11-23{as_of}", years.0, years.1);
                self.read(&path)?;
                Ok(Asked { request: self.request(&path), page: None, rows: None })
            }
        }
    }

    /// Walks to a page, or to the last full one.
    fn page(&self, wanted: usize, as_of: &str) -> Result<Asked, Fault> {
        let begin = format!("/v1/overdue?limit={LIMIT}{as_of}");
        let mut path = begin.clone();
        for number in 1.. {
            let next = self.read(&path)?.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
            match next {
                Some(cursor) if number < wanted => {
                    let after = format!("{begin}&cursor={cursor}");
                    let full = self.read(&after)?.get("items").and_then(Value::as_array).map(Vec::len);
                    if full == Some(LIMIT) {
                        path = after;
                        continue;
                    }
                }
                _ => {}
            }
            let page = (number != wanted).then_some(number);
            return Ok(Asked { request: self.request(&path), page, rows: Some(number * LIMIT) });
        }
        Err("a list without pages".into())
    }

    /// That every list, summary and report reads what was written.
    pub(crate) fn look_around(&self) -> Result<(), Fault> {
        let lists =
            ["petitions", "overdue", "due-soon", "paused", "without-clock", "forwarded-without-result"];
        for list in lists {
            let found = self.read(&format!("/v1/{list}?limit={LIMIT}"))?;
            let items = found.get("items").and_then(Value::as_array).ok_or("a list without items")?;
            // A few petitions may leave the rarer lists empty.
            let Some(id) = items.first().and_then(|first| first.get("id")?.as_str()) else { continue };
            for path in ["", "/deadlines", "/events"] {
                self.read(&format!("/v1/petitions/{id}{path}"))?;
            }
        }
        for report in ["timeliness", "flow", "rates", "xld01", "anomalies"] {
            self.read(&format!("/v1/reports/{report}?from=2026-10-23&to=2026-11-23"))?;
        }
        Ok(())
    }
}
