//! Files that the loader is tried with: by a grammar, from the corpus with damage, and from the pieces of YAML.

use super::words::{PIECES, VALUES};
use super::{Random, corpus};

const GOOD: &str = include_str!("../config_good.yaml");
const SHIPPED: &str = include_str!("../../../examples/src/bin/crawl/queues.yaml");

/// Makes one file after the other.
pub(crate) struct Maker {
    pub(super) random: Random,
    seeds: Vec<String>,
    /// How far a value of the grammar is likely to be one that does not belong there: once in so many.
    pub(super) fault: usize,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        let seeds =
            [GOOD.to_owned(), SHIPPED.to_owned()].into_iter().chain(corpus::cases().map(|case| case.yaml)).collect();
        Self { random: Random::new(seed), seeds, fault: 30 }
    }

    pub(crate) fn next(&mut self) -> String {
        match self.random.below(16) {
            0 => self.soup(),
            1..=3 => {
                let text = self.seed();
                self.damaged(text)
            }
            4..=5 => {
                let text = self.seed();
                self.rearranged(&text)
            }
            6..=7 => {
                let text = self.seed();
                self.revalued(&text)
            }
            8..=9 => {
                let text = self.grown();
                self.damaged(text)
            }
            10 => {
                let text = self.grown();
                let text = self.revalued(&text);
                self.rearranged(&text)
            }
            _ => self.grown(),
        }
    }

    /// What may be no text at all.
    pub(crate) fn next_bytes(&mut self) -> Vec<u8> {
        let mut bytes = self.next().into_bytes();
        for _ in 0..=self.random.below(3) {
            let at = self.random.below(bytes.len() + 1);
            let byte = u8::try_from(self.random.below(256)).unwrap();
            match self.random.below(4) {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => {
                    let odd = self.random.one_of(&[&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xc3", b"\0"]).to_vec();
                    drop(bytes.splice(at..at, odd));
                }
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    }

    /// One of the corpus; the long ones are not the only ones worth it.
    fn seed(&mut self) -> String {
        let at = if self.random.once_in(8) { self.random.below(2) } else { self.random.below(self.seeds.len()) };
        self.seeds[at].clone()
    }

    /// What YAML is made of, in no order.
    fn soup(&mut self) -> String {
        (0..=self.random.below(12)).map(|_| *self.random.one_of(PIECES)).collect()
    }

    /// One to four places are damaged: a character is gone, pieces are put in, the end is gone, a part is there twice.
    fn damaged(&mut self, text: String) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.random.below(4) {
            if chars.is_empty() {
                break;
            }
            let at = self.random.below(chars.len());
            match self.random.below(6) {
                0 => drop(chars.remove(at)),
                1 => drop(chars.splice(at..at, self.random.one_of(PIECES).chars())),
                2 if self.random.once_in(3) => chars.truncate(at + 1),
                3 => chars[at] = char::from(b' ' + u8::try_from(self.random.below(95)).unwrap()),
                4 => {
                    let other = self.random.below(chars.len());
                    chars.swap(at, other);
                }
                _ => {
                    let (from, length) = (self.random.below(chars.len()), self.random.below(40));
                    let copied: Vec<char> = chars.iter().skip(from).take(length).copied().collect();
                    chars.splice(at..at, copied);
                }
            }
        }
        chars.into_iter().collect()
    }

    /// Lines are left out, doubled, moved, indented otherwise, or come from another file.
    fn rearranged(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for _ in 0..=self.random.below(3) {
            if lines.is_empty() {
                break;
            }
            let at = self.random.below(lines.len());
            match self.random.below(5) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => {
                    let other = self.random.below(lines.len());
                    lines.swap(at, other);
                }
                3 if self.random.once_in(2) => lines[at].insert_str(0, "  "),
                3 => lines[at] = lines[at].trim_start().to_owned(),
                _ => {
                    let other = self.seed();
                    let others: Vec<&str> = other.lines().collect();
                    if !others.is_empty() {
                        let from = self.random.below(others.len());
                        let taken = others[from..].iter().take(1 + self.random.below(6)).map(|&line| line.to_owned());
                        lines.splice(at..at, taken.collect::<Vec<_>>());
                    }
                }
            }
        }
        lines.join("\n")
    }

    /// A value behind a `: ` is another one.
    fn revalued(&mut self, text: &str) -> String {
        let values: Vec<usize> = text.match_indices(": ").map(|(at, _)| at + 2).collect();
        if values.is_empty() {
            return self.soup();
        }
        let begin = *self.random.one_of(&values);
        let end = text[begin..].find(['\n', ',', '}', ']']).map_or(text.len(), |length| begin + length);
        format!("{}{}{}", &text[..begin], self.random.one_of(VALUES), &text[end..])
    }
}
