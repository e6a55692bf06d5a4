//! A queue's name.
//!
//! Most names are short and nobody asks for them: those stand in the queue itself, so that it is one allocation. What
//! readers share is made when somebody asks for the first time.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::observe::{QueueInfo, QueueKind};

/// Bytes that a name may have to stand in place: as many as make the two ways equally large.
const SHORT: usize = 22;

/// The name of one queue.
pub(crate) struct Name {
    text: Text,
    info: OnceLock<Box<QueueInfo>>,
}

enum Text {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Arc<str>),
}

impl Name {
    #[inline]
    pub(crate) fn of(name: &str) -> Self {
        let mut bytes = [0; SHORT];
        let text = match (bytes.get_mut(..name.len()), u8::try_from(name.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(name.as_bytes());
                Text::Short { len, bytes }
            }
            _ => Text::Long(name.into()),
        };
        Self { text, info: OnceLock::new() }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.text {
            Text::Short { len, bytes } => &bytes[..usize::from(*len)],
            Text::Long(text) => text.as_bytes(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match &self.text {
            Text::Short { len, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*len)]).expect("the bytes are those of a text")
            }
            Text::Long(text) => text,
        }
    }

    /// `other`, to [share](Self::sharing), if it reads the same and there is anything to share.
    pub(crate) fn same(&self, other: &Arc<str>) -> Option<Arc<str>> {
        match &self.text {
            Text::Long(text) if **text == **other => Some(Arc::clone(other)),
            _ => None,
        }
    }

    /// The same name once more, that uses what is the [same](Self::same), if there is any, instead of a copy of its own.
    #[inline]
    pub(crate) fn sharing(&self, same: Option<Arc<str>>) -> Self {
        let text = match (same, &self.text) {
            (Some(same), _) => Text::Long(same),
            (None, Text::Short { len, bytes }) => Text::Short { len: *len, bytes: *bytes },
            (None, Text::Long(text)) => Text::Long(Arc::clone(text)),
        };
        Self { text, info: OnceLock::new() }
    }

    /// What others are told of the queue with this name, which is of this kind.
    pub(crate) fn info(&self, kind: QueueKind) -> &QueueInfo {
        self.info.get_or_init(|| {
            let name = match &self.text {
                Text::Short { .. } => self.as_str().into(),
                Text::Long(text) => Arc::clone(text),
            };
            Box::new(QueueInfo::new(name, kind))
        })
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_it_was_whatever_its_length() {
        for length in [0, 1, SHORT - 2, SHORT - 1, SHORT, SHORT + 1, 128, 255, 256, 1000] {
            let text: String = "aé".chars().cycle().take(length).collect();
            let name = Name::of(&text);
            assert_eq!(name.as_str(), text);
            assert_eq!(*name.info(QueueKind::Fifo).name, *text);
        }
    }

    #[test]
    fn a_long_name_is_shared_with_those_of_the_same_name_alone() {
        let [one, other] = ["a name that is a bit long", "another that is a bit long"].map(Arc::<str>::from);
        let name = Name::of(&one);
        assert!(name.same(&other).is_none());
        let name = name.sharing(name.same(&one));
        assert!(Name::of("short").same(&"short".into()).is_none(), "it stands in place");
        assert!(Arc::ptr_eq(&name.info(QueueKind::Fifo).name, &one));
    }
}
