//! Reads a tree as the types of the schema, noting each error at its place and going on. The only file that names the
//! YAML crate: it decides what a scalar without quotes is, and has to agree with the tree on the whole.

mod walk;

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Expected, Unexpected, Visitor};
use serde_yaml::Value;

use super::env::{self, Environment};
use super::error::{Findings, Mismatch, Place};
use super::keys;
use super::schema::{Document, Given, Switch};
use super::tree::{Body, Node, NodeId, Tree};
use super::units::Scalar;
use walk::{Entries, Items, Placed};

/// Reads the whole tree. What could not be read is in `findings`.
pub(super) fn document(tree: &Tree, environment: &Environment<'_>, findings: &mut Findings) -> Document {
    let findings = RefCell::new(findings);
    let reader = Reader { tree, id: tree.root, path: "-", environment, findings: &findings };
    Document::deserialize(reader).unwrap_or_default()
}

/// What a scalar is. `plain` if it was written without quotes.
fn scalar(text: &str, plain: bool) -> Scalar {
    // All that is no text in YAML is made of these, so that nothing with structure gets to the parser.
    let special = plain && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'~'));
    match special.then(|| serde_yaml::from_str(text)) {
        Some(Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_)))) => typed(&value),
        _ => Scalar::Text(text.to_owned()),
    }
}

/// A single value of the YAML crate.
fn typed(value: &Value) -> Scalar {
    match value {
        Value::Null => Scalar::Nothing,
        Value::Bool(flag) => Scalar::Flag(*flag),
        Value::Number(number) => Scalar::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Scalar::Text(text.clone()),
        Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => Scalar::Nothing,
    }
}

/// Reads the text a second time, with the YAML crate alone, and notes where it finds something else than the tree has.
///
/// YAML is read differently in its corners. What two readers do not agree on is not what its writer can be sure of.
pub(super) fn read_again(text: &str, tree: &Tree, findings: &mut Findings) {
    match serde_yaml::from_str(text) {
        Ok(value) => {
            if let Some(node) = difference(tree, tree.root, &value) {
                let found = "a value that readers of YAML take for different things";
                let what = Mismatch::new("ambiguous YAML", found, "plain YAML; quotes and spaces make it plain");
                findings.add(node.place, "-", what);
            }
        }
        Err(error) => {
            let place = error
                .location()
                .map_or(Place::START, |location| Place { line: location.line(), column: location.column() });
            let hint =
                format!("found what not every reader of YAML takes: {error}; use spaces, and quotes around text");
            findings.add(place, "-", Mismatch::told("ambiguous YAML", hint));
        }
    }
}

/// The first node that is not what `value` is.
fn difference<'t>(tree: &'t Tree, id: NodeId, value: &Value) -> Option<&'t Node> {
    let node = tree.node(id);
    let same = match (&*node.body, value) {
        (Body::List(items), Value::Sequence(values)) if items.len() == values.len() => {
            return items.iter().zip(values).find_map(|(id, value)| difference(tree, *id, value));
        }
        (Body::Map(entries), Value::Mapping(values)) if entries.len() == values.len() => {
            return entries.iter().find_map(|(key, id)| match values.get(&key.text) {
                Some(value) => difference(tree, *id, value),
                None => Some(node),
            });
        }
        (_, Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_)) => false,
        (Body::Scalar { text, plain }, value) => scalar(text, *plain) == typed(value),
        _ => false,
    };
    if same { None } else { Some(node) }
}

/// Why reading a value stopped.
#[derive(Debug)]
enum Stop {
    /// Not yet noted; the innermost value it passes through gives it its place.
    Fresh(Mismatch),
    /// Noted.
    Noted,
}

impl std::error::Error for Stop {}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh(what) => what.fmt(f),
            Self::Noted => f.write_str("noted"),
        }
    }
}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self::Fresh(Mismatch::from_text(&what.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, accepted: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Seq => "a list",
            Unexpected::Map => "a map",
            _ => "another value",
        };
        Self::Fresh(Mismatch::new(format!("{found} does not belong here"), found, accepted))
    }
}

/// One node on the way through the tree.
#[derive(Clone, Copy)]
struct Reader<'t, 'f> {
    tree: &'t Tree,
    id: NodeId,
    path: &'t str,
    environment: &'t Environment<'t>,
    findings: &'f RefCell<&'f mut Findings>,
}

