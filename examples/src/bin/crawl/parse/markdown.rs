//! Markdown, by `CommonMark` with tables and such.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html;
use super::text::Text;
use crate::document::{Content, Heading};

/// Reads the content of a Markdown page. A README often has HTML in it: that is read as HTML.
pub(super) fn read(source: &str) -> Content {
    let mut reader = Reader::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(source, options).for_each(|event| reader.read(event));
    reader.finish()
}

#[derive(Default)]
struct Reader {
    content: Content,
    text: Text,
    /// The heading that is open, and its text so far.
    heading: Option<(u8, Text)>,
    /// The HTML block that is open.
    html: String,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(words) | Event::Code(words) => self.push(&words),
            Event::Html(markup) => self.html.push_str(&markup),
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            Event::Rule => self.text.line(),
            // Tags within a line have no text of their own: it comes as text.
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.text.line();
                self.heading = Some((level as u8, Text::default()));
            }
            Tag::Link { dest_url, .. } => self.content.links.push(dest_url.into_string()),
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Image { .. } => {}
            Tag::TableCell => self.push(" "),
            _ => self.text.line(),
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Heading(_) => {
                if let Some((level, text)) = self.heading.take() {
                    self.content.headings.push(Heading { level, text: text.finish() });
                }
                self.text.line();
            }
            TagEnd::HtmlBlock => self.block(),
            _ => {}
        }
    }

    fn block(&mut self) {
        let block = html::read(&std::mem::take(&mut self.html));
        self.text.line();
        for line in block.text.lines() {
            self.text.push(line);
            self.text.line();
        }
        self.content.headings.extend(block.headings);
        self.content.links.extend(block.links);
    }

    fn push(&mut self, words: &str) {
        self.text.push(words);
        if let Some((_, heading)) = &mut self.heading {
            heading.push(words);
        }
    }

    fn finish(self) -> Content {
        let mut content = self.content;
        content.headings.retain(|heading| !heading.text.is_empty());
        content.text = self.text.finish();
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_links_and_text_are_told_apart() {
        let content = read(
            "# A *good* `queue`\n\n[![badge](b.svg)](https://ci.example/)\nOne [link](a.md)\nhere.\n\n\
             ```rust\nlet x = 1;\n```\n\n| a | b |\n|---|---|\n| c | d |\n\nSub\n---\n<https://auto.example/>\n",
        );
        let headings: Vec<_> = content.headings.iter().map(|heading| (heading.level, heading.text.as_str())).collect();
        assert_eq!(headings, [(1, "A good queue"), (2, "Sub")]);
        assert_eq!(content.links, ["https://ci.example/", "a.md", "https://auto.example/"]);
        assert_eq!(
            content.text,
            "A good queue\nbadge One link here.\nlet x = 1;\na b\nc d\nSub\nhttps://auto.example/"
        );
    }

    #[test]
    fn html_within_markdown_is_read_as_html() {
        let content = read("<h1 align=center>Title <b>here</b></h1>\n<a href='x.html'>go</a>\n\nText <br> more.\n");
        assert_eq!(content.headings, [Heading { level: 1, text: "Title here".to_owned() }]);
        assert_eq!(content.links, ["x.html"]);
        assert_eq!(content.text, "Title here\ngo\nText more.");
    }
}
