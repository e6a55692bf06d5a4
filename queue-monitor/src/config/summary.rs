//! The sentence a person reads, with placeholders.

use std::fmt;
use std::sync::Arc;

use super::error::{nearest, quoted};
use super::signal::Signal;

/// A parsed template such as `{queue} is {value} full`. A brace itself is written twice: `{{`, `}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pieces: Arc<[Piece]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Filled(Placeholder),
}

/// What a [`Summary`] has filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// The queue's name.
    Queue,
    /// The signal's value.
    Value,
    /// The threshold it is compared with.
    Threshold,
    /// Items in the queue.
    Depth,
    /// Items it may hold.
    Capacity,
    /// Age of its oldest item.
    Oldest,
    /// The alert's severity.
    Severity,
    /// Time until the queue is full.
    Eta,
}

impl Placeholder {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Queue,
        Self::Value,
        Self::Threshold,
        Self::Depth,
        Self::Capacity,
        Self::Oldest,
        Self::Severity,
        Self::Eta,
    ];

    /// Its name between the braces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Value => "value",
            Self::Threshold => "threshold",
            Self::Depth => "depth",
            Self::Capacity => "capacity",
            Self::Oldest => "oldest",
            Self::Severity => "severity",
            Self::Eta => "eta",
        }
    }
}

/// Why a template is none. Each holds where in the template it is: the number of characters before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SummaryError {
    /// There is no such placeholder.
    Unknown {
        /// What stands between the braces.
        name: String,
        /// Where its brace stands.
        at: usize,
    },
    /// A `{` without its `}`.
    Unclosed {
        /// Where it stands.
        at: usize,
    },
    /// A `}` without its `{`.
    Unopened {
        /// Where it stands.
        at: usize,
    },
}

impl SummaryError {
    /// How many characters of the template stand before what is wrong.
    pub fn at(&self) -> usize {
        match self {
            Self::Unknown { at, .. } | Self::Unclosed { at } | Self::Unopened { at } => *at,
        }
    }

    /// The placeholder that was probably meant.
    pub fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::Unknown { name, .. } => nearest(name.trim(), Placeholder::ALL.map(Placeholder::as_str)),
            _ => None,
        }
    }
}

impl std::error::Error for SummaryError {}

impl fmt::Display for SummaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, .. } => write!(f, "unknown placeholder {}", quoted(&format!("{{{name}}}"))),
            Self::Unclosed { .. } => f.write_str("`{` is not closed by `}`"),
            Self::Unopened { .. } => f.write_str("`}` has no `{` before it"),
        }
    }
}