impl<'t, 'f> Reader<'t, 'f> {
    fn node(&self) -> &'t Node {
        self.tree.node(self.id)
    }

    fn body(&self) -> &'t Body {
        &self.node().body
    }

    /// What the file has here, if the value comes from the environment.
    fn written(&self) -> Option<&'t str> {
        match self.body() {
            Body::Scalar { text, .. } if env::is_used(text) => Some(text),
            _ => None,
        }
    }

    /// What a scalar is when its variables are replaced. What is wrong with a variable is noted.
    fn scalar(&self, text: &str, plain: bool) -> Result<Scalar, Stop> {
        if !text.contains("${") {
            return Ok(scalar(text, plain));
        }
        match env::substitute(text, self.environment) {
            Ok(text) => Ok(scalar(&text, plain)),
            Err(what) => {
                self.findings.borrow_mut().add(self.node().place, self.path, what);
                Err(Stop::Noted)
            }
        }
    }

    /// Notes an error that has no place yet.
    fn noted<T>(&self, result: Result<T, Stop>) -> Result<T, Stop> {
        result.map_err(|stop| {
            if let Stop::Fresh(what) = stop {
                let what = match self.written() {
                    Some(written) => what.without_value(written),
                    None => what,
                };
                self.findings.borrow_mut().add(self.node().place, self.path, what);
            }
            Stop::Noted
        })
    }

    /// The error that this node is not what was expected.
    fn refuse<T>(&self, expected: &str) -> Result<T, Stop> {
        let mut meant = None;
        let (message, found) = match self.body() {
            Body::List(_) => ("a list does not belong here", "a list".to_owned()),
            Body::Map(_) => ("a map does not belong here", "a map".to_owned()),
            Body::Scalar { text, plain } => match self.scalar(text, *plain)? {
                Scalar::Nothing => {
                    let what =
                        Mismatch::new("the value is missing", "no value", format_args!("{expected}; or leave it out"));
                    return self.noted(Err(Stop::Fresh(what)));
                }
                scalar => {
                    meant = unspaced(&scalar);
                    ("a single value does not belong here", scalar.to_string())
                }
            },
        };
        self.noted(Err(Stop::Fresh(Mismatch::new(message, found, expected).suggest(meant))))
    }
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.noted(match self.body() {
            Body::Scalar { text, plain } => match self.scalar(text, *plain)? {
                Scalar::Nothing => visitor.visit_unit(),
                Scalar::Flag(flag) => visitor.visit_bool(flag),
                Scalar::Number(number) => visitor.visit_f64(number),
                Scalar::Text(text) => visitor.visit_string(text),
            },
            Body::List(items) => visitor.visit_seq(Items { reader: self, items, next: 0 }),
            Body::Map(entries) => {
                visitor.visit_map(Entries { reader: self, owner: "", known: Some(&[]), entries, value: None })
            }
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.body() {
            Body::List(items) => self.noted(visitor.visit_seq(Items { reader: self, items, next: 0 })),
            _ => self.refuse("a list, such as `[a, b]`, or one item a line, each after `- `"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.body() {
            Body::Map(entries) => {
                self.noted(visitor.visit_map(Entries { reader: self, owner: "", known: None, entries, value: None }))
            }
            _ => self.refuse("a map, such as `{ name: value }`, or one entry a line"),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Stop> {
        if name == Switch::NAME {
            if let Body::Scalar { text, plain } = self.body() {
                if matches!(self.scalar(text, *plain)?, Scalar::Flag(false)) || (*plain && text == "off") {
                    return visitor.visit_unit();
                }
            }
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if name == Given::<()>::NAME {
            return visitor.visit_seq(Placed { reader: self, part: 0 });
        }
        match self.body() {
            Body::Map(entries) => {
                let known = Some(known);
                self.noted(visitor.visit_map(Entries { reader: self, owner: name, known, entries, value: None }))
            }
            _ => self.refuse(keys::describe(name)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        tuple tuple_struct enum identifier ignored_any
    }
}

/// `tick:5ms` is text and not a key with its value; this is what was meant.
fn unspaced(scalar: &Scalar) -> Option<String> {
    let Scalar::Text(text) = scalar else {
        return None;
    };
    let (key, value) = text.split_once(':')?;
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (is_key && !value.starts_with([' ', '/'])).then(|| format!("{key}: {value}"))
}
