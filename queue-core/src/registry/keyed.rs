//! Names as keys of a map: hashed by multiplication, with keys that nobody knows.
//!
//! A queue is looked up whenever one is built, and the standard library's hash is a hundred instructions for a short name.
//! It withstands whoever chooses the names and sees how long each takes; this one is as good against one who does not see
//! that, and names are few: beyond [those that are kept apart](super::Registry::set_max_names) none comes into the map.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;

/// A name in a map, which is asked for by its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(pub(super) Arc<str>);

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_bytes().hash(state);
    }
}

/// The keys of one map.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    start: u64,
    factor: u64,
}

impl Default for Keyed {
    fn default() -> Self {
        let random = RandomState::new();
        // Odd, so that no bit of a name is lost by it.
        Self { start: random.hash_one(0), factor: random.hash_one(1) | 1 }
    }
}

impl BuildHasher for Keyed {
    type Hasher = Mixer;

    #[inline]
    fn build_hasher(&self) -> Mixer {
        Mixer { mixed: self.start, factor: self.factor }
    }
}

/// What was mixed so far.
pub(super) struct Mixer {
    mixed: u64,
    factor: u64,
}

impl Mixer {
    #[inline]
    fn mix(&mut self, word: u64) {
        self.mixed = self.mixed_with(word);
    }

    #[inline]
    fn mixed_with(&self, word: u64) -> u64 {
        let product = u128::from(self.mixed ^ word) * u128::from(self.factor);
        #[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (low, high) = (product as u64, (product >> 64) as u64);
        low ^ high
    }
}

impl Hasher for Mixer {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(u64::from_le_bytes(word.try_into().expect("a chunk of eight has eight bytes")));
        }
        self.mix(words.remainder().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }

    #[inline]
    fn write_usize(&mut self, length: usize) {
        self.mixed = self.mixed.wrapping_add(length as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        // One factor in a hundred brings too little of a name's last letters into the lowest bits by itself.
        self.mixed_with(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_that_differ_in_little_have_hashes_that_differ_in_much() {
        let names: Vec<String> = (0..2_000).flat_map(|n| [format!("q{n}"), format!("service.queue.{n}")]).collect();
        let unlucky = Keyed { start: 0xc9ff_9090_07ee_64fe, factor: 0x07ff_e38e_69b5_2fc3 };
        for keyed in [Keyed::default(), unlucky] {
            let hashes: Vec<u64> = names.iter().map(|name| keyed.hash_one(name.as_bytes())).collect();
            // What a table of this size looks at: its lowest bits for the place, the highest seven beside it.
            let places: HashSet<_> = hashes.iter().map(|hash| hash % 4_096).collect();
            let beside: HashSet<_> = hashes.iter().map(|hash| hash >> 57).collect();
            assert!(places.len() > 2_300, "as good as drawn by lot: 2,550 of 4,096, and not {}", places.len());
            assert_eq!(beside.len(), 128);
        }
    }

    #[test]
    fn a_key_is_found_by_its_bytes_and_by_no_others() {
        let keyed = Keyed::default();
        for length in 0..40 {
            let name = "a name of that many letters, or of less.".split_at(length).0;
            let hash = |bytes: &[u8]| keyed.hash_one(bytes);
            assert_eq!(keyed.hash_one(Key(name.into())), hash(name.as_bytes()));
            assert_ne!(hash(name.as_bytes()), hash(format!("{name}\0").as_bytes()), "its length counts: {length}");
        }
    }

    #[test]
    fn two_maps_hash_by_different_keys() {
        let [one, other] = [Keyed::default(), Keyed::default()];
        assert_ne!(one.hash_one(b"jobs"), other.hash_one(b"jobs"));
    }
}
