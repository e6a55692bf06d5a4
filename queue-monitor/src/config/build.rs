//! Builds the tree from the parser's events.
//!
//! Refuses what YAML allows and a configuration does not need: several documents, duplicate keys, merge keys, tags, keys
//! that are no text, deep nesting, and aliases that blow a small file up.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::error::{Findings, Mismatch, Place, quoted};
use super::syntax::explain;
use super::tree::{Body, Key, Node, NodeId, Tree, join};

/// How many lists and maps may stand inside each other.
const DEEPEST: usize = 32;

/// How many values aliases may stand for, all together.
const ALIASED: usize = 10_000;

/// Reads `text`. `None` if there is no tree to go on with; `findings` then says why.
pub(super) fn tree(text: &str, findings: &mut Findings) -> Option<Tree> {
    let (nodes, open, anchors) = (Vec::new(), Vec::new(), HashMap::new());
    let mut builder = Builder { nodes, open, anchors, aliased: 0, root: None, findings: &mut *findings };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let (place, what) = explain(&error, text);
                builder.findings.add(place, "-", what);
                return None;
            }
        };
        if let Event::DocumentStart(_) = event {
            documents += 1;
            if documents > 1 {
                let what = Mismatch::new(
                    "a second document begins here",
                    "the end of the first before it",
                    "one document a file; remove `---` and `...`",
                );
                builder.findings.add(place(span), "-", what);
                break;
            }
        }
        if builder.take(event, span).is_err() {
            return None;
        }
    }
    let Builder { nodes, root, .. } = builder;
    let root =
        root.filter(|root| !matches!(&*nodes[*root].body, Body::Scalar { text, plain: true } if text.is_empty()));
    let Some(root) = root else {
        let what =
            Mismatch::new("the file is empty", "no keys", "keys such as `interval: 10s`, or `{}` for all defaults");
        findings.add(Place::START, "-", what);
        return None;
    };
    Some(Tree { nodes, root })
}

/// Turns events into nodes.
struct Builder<'f> {
    nodes: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    aliased: usize,
    root: Option<NodeId>,
    findings: &'f mut Findings,
}

/// A list or map that is not yet complete.
struct Open {
    place: Place,
    anchor: usize,
    inside: Inside,
    weight: usize,
    height: usize,
}

enum Inside {
    List(Vec<NodeId>),
    Map { entries: Vec<(Key, NodeId)>, seen: HashMap<String, usize>, next: Next },
}

/// What the next node in a map is.
enum Next {
    Key,
    Value(Key),
    /// A value whose key was refused.
    Dropped,
}

