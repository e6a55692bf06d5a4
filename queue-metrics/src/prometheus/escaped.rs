//! Names of queues as the page has them: escaped once, and not once for each of their points.
//!
//! The table is read row by row, so every name comes again in each row, nearly always in the order of the families. So
//! whoever asks next asks for the one behind the last, and it lies behind it in memory as well.

use std::ops::Range;

use queue_core::FamilyStats;

/// How far ahead it is looked for before it is searched.
const AHEAD: usize = 4;

/// The names of all families.
pub(super) struct Escaped<'a> {
    families: &'a [FamilyStats],
    text: String,
    /// Where each stands in the text.
    places: Vec<Range<usize>>,
    /// The one that was asked for last.
    at: usize,
}

impl<'a> Escaped<'a> {
    pub(super) fn of(families: &'a [FamilyStats]) -> Self {
        let mut text = String::new();
        let place = |family: &FamilyStats| {
            let start = text.len();
            escape(&mut text, &family.name);
            start..text.len()
        };
        let places = families.iter().map(place).collect();
        Self { families, text, places, at: 0 }
    }

    /// The name of the family at `at`.
    pub(super) fn at(&self, at: usize) -> &str {
        &self.text[self.places[at].clone()]
    }

    /// Writes a name that is likely to be one of these.
    pub(super) fn write(&mut self, page: &mut String, name: &str) {
        match self.find(name) {
            Some(at) => {
                self.at = at;
                page.push_str(self.at(at));
            }
            None => escape(page, name),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        let all = self.families.len();
        let ahead = || (self.at..self.at + AHEAD).map(|at| if at < all { at } else { at - all }).filter(|at| *at < all);
        // Looking at where a name is takes less than looking at the name, which is somewhere else in memory.
        ahead()
            .find(|at| std::ptr::eq(&*self.families[*at].name, name))
            .or_else(|| ahead().find(|at| *self.families[*at].name == *name))
            .or_else(|| self.families.binary_search_by(|family| (*family.name).cmp(name)).ok())
    }
}

/// Writes the value of a label.
pub(super) fn escape(page: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        let (plain, from) = rest.split_at(at);
        page.push_str(plain);
        page.push_str(match from.as_bytes()[0] {
            b'\n' => "\\n",
            b'"' => "\\\"",
            _ => "\\\\",
        });
        rest = &from[1..];
    }
    page.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(escaped: &mut Escaped<'_>, name: &str) -> String {
        let mut page = String::new();
        escaped.write(&mut page, name);
        page
    }

    #[test]
    fn every_name_is_found_in_whatever_order_and_one_that_is_none_is_escaped_all_the_same() {
        let names: Vec<_> = (0..50).map(|number| format!("{number:02}\"\\")).collect();
        let family = |name: &String| FamilyStats { name: name.as_str().into(), ..FamilyStats::default() };
        let families: Vec<_> = names.iter().map(family).collect();
        let mut escaped = Escaped::of(&families);
        for step in [1, 2, 7, 13, 49] {
            for at in (0..200).map(|turn| turn * step % 50) {
                let expected = format!("{at:02}\\\"\\\\");
                assert_eq!(written(&mut escaped, &families[at].name), expected, "the same text in memory");
                assert_eq!(written(&mut escaped, &names[at]), expected, "another text that reads alike");
            }
        }
        assert_eq!(written(&mut escaped, "a\nb"), "a\\nb");
        assert_eq!(written(&mut Escaped::of(&[]), "a\nb"), "a\\nb");
    }
}
