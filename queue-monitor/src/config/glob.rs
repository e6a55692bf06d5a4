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
                '[' => parts.push(Part::One(class(&mut rest)?)),
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

impl Accepts {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "crawl.parse", true),
            ("crawl.*", "crawl.parse.deep", true),
            ("crawl.*", "crawl", false),
            ("crawl", "crawl.parse", false),
            ("parse", "crawl.parse", false),
            ("*.parse", "crawl.parse", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("?", "é", true),
            ("?", "ab", false),
            ("q[0-9]", "q7", true),
            ("q[0-9]", "qx", false),
            ("q[!0-9]", "qx", true),
            ("q[a-cx-]", "q-", true),
            ("q[a-cx-]", "qb", true),
            ("q[a-cx-]", "qd", false),
            ("[*]", "*", true),
            ("[*]", "a", false),
            ("a.b", "axb", false),
            ("**", "a", true),
        ] {
            assert_eq!(Glob::new(pattern).unwrap().matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_broken_pattern_says_why() {
        for (pattern, why) in [
            ("", GlobError::Empty),
            ("a[b", GlobError::Unclosed),
            ("a[]", GlobError::EmptyClass),
            ("a[!]", GlobError::EmptyClass),
            ("[z-a]", GlobError::Backwards { from: 'z', to: 'a' }),
        ] {
            assert_eq!(Glob::new(pattern), Err(why), "{pattern}");
        }
    }

    #[test]
    fn agrees_with_the_plain_definition_on_all_short_names() {
        fn plain(pattern: &[u8], name: &[u8]) -> bool {
            match (pattern, name) {
                ([], []) => true,
                ([b'*', rest @ ..], _) => plain(rest, name) || (!name.is_empty() && plain(pattern, &name[1..])),
                ([b'?', rest @ ..], [_, tail @ ..]) => plain(rest, tail),
                ([c, rest @ ..], [d, tail @ ..]) => c == d && plain(rest, tail),
                _ => false,
            }
        }
        let words = |letters: &'static [u8]| {
            (1..=5_u32).flat_map(move |length| {
                (0..letters.len().pow(length)).map(move |mut number| {
                    let mut word = String::new();
                    for _ in 0..length {
                        word.push(char::from(letters[number % letters.len()]));
                        number /= letters.len();
                    }
                    word
                })
            })
        };
        for pattern in words(b"ab*?") {
            let glob = Glob::new(&pattern).unwrap();
            for name in words(b"ab") {
                assert_eq!(glob.matches(&name), plain(pattern.as_bytes(), name.as_bytes()), "{pattern} on {name}");
            }
        }
    }

    #[test]
    fn many_stars_do_not_explode() {
        // With naive backtracking this would outlast the machine.
        let glob = Glob::new(&("*a".repeat(50) + "*b")).unwrap();
        assert!(!glob.matches(&"a".repeat(5_000)));
    }
}
