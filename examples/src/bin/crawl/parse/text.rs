//! Text as it is collected from a page.

/// Text in the making: runs of white space become one space, blocks stand on lines of their own.
#[derive(Debug, Default)]
pub(super) struct Text {
    written: String,
    /// What stands between what was written and what comes next.
    gap: Gap,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
}

impl Text {
    /// Adds words to the line.
    pub(super) fn push(&mut self, words: &str) {
        if words.starts_with(char::is_whitespace) {
            self.widen(Gap::Space);
        }
        for word in words.split_whitespace() {
            match self.gap {
                _ if self.written.is_empty() => {}
                Gap::None => {}
                Gap::Space => self.written.push(' '),
                Gap::Line => self.written.push('\n'),
            }
            self.written.push_str(word);
            self.gap = Gap::Space;
        }
        if !words.is_empty() && !words.ends_with(char::is_whitespace) && self.gap == Gap::Space {
            self.gap = Gap::None;
        }
    }

    /// What comes next stands on a new line.
    pub(super) fn line(&mut self) {
        self.widen(Gap::Line);
    }

    pub(super) fn finish(self) -> String {
        self.written
    }

    fn widen(&mut self, gap: Gap) {
        if gap > self.gap {
            self.gap = gap;
        }
    }
}

/// Counts what a person would call words: a dash or an arrow between spaces is none.
pub(super) fn count_words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_shrinks_and_words_that_touch_stay_together() {
        let check = |parts: &[&str], expected: &str| {
            let mut text = Text::default();
            parts.iter().for_each(|part| if *part == "|" { text.line() } else { text.push(part) });
            assert_eq!(text.finish(), expected, "{parts:?}");
        };
        check(&["un", "believ", "able"], "unbelievable");
        check(&["a  b\n", " c"], "a b c");
        check(&["a", " ", "b"], "a b");
        check(&["|", "a", "|", "|", "  b", "|"], "a\nb");
        check(&["a ", "|", "b"], "a\nb");
        check(&["", " "], "");
    }

    #[test]
    fn a_word_has_a_letter_or_a_digit() {
        assert_eq!(count_words("put -> get, 50 µs — naïve 待つ"), 6);
    }
}
