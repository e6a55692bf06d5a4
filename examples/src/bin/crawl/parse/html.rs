//! HTML, split into tags and text by the rules that browsers follow.
//!
//! No tree is built. What is looked for stands in the tags, and a tree costs a time that grows with the square of how
//! deep a page is nested: a page could keep a worker busy for minutes.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::text::Text;
use crate::document::{Content, Heading};

/// Reads the content of an HTML page or a part of one.
pub(super) fn read(source: &str) -> Content {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(source));
    // It pauses for scripts to run and for encodings to change: neither happens here.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish()
}

/// The tokenizer hands out tokens by a shared reference.
#[derive(Default)]
struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                reader.open(&tag);
                return match raw(&tag.name) {
                    Some(kind) => TokenSinkResult::RawData(kind),
                    None => TokenSinkResult::Continue,
                };
            }
            Token::TagToken(tag) => reader.close(&tag.name),
            Token::CharacterTokens(words) => reader.push(&words),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Reader {
    content: Content,
    text: Text,
    title: Option<Text>,
    /// The heading that is open, and its text so far.
    heading: Option<(u8, Text)>,
    /// Where the text between two tags belongs.
    into: Into,
}

#[derive(Clone, Copy, Default)]
enum Into {
    #[default]
    Body,
    Title,
    /// Nobody sees it.
    Nothing,
}

impl Reader {
    fn open(&mut self, tag: &Tag) {
        let name = &*tag.name;
        if is_block(name) {
            self.text.line();
        }
        if let Some(level) = heading_level(name) {
            self.heading = Some((level, Text::default()));
        }
        if name == "a" {
            let target = tag.attrs.iter().find(|attribute| &*attribute.name.local == "href");
            self.content.links.extend(target.map(|attribute| attribute.value.to_string()));
        }
        // Drawings have titles too; the page's is the first.
        if name == "title" && self.title.is_none() {
            self.title = Some(Text::default());
            self.into = Into::Title;
        } else if raw(name).is_some() {
            self.into = Into::Nothing;
        }
    }

    fn close(&mut self, name: &str) {
        if is_block(name) {
            self.text.line();
        }
        let closed = self.heading.take_if(|_| heading_level(name).is_some());
        self.content.headings.extend(closed.map(|(level, text)| Heading { level, text: text.finish() }));
        // Text that hides other tags has no tag in it but the one that ends it.
        self.into = Into::Body;
    }

    fn push(&mut self, words: &str) {
        match self.into {
            Into::Nothing => {}
            Into::Title => self.title.iter_mut().for_each(|title| title.push(words)),
            Into::Body => {
                self.text.push(words);
                if let Some((_, heading)) = &mut self.heading {
                    heading.push(words);
                }
            }
        }
    }

    fn finish(self) -> Content {
        let mut content = self.content;
        content.headings.retain(|heading| !heading.text.is_empty());
        content.text = self.text.finish();
        content.title = self.title.map(Text::finish).filter(|title| !title.is_empty());
        content
    }
}

/// Elements in which a `<` begins no tag. None of their text is the page's, but for the title's.
fn raw(name: &str) -> Option<RawKind> {
    match name {
        "title" | "textarea" => Some(RawKind::Rcdata),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Some(RawKind::Rawtext),
        "script" => Some(RawKind::ScriptData),
        _ => None,
    }
}

/// Elements whose text belongs to the line they stand in. All others begin a line: to join words of two blocks would
/// make up words, to part a line makes up none.
fn is_block(name: &str) -> bool {
    const INLINE: &[&str] = &[
        "a", "abbr", "b", "bdi", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark",
        "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    ];
    !INLINE.contains(&name)
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_links_and_text_are_told_apart() {
        let content = read(
            "<!doctype html><head><title>The\n title</title><style>p{}</style></head><h1>A <em>good</em> queue</h1>\
             <p>One <a href='a.html'>li</a>nk &amp; two<p>Three<script>var no = '<p>';</script><ul><li>four<li>five</ul>\
             <h2></h2><a name=x>six</a>",
        );
        assert_eq!(content.title.as_deref(), Some("The title"));
        assert_eq!(content.headings, [Heading { level: 1, text: "A good queue".to_owned() }]);
        assert_eq!(content.links, ["a.html"]);
        assert_eq!(content.text, "A good queue\nOne link & two\nThree\nfour\nfive\nsix");
    }

    #[test]
    fn the_title_of_a_drawing_is_not_that_of_the_page() {
        let content = read("<title>Page</title><svg><title>Arrow</title></svg>text");
        assert_eq!((content.title.as_deref(), content.text.as_str()), (Some("Page"), "text"));
    }
}
