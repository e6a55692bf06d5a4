//! From a node to what is in it: the items of a list, the entries of a map, a value with its place.

use serde::de::value::{StrDeserializer, StringDeserializer, U64Deserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

use super::{Reader, Stop};
use crate::config::keys;
use crate::config::tree::{Key, NodeId, join};

/// The parts of a [`Given`]: line, column, path, verbatim, written, value.
pub(super) struct Placed<'t, 'f> {
    pub(super) reader: Reader<'t, 'f>,
    pub(super) part: u8,
}

impl<'de> de::SeqAccess<'de> for Placed<'_, '_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        self.part += 1;
        let place = self.reader.node().place;
        let number = |number: usize| U64Deserializer::new(number as u64);
        match self.part {
            1 => seed.deserialize(number(place.line)),
            2 => seed.deserialize(number(place.column)),
            3 => seed.deserialize(StrDeserializer::new(self.reader.path)),
            4 => {
                let verbatim = self.reader.node().verbatim.filter(|_| self.reader.written().is_none());
                seed.deserialize(number(verbatim.unwrap_or(usize::MAX)))
            }
            5 => seed.deserialize(StrDeserializer::new(self.reader.written().unwrap_or_default())),
            // A value may be refused only after it was read as what it is, when no reader is left to note it.
            _ => self.reader.noted(seed.deserialize(self.reader)),
        }
        .map(Some)
    }
}

/// The items of a list.
pub(super) struct Items<'t, 'f> {
    pub(super) reader: Reader<'t, 'f>,
    pub(super) items: &'t [NodeId],
    pub(super) next: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        let Some(&id) = self.items.get(self.next) else {
            return Ok(None);
        };
        let path = format!("{}[{}]", self.reader.path, self.next);
        self.next += 1;
        seed.deserialize(Reader { id, path: &path, ..self.reader }).map(Some)
    }
}

/// A key with its place, of a map whose keys are the writer's own.
#[derive(Clone, Copy)]
struct OwnKey<'t> {
    key: &'t Key,
    path: &'t str,
}

impl<'de> Deserializer<'de> for OwnKey<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_str(&self.key.text)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_seq(PlacedKey { key: self, part: 0 })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The parts of a key's [`Given`].
struct PlacedKey<'t> {
    key: OwnKey<'t>,
    part: u8,
}

impl<'de> de::SeqAccess<'de> for PlacedKey<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        self.part += 1;
        let place = self.key.key.place;
        let number = |number: usize| U64Deserializer::new(number as u64);
        match self.part {
            1 => seed.deserialize(number(place.line)),
            2 => seed.deserialize(number(place.column)),
            3 => seed.deserialize(StrDeserializer::new(self.key.path)),
            4 => seed.deserialize(number(usize::MAX)),
            5 => seed.deserialize(StrDeserializer::new("")),
            _ => seed.deserialize(self.key),
        }
        .map(Some)
    }
}

/// The entries of a map. Unknown keys are noted and passed over.
pub(super) struct Entries<'t, 'f> {
    pub(super) reader: Reader<'t, 'f>,
    pub(super) owner: &'static str,
    /// `None`: the keys are the writer's own.
    pub(super) known: Option<&'static [&'static str]>,
    pub(super) entries: &'t [(Key, NodeId)],
    pub(super) value: Option<&'t (Key, NodeId)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        while let Some((entry, rest)) = self.entries.split_first() {
            self.entries = rest;
            let key = &entry.0;
            let Some(known) = self.known else {
                self.value = Some(entry);
                let path = join(self.reader.path, &key.text);
                return seed.deserialize(OwnKey { key, path: &path }).map(Some);
            };
            if known.contains(&key.text.as_str()) {
                self.value = Some(entry);
                return seed.deserialize(StringDeserializer::new(key.text.clone())).map(Some);
            }
            let what = keys::unknown(self.owner, &key.text, known);
            self.reader.findings.borrow_mut().add(key.place, &join(self.reader.path, &key.text), what);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let (key, id) = self.value.take().expect("serde asks for a value only after its key");
        let path = join(self.reader.path, &key.text);
        seed.deserialize(Reader { id: *id, path: &path, ..self.reader })
    }
}