/// Told already; there is nothing to go on with.
struct Abandoned;

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Abandoned> {
        let place = place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                if !self.take_key(&text, style, place) {
                    let verbatim = verbatim(&text, style, span);
                    let body = Rc::new(Body::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain });
                    self.complete(anchor, Node { place, body, verbatim, weight: 1, height: 0 });
                }
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                self.open(anchor, place, Inside::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                self.open(anchor, place, Inside::Map { entries: Vec::new(), seen: HashMap::new(), next: Next::Key })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { place, anchor, inside, weight, height }) = self.open.pop() {
                    let body = match inside {
                        Inside::List(items) => Rc::new(Body::List(items)),
                        Inside::Map { entries, .. } => Rc::new(Body::Map(entries)),
                    };
                    self.complete(anchor, Node { place, body, verbatim: None, weight, height });
                }
            }
            Event::Alias(anchor) => self.follow(anchor, place)?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, anchor: usize, place: Place, inside: Inside) -> Result<(), Abandoned> {
        if self.open.len() == DEEPEST {
            return Err(self.too_deep(place));
        }
        self.open.push(Open { place, anchor, inside, weight: 1, height: 1 });
        Ok(())
    }

    /// Takes a scalar as the key of the map it is in. `false` if it is none.
    fn take_key(&mut self, text: &str, style: ScalarStyle, place: Place) -> bool {
        let Some(Open { inside: Inside::Map { seen, next: next @ Next::Key, .. }, .. }) = self.open.last_mut() else {
            return false;
        };
        let refused = if text == "<<" && style == ScalarStyle::Plain {
            let accepted = "keys written out where they apply";
            Some(Mismatch::new("merge keys are not supported", "`<<`", accepted))
        } else if let Some(first) = seen.get(text) {
            let found = format!("the key a second time, first in line {first}");
            Some(Mismatch::new(format!("duplicate key {}", quoted(text)), found, "each key once"))
        } else {
            seen.insert(text.to_owned(), place.line);
            None
        };
        *next = match refused {
            None => Next::Value(Key { text: text.to_owned(), place }),
            Some(_) => Next::Dropped,
        };
        if let Some(what) = refused {
            let path = join(&self.path(), text);
            self.findings.add(place, &path, what);
        }
        true
    }

    fn complete(&mut self, anchor: usize, node: Node) {
        let id = self.nodes.len();
        self.nodes.push(node);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        self.attach(id);
    }

    fn follow(&mut self, anchor: usize, place: Place) -> Result<(), Abandoned> {
        let Some(&id) = self.anchors.get(&anchor) else {
            let what =
                Mismatch::new("an alias inside its own anchor", "a value that contains itself", "values that end");
            self.findings.add(place, &self.here(), what);
            return Err(Abandoned);
        };
        self.aliased = self.aliased.saturating_add(self.nodes[id].weight);
        if self.aliased > ALIASED {
            let accepted = format!("aliases for {ALIASED} values, all together");
            let what = Mismatch::new("too many aliases", "aliases of aliases, or of large values", accepted);
            self.findings.add(place, &self.here(), what);
            return Err(Abandoned);
        }
        if self.open.len() + self.nodes[id].height > DEEPEST {
            return Err(self.too_deep(place));
        }
        let (weight, height) = (self.nodes[id].weight, self.nodes[id].height);
        self.complete(0, Node { place, body: Rc::clone(&self.nodes[id].body), verbatim: None, weight, height });
        Ok(())
    }

    /// Puts a complete node where it belongs.
    fn attach(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(id);
            return;
        };
        open.weight = open.weight.saturating_add(self.nodes[id].weight);
        open.height = open.height.max(self.nodes[id].height + 1);
        match &mut open.inside {
            Inside::List(items) => items.push(id),
            Inside::Map { entries, next, .. } => match std::mem::replace(next, Next::Key) {
                Next::Value(key) => entries.push((key, id)),
                Next::Dropped => {}
                Next::Key => {
                    *next = Next::Dropped;
                    let place = self.nodes[id].place;
                    let what =
                        Mismatch::new("a key has to be text", "a list, a map or an alias as a key", "`key: value`");
                    let path = self.path();
                    self.findings.add(place, &path, what);
                }
            },
        }
    }

    fn refuse_tag(&mut self, tagged: bool, place: Place) {
        if tagged {
            let what = Mismatch::new(
                "tags are not supported",
                "a tag such as `!!str`",
                "values without tags; quotes make text",
            );
            self.findings.add(place, &self.here(), what);
        }
    }

    fn too_deep(&mut self, place: Place) -> Abandoned {
        let accepted = format!("at most {DEEPEST} levels");
        let what =
            Mismatch::new("nested too deeply", format!("more than {DEEPEST} lists and maps in each other"), accepted);
        self.findings.add(place, "-", what);
        Abandoned
    }

    /// The path of the innermost open list or map.
    fn path(&self) -> String {
        self.open.split_last().map_or_else(|| "-".to_owned(), |(_, outer)| path_of(outer))
    }

    /// The path of the node that comes next.
    fn here(&self) -> String {
        path_of(&self.open)
    }
}

fn path_of(open: &[Open]) -> String {
    let mut path = "-".to_owned();
    for open in open {
        match &open.inside {
            Inside::List(items) if path == "-" => path = format!("[{}]", items.len()),
            Inside::List(items) => path.push_str(&format!("[{}]", items.len())),
            Inside::Map { next: Next::Value(key), .. } => path = join(&path, &key.text),
            Inside::Map { .. } => {}
        }
    }
    path
}

fn verbatim(text: &str, style: ScalarStyle, span: Span) -> Option<usize> {
    let quotes = match style {
        ScalarStyle::Plain => 0,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
        ScalarStyle::Literal | ScalarStyle::Folded => return None,
    };
    let one_line = span.start.line() == span.end.line();
    // As long in the file as in the text: nothing in it was escaped or folded.
    (one_line && span.len() == text.chars().count() + 2 * quotes).then_some(quotes)
}

fn place(span: Span) -> Place {
    Place { line: span.start.line().max(1), column: span.start.col() + 1 }
}