impl Summary {
    /// Parses a template.
    ///
    /// # Errors
    /// [`SummaryError`] for an unknown placeholder or a brace without its partner.
    pub fn new(template: &str) -> Result<Self, SummaryError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = template.chars().enumerate().peekable();
        while let Some((at, c)) = rest.next() {
            match c {
                '{' | '}' if rest.next_if(|(_, next)| *next == c).is_some() => text.push(c),
                '{' => {
                    let placeholder = placeholder(at, &mut rest)?;
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text).into()));
                    }
                    pieces.push(Piece::Filled(placeholder));
                }
                '}' => return Err(SummaryError::Unopened { at }),
                c => text.push(c),
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.into()));
        }
        Ok(Self { pieces: pieces.into() })
    }

    /// What an alert on `signal` says when the file does not.
    pub fn of(signal: Signal) -> Self {
        let text = match signal {
            Signal::Utilization => "{queue} is {value} full ({depth}/{capacity})",
            Signal::UtilizationPeak => "{queue} was up to {value} full ({depth}/{capacity} now)",
            Signal::Depth => "{queue} holds {value} items",
            Signal::DepthPeak => "{queue} held up to {value} items ({depth} now)",
            Signal::Unfinished => "{queue} has {value} items that are not done",
            Signal::OldestAge => "the oldest item in {queue} has waited for {value}",
            Signal::LongestPutWait => "a put into {queue} has waited for {value}",
            Signal::Dwell => "items stay in {queue} for {value}",
            Signal::Stalled => "{queue} holds {depth} items and none was taken for {value}",
            Signal::PutRate => "{queue} takes in {value}",
            Signal::GetRate => "{queue} delivers {value}",
            Signal::DropRate => "{queue} drops {value}",
            Signal::RejectRate => "{queue} is full and rejects {value}",
            Signal::Growth => "{queue} changes by {value} and holds {depth} items",
            Signal::BlockedRatio => "putters of {queue} were blocked {value} of the time",
            Signal::FailedRatio => "{value} of what was done of {queue} failed",
            Signal::TimeToFull => "{queue} is full in {value} ({depth}/{capacity})",
            Signal::TimeToEmpty => "{queue} is empty in {value} ({depth} items)",
        };
        // Each of these is a template; a test holds them to it.
        Self::new(text).unwrap_or_else(|_| Self { pieces: [Piece::Text(text.into())].into() })
    }

    /// Whether it has this placeholder.
    pub fn names(&self, placeholder: Placeholder) -> bool {
        self.pieces.contains(&Piece::Filled(placeholder))
    }

    /// The template in another language.
    pub(crate) fn translated(
        &self,
        text: impl Fn(&str) -> String,
        placeholder: impl Fn(Placeholder) -> String,
    ) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(piece) => text(piece),
            Piece::Filled(filled) => placeholder(*filled),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// Fills in the placeholders; one without a value prints `n/a`.
    pub fn render(&self, fill: impl Fn(Placeholder) -> Option<String>) -> String {
        let mut text = String::new();
        for piece in self.pieces.iter() {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Filled(placeholder) => text.push_str(fill(*placeholder).as_deref().unwrap_or("n/a")),
            }
        }
        text
    }
}

/// Reads a placeholder, its `{` (at `at`) already taken.
fn placeholder(at: usize, rest: &mut impl Iterator<Item = (usize, char)>) -> Result<Placeholder, SummaryError> {
    let mut name = String::new();
    for (_, c) in rest {
        match c {
            '}' => {
                let known = Placeholder::ALL.into_iter().find(|p| p.as_str() == name);
                return known.ok_or(SummaryError::Unknown { name, at });
            }
            '{' => break,
            c => name.push(c),
        }
    }
    Err(SummaryError::Unclosed { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_and_none_prints_as_not_available() {
        let summary = Summary::new("{queue} is {value} full, {{full}} in {eta}").unwrap();
        let text = summary.render(|placeholder| match placeholder {
            Placeholder::Queue => Some("crawl".to_owned()),
            Placeholder::Value => Some("92%".to_owned()),
            _ => None,
        });
        assert_eq!(text, "crawl is 92% full, {full} in n/a");
    }

    #[test]
    fn every_placeholder_can_be_written() {
        for placeholder in Placeholder::ALL {
            let summary = Summary::new(&format!("{{{}}}", placeholder.as_str())).unwrap();
            assert_eq!(summary.render(|asked| (asked == placeholder).then(|| "x".to_owned())), "x");
        }
    }

    #[test]
    fn a_broken_template_says_what_and_where() {
        for (template, message, at, meant) in [
            ("é {quue}", "unknown placeholder `{quue}`", 2, Some("queue")),
            ("{ value }", "unknown placeholder `{ value }`", 0, Some("value")),
            ("{}", "unknown placeholder `{}`", 0, None),
            ("a {queue", "`{` is not closed by `}`", 2, None),
            ("a {que{queue}", "`{` is not closed by `}`", 2, None),
            ("a }", "`}` has no `{` before it", 2, None),
        ] {
            let error = Summary::new(template).unwrap_err();
            assert_eq!((error.to_string().as_str(), error.at(), error.nearest()), (message, at, meant), "{template}");
        }
    }

    #[test]
    fn an_alert_without_a_summary_says_queue_and_value() {
        for signal in Signal::ALL {
            let text = Summary::of(signal).render(|placeholder| Some(format!("<{}>", placeholder.as_str())));
            assert!(text.contains("<queue>") && text.contains("<value>"), "{text}");
        }
    }
}
