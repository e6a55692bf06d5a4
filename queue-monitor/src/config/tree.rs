//! The shape of a file, with the place of everything in it.

use std::rc::Rc;

use super::error::{Place, quoted};

/// Where a node is in its [`Tree`].
pub(super) type NodeId = usize;

/// A file's nodes.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    /// Shared between an anchor and its aliases.
    pub(super) body: Rc<Body>,
    /// How many characters after `place` the text of a scalar begins, if it is written there as it reads.
    pub(super) verbatim: Option<usize>,
    /// Values that come out when all aliases in it are followed.
    pub(super) weight: usize,
    /// Lists and maps inside each other, itself included.
    pub(super) height: usize,
}

#[derive(Debug)]
pub(super) enum Body {
    /// `plain` if it was written without quotes: only then is `80` a number.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<NodeId>),
    Map(Vec<(Key, NodeId)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) place: Place,
}

impl Tree {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }
}

/// Appends a key to a path.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let key = if plain && key.len() <= 64 { key.to_owned() } else { format!("[{}]", quoted(key).replace('`', "\"")) };
    match path {
        "-" | "" => key,
        path if key.starts_with('[') => format!("{path}{key}"),
        path => format!("{path}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn a_path_names_every_key_so_that_it_can_be_found() {
        assert_eq!(join("-", "alerts"), "alerts");
        assert_eq!(join("alerts[0]", "clear_below"), "alerts[0].clear_below");
        assert_eq!(join("http", "a.b"), "http[\"a.b\"]");
        assert_eq!(join("-", "a b"), "[\"a b\"]");
        assert_eq!(join("http", ""), "http[\"\"]");
    }
}
