//! Patterns for queue names.

use std::fmt;
use std::sync::Arc;

/// A pattern for queue names: `*` is any characters (dots too), `?` is one, `[a-z]` is one of a class (`[!a-z]` one that
/// is not in it). It has to match the whole name. A `*`, `?` or `[` itself is written as a class: `[*]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    pattern: Arc<str>,
    parts: Arc<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Any,
    One(Accepts),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Accepts {
    All,
    Literal(char),
    Class { not: bool, ranges: Vec<(char, char)> },
}

/// Why a pattern is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GlobError {
    /// It is empty, and would match nothing.
    Empty,
    /// A `[` without its `]`.
    Unclosed,
    /// A class without a character: `[]`.
    EmptyClass,
    /// A range from a higher to a lower character: `[z-a]`.
    Backwards {
        /// Where the range starts.
        from: char,
        /// Where it ends.
        to: char,
    },
}

impl std::error::Error for GlobError {}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty pattern matches no queue"),
            Self::Unclosed => f.write_str("`[` is not closed by `]`"),
            Self::EmptyClass => f.write_str("a class `[]` has no character"),
            Self::Backwards { from, to } => write!(f, "the range `{from}-{to}` runs backwards"),
        }
    }
}

impl Glob {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`GlobError`] if the pattern is empty or has a broken class.
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        let mut parts = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            match c {
                // `**` is `*`: two in a row would only cost time.
                '*' if parts.last() == Some(&Part::Any) => {}
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One(Accepts::All)),
                '[' => parts.push(Part::One(class(&mut rest)?.plainly())),
                c => parts.push(Part::One(Accepts::Literal(c))),
            }
        }
        if parts.is_empty() {
            return Err(GlobError::Empty);
        }
        Ok(Self { pattern: pattern.into(), parts: parts.into() })
    }

    /// The pattern `*`.
    pub(super) fn all() -> Self {
        Self { pattern: "*".into(), parts: Arc::new([Part::Any]) }
    }

    /// Whether `name`, as a whole, fits the pattern.
    ///
    /// Takes at most the product of both lengths: on a mismatch only the last `*` takes one character more.
    pub fn matches(&self, name: &str) -> bool {
        let mut part = 0;
        let mut rest = name.chars();
        // Where to go on if what follows the last `*` does not fit: behind that `*`, one character further.
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut ahead = rest.clone();
            match (self.parts.get(part), ahead.next()) {
                (Some(Part::Any), _) => {
                    part += 1;
                    retry = Some((part, rest.clone()));
                    continue;
                }
                (Some(Part::One(accepts)), Some(c)) if accepts.takes(c) => {
                    part += 1;
                    rest = ahead;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((behind, from)) = &mut retry else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            part = *behind;
            rest = from.clone();
        }
    }

    /// How specific it is: an exact name is more than any pattern, then the one with more literal characters.
    pub(crate) fn specificity(&self) -> (bool, usize) {
        let literals = self.parts.iter().filter(|part| matches!(part, Part::One(Accepts::Literal(_)))).count();
        (literals == self.parts.len(), literals)
    }

    /// Whether it is the name of one queue.
    pub(crate) fn is_exact(&self) -> bool {
        self.specificity().0
    }

    /// The same as a regular expression of Prometheus, which has to match the whole name, too.
    pub(crate) fn regex(&self) -> String {
        let part = |part: &Part| match part {
            Part::Any => ".*".to_owned(),
            Part::One(Accepts::All) => ".".to_owned(),
            Part::One(Accepts::Literal(c)) => match c {
                '.' | '*' | '+' | '?' | '(' | ')' | '[' | '{' | '}' | '|' | '$' => format!("[{c}]"),
                '\\' | '^' | ']' => in_class(*c),
                c => c.to_string(),
            },
            Part::One(Accepts::Class { not, ranges }) => {
                let ranges: String =
                    ranges.iter().map(|(from, to)| format!("{}-{}", in_class(*from), in_class(*to))).collect();
                format!("[{}{ranges}]", if *not { "^" } else { "" })
            }
        };
        self.parts.iter().map(part).collect()
    }

    /// The one name that an exact pattern fits.
    pub(crate) fn name(&self) -> Option<String> {
        let literal = |part: &Part| match part {
            Part::One(Accepts::Literal(c)) => Some(*c),
            _ => None,
        };
        self.parts.iter().map(literal).collect()
    }

    /// Whether there is a name that both fit.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let stars = |glob: &Self| glob.parts.contains(&Part::Any);
        match (stars(self), stars(other)) {
            // What follows the first `*` of one, the other's first `*` takes; so only the outer ends have to agree.
            (true, true) => {
                ends_agree(self.parts.iter(), other.parts.iter())
                    && ends_agree(self.parts.iter().rev(), other.parts.iter().rev())
            }
            (false, false) => {
                self.parts.len() == other.parts.len() && ends_agree(self.parts.iter(), other.parts.iter())
            }
            (true, false) => fits(&self.parts, &other.parts),
            (false, true) => fits(&other.parts, &self.parts),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Glob").field(&self.pattern).finish()
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// Whether the parts before the first `*` of either accept a common character each.
fn ends_agree<'p>(one: impl Iterator<Item = &'p Part>, other: impl Iterator<Item = &'p Part>) -> bool {
    let ended = |(one, other): &(&Part, &Part)| **one != Part::Any && **other != Part::Any;
    one.zip(other).take_while(ended).all(|(one, other)| one.agrees(other))
}

/// Whether a name of the form `fixed`, which has no `*`, fits `parts`: as [`Glob::matches`], a place at a time.
fn fits(parts: &[Part], fixed: &[Part]) -> bool {
    let (mut part, mut at, mut retry) = (0, 0, None);
    loop {
        match (parts.get(part), fixed.get(at)) {
            (Some(Part::Any), _) => {
                part += 1;
                retry = Some((part, at));
                continue;
            }
            (Some(one), Some(other)) if one.agrees(other) => {
                (part, at) = (part + 1, at + 1);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((behind, from)) = retry.filter(|(_, from)| *from < fixed.len()) else {
            return false;
        };
        retry = Some((behind, from + 1));
        (part, at) = (behind, from + 1);
    }
}

impl Part {
    /// Whether there is a character that both accept, where both accept one.
    fn agrees(&self, other: &Self) -> bool {
        let (Self::One(one), Self::One(other)) = (self, other) else { return false };
        match (one, other) {
            (Accepts::All, _) | (_, Accepts::All) => true,
            (Accepts::Literal(c), any) | (any, Accepts::Literal(c)) => any.takes(*c),
            // Two classes have a character in common if one of them takes an end of the other's ranges, or what lies
            // just outside of one that is negated.
            (Accepts::Class { ranges: these, .. }, Accepts::Class { ranges: those, .. }) => {
                let ends = these
                    .iter()
                    .chain(those)
                    .flat_map(|(from, to)| [before(*from), Some(*from), Some(*to), after(*to)]);
                ends.flatten().any(|c| one.takes(c) && other.takes(c))
            }
        }
    }
}

fn before(c: char) -> Option<char> {
    ('\0'..c).next_back()
}

fn after(c: char) -> Option<char> {
    (c..=char::MAX).nth(1)
}

impl Accepts {
    /// A class of one character is that character.
    fn plainly(self) -> Self {
        match self {
            Self::Class { not: false, ranges } => match ranges.as_slice() {
                [(from, to)] if from == to => Self::Literal(*from),
                _ => Self::Class { not: false, ranges },
            },
            other => other,
        }
    }

    fn takes(&self, c: char) -> bool {
        match self {
            Self::All => true,
            Self::Literal(literal) => *literal == c,
            Self::Class { not, ranges } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *not,
        }
    }
}

/// Reads a class, its `[` already taken.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Accepts, GlobError> {
    let mut inside = Vec::new();
    loop {
        match rest.next() {
            None => return Err(GlobError::Unclosed),
            // First in its class, `]` would have to mean itself; nobody names a queue so.
            Some(']') => break,
            Some(c) => inside.push(c),
        }
    }
    let (not, mut inside) = match inside.as_slice() {
        ['!' | '^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut ranges = Vec::new();
    loop {
        match inside {
            [] if ranges.is_empty() => return Err(GlobError::EmptyClass),
            [] => return Ok(Accepts::Class { not, ranges }),
            [from, '-', to, ..] if from > to => return Err(GlobError::Backwards { from: *from, to: *to }),
            [from, '-', to, rest @ ..] => {
                ranges.push((*from, *to));
                inside = rest;
            }
            [c, rest @ ..] => {
                ranges.push((*c, *c));
                inside = rest;
            }
        }
    }
}

/// A character as the class of a regular expression has it.
fn in_class(c: char) -> String {
    if c.is_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) }
}

#[cfg(test)]
mod tests;
