//! W3C trace context, as plain data.
//!
//! Parsing and printing follow the W3C recommendation "Trace Context" (level 1, 23 November 2021):
//! `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, lower case, neither id all zeros; a version that is not known
//! is read by its first four fields.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// The context of a trace that an item carries: trace id, span id, flags and, perhaps, `tracestate`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
    tracestate: Option<Box<str>>,
}

impl TraceContext {
    /// A context; none if either id is all zeros, which means "invalid".
    #[must_use]
    pub fn new(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) -> Option<Self> {
        let valid = trace_id != [0; 16] && span_id != [0; 8];
        valid.then_some(Self { trace_id, span_id, flags, tracestate: None })
    }

    /// The same context with the value of a `tracestate` header.
    #[must_use]
    pub fn with_tracestate(mut self, tracestate: &str) -> Self {
        self.tracestate = (!tracestate.is_empty()).then(|| tracestate.into());
        self
    }

    /// The trace.
    #[must_use]
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    /// The span within it.
    #[must_use]
    pub fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// The flags, all eight.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether the caller may have recorded its span.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The value of the `tracestate` header, as it came.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }
}

/// Prints the value of a `traceparent` header.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", self.flags)
    }
}

/// Why a `traceparent` cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContextError(&'static str);

impl fmt::Display for TraceContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a traceparent: {}", self.0)
    }
}

impl Error for TraceContextError {}

/// Reads the value of a `traceparent` header.
impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        const SHAPE: TraceContextError = TraceContextError("expected VERSION-TRACEID-SPANID-FLAGS in lower-case hex");
        let mut fields = text.split('-');
        let mut next = || fields.next().ok_or(SHAPE);
        let ([version], trace_id, span_id, [flags]) = (hex(next()?)?, hex(next()?)?, hex(next()?)?, hex(next()?)?);
        if version == 0xff {
            return Err(TraceContextError("version ff is forbidden"));
        }
        if version == 0 && fields.next().is_some() {
            return Err(TraceContextError("version 00 has four fields"));
        }
        Self::new(trace_id, span_id, flags).ok_or(TraceContextError("an id of zeros is invalid"))
    }
}

fn hex<const N: usize>(text: &str) -> Result<[u8; N], TraceContextError> {
    const DIGITS: TraceContextError = TraceContextError("expected lower-case hex digits, 2, 32, 16 and 2 of them");
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return Err(DIGITS);
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(DIGITS),
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_read_is_printed_again() {
        let context: TraceContext = GOOD.parse().unwrap();
        assert_eq!(context.to_string(), GOOD);
        assert!(context.is_sampled());
        assert_eq!((context.trace_id()[0], context.span_id()[1]), (0x4b, 0xf0));
    }

    #[test]
    fn a_later_version_is_read_by_its_first_fields_and_printed_as_ours() {
        let context: TraceContext = format!("cc{}-what-the-future", &GOOD[2..]).parse().unwrap();
        assert_eq!(context.to_string(), GOOD);
    }

    #[test]
    fn what_the_recommendation_forbids_is_refused() {
        let zeros = "00000000000000000000000000000000";
        let cases = [
            String::new(),
            "00".to_owned(),
            GOOD.to_uppercase(),
            GOOD[..54].to_owned(),
            format!("{GOOD}-extra"),
            format!("{GOOD}0"),
            format!("ff{}", &GOOD[2..]),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", &zeros[..16]),
            GOOD.replace('f', "g"),
            GOOD.replace("4b", "é"),
        ];
        for case in cases {
            assert!(case.parse::<TraceContext>().is_err(), "{case:?}");
        }
    }

    #[test]
    fn tracestate_travels_as_it_came() {
        let context: TraceContext = GOOD.parse().unwrap();
        assert_eq!(context.clone().with_tracestate("a=1,b=2").tracestate(), Some("a=1,b=2"));
        assert_eq!(context.with_tracestate("").tracestate(), None);
    }
}
