//! W3C trace context: which request of which other system this one belongs to.
//!
//! The log names trace and span, so that a line of ours is found from theirs. A header that is not sound begins a
//! trace of our own.

use super::secrets::random;

/// Longest `tracestate` that is handed on, in bytes.
const STATE_LIMIT: usize = 512;

tokio::task_local! {
    static CURRENT: Trace;
}

/// The place of a request in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits, the same through all systems.
    pub trace_id: String,
    /// 16 hexadecimal digits: this request.
    pub span_id: String,
    sampled: bool,
    state: Option<String>,
}

impl Trace {
    /// Goes on with the trace that `traceparent` and `tracestate` name, or begins one.
    pub fn of(parent: Option<&str>, state: Option<&str>) -> Self {
        let span_id = hex(&random::<8>().unwrap_or([1; 8]));
        match parent.and_then(parse) {
            Some((trace_id, sampled)) => {
                let state = state.filter(|text| text.len() <= STATE_LIMIT).map(str::to_owned);
                Self { trace_id, span_id, sampled, state }
            }
            None => Self {
                trace_id: hex(&random::<16>().unwrap_or([1; 16])),
                span_id,
                sampled: false,
                state: None,
            },
        }
    }

    /// Does the work of this request; what it asks of other systems belongs to the trace.
    pub fn around<T>(self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self, work)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let parent = format!("00-{}-{}-0{}", self.trace_id, self.span_id, u8::from(self.sampled));
        let state = self.state.clone().map(|state| ("tracestate", state));
        std::iter::once(("traceparent", parent)).chain(state).collect()
    }
}

/// The headers of a call that is made on behalf of the present request; none outside of one.
pub fn outgoing() -> Vec<(&'static str, String)> {
    CURRENT.try_with(Trace::headers).unwrap_or_default()
}

/// Trace and sampling flag of a `traceparent` (W3C Trace Context §3.2); later versions may have more fields.
fn parse(text: &str) -> Option<(String, bool)> {
    let mut fields = text.split('-');
    let (version, trace_id, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let of_length = |field: &str, length: usize| {
        field.len() == length && field.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let sound = of_length(version, 2)
        && version != "ff"
        && (version != "00" || fields.next().is_none())
        && of_length(trace_id, 32)
        && of_length(parent, 16)
        && of_length(flags, 2)
        && trace_id.bytes().any(|b| b != b'0')
        && parent.bytes().any(|b| b != b'0');
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    sound.then(|| (trace_id.to_owned(), sampled))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(parent: &str) -> Trace {
        Trace::of(Some(parent), Some("vendor=1"))
    }

    #[test]
    fn a_sound_trace_goes_on() {
        let trace = of(&format!("00-{TRACE}-00f067aa0ba902b7-01"));
        assert_eq!(trace.trace_id, TRACE);
        assert_ne!(trace.span_id, "00f067aa0ba902b7", "this request is a span of its own");
        let parent = format!("00-{TRACE}-{}-01", trace.span_id);
        assert_eq!(trace.headers(), [("traceparent", parent), ("tracestate", "vendor=1".to_owned())]);
        assert_eq!(of(&format!("01-{TRACE}-00f067aa0ba902b7-00-more")).trace_id, TRACE);
    }

    #[test]
    fn an_unsound_one_begins_anew() {
        for wrong in [
            "",
            "00",
            "junk",
            &format!("00-{TRACE}-00f067aa0ba902b7"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{TRACE}-0000000000000000-01"),
        ] {
            let trace = of(wrong);
            assert!(trace.trace_id != TRACE && trace.trace_id.len() == 32, "{wrong}");
            assert_eq!(trace.headers().len(), 1, "{wrong}");
        }
    }
}
