//! Which names there are, and which are forgotten when there are too many.
//!
//! Families come into being and are forgotten under one lock, and under it a queue that is to be built lays claim to a seat.
//! It takes the seat when it is there, under the family's own lock; a name with a seat taken, or with a claim to one that
//! was not taken yet, is forgotten by nobody.
//!
//! Locks are taken in this order: names, a family's seats, the line of the idle.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::family::Family;
use super::idle::Idle;
use super::keyed::{Key, Keyed};
use super::settings::Settings;
use crate::observe::outlook::{Audience, Roll, Roster};
use crate::queue::Name;

/// The family of newcomers beyond the cap.
pub(super) const OVERFLOW: &str = "(overflow)";

/// Most bytes of a name.
const LONGEST_NAME: usize = 128;

/// Names that are kept apart unless somebody asks for more: as OpenTelemetry's limit on series.
const MOST_NAMES: usize = 2_000;

/// Says what is wrong with a name, if anything is.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        Err("it is empty")
    } else if name.len() > LONGEST_NAME {
        Err("it is too long")
    } else if has_controls(name) {
        Err("it contains a control character")
    } else if name == OVERFLOW {
        Err("it is reserved for what comes when all names are taken, choose another")
    } else {
        Ok(())
    }
}

fn has_controls(name: &str) -> bool {
    // Byte by byte, as nearly all names are plain ASCII; those that may not be are decoded.
    let is_plain = name.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    !is_plain && name.chars().any(char::is_control)
}

#[derive(Debug)]
pub(super) struct Names {
    by_name: HashMap<Key, Kept, Keyed>,
    /// In the order of their arrival, so that a reader can go through them one by one; with the overflow.
    by_arrival: BTreeMap<u64, Arc<Family>>,
    arrivals: u64,
    /// Outside the cap; made when names first run out.
    overflow: Option<Kept>,
    most: usize,
    idle: Arc<Idle>,
    audience: Arc<Audience>,
    /// Here, so that a queue that is built finds its seat and its settings in one turn.
    pub(super) settings: Settings,
}

/// A family, and how many claims to its seats there ever were.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) family: Arc<Family>,
    /// The same, as its queues have it.
    pub(super) roster: Arc<Roster>,
    claims: u64,
}

impl Kept {
    fn new(family: &Arc<Family>) -> Self {
        let roster = Arc::new(Roster::of(Arc::clone(family) as Arc<dyn Roll>));
        Self { family: Arc::clone(family), roster, claims: 0 }
    }
}

impl Names {
    pub(super) fn new(audience: Arc<Audience>) -> Self {
        Self {
            by_name: HashMap::default(),
            by_arrival: BTreeMap::new(),
            arrivals: 0,
            overflow: None,
            most: MOST_NAMES,
            idle: Arc::default(),
            audience,
            settings: Settings::default(),
        }
    }

    /// Lays claim to a seat for a queue called `name`: in the family of that name, or where those go for whom there is none.
    pub(super) fn claim<R>(&mut self, name: &Name, then: impl FnOnce(&Kept) -> R) -> R {
        let kept = match self.by_name.get_mut(name.as_bytes()) {
            Some(kept) => kept,
            None => self.newcomer(name.as_str()),
        };
        kept.claims += 1;
        then(kept)
    }

    /// Nobody will take the seat that was claimed in the family that came at `arrival`.
    pub(super) fn waive(&mut self, arrival: u64) {
        let Some(family) = self.by_arrival.get(&arrival).map(Arc::clone) else { return };
        if let Some(kept) = self.kept(&family.name) {
            kept.claims -= 1;
            family.rest();
        }
    }

    #[cold]
    fn newcomer(&mut self, name: &str) -> &mut Kept {
        if self.make_room(self.most) { self.admit(&name.into()) } else { self.overflow() }
    }

    fn kept(&mut self, name: &str) -> Option<&mut Kept> {
        if name == OVERFLOW { self.overflow.as_mut() } else { self.by_name.get_mut(name.as_bytes()) }
    }

    /// Whether newcomers are counted together.
    pub(super) fn ran_out(&self) -> bool {
        self.overflow.is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Family>> {
        let kept = if name == OVERFLOW { self.overflow.as_ref() } else { self.by_name.get(name.as_bytes()) };
        kept.map(|kept| Arc::clone(&kept.family))
    }

    /// The name of the family that queues called `name` are counted in.
    pub(super) fn counted_as(&self, name: &str) -> Option<Arc<str>> {
        let kept = self.by_name.get(name.as_bytes()).or(self.overflow.as_ref());
        kept.map(|kept| Arc::clone(&kept.family.name))
    }

    /// The first family that came at `arrival` or later.
    pub(super) fn from(&self, arrival: u64) -> Option<Arc<Family>> {
        self.by_arrival.range(arrival..).next().map(|(_, family)| Arc::clone(family))
    }

    /// What the next family that comes will have as its arrival.
    pub(super) fn next_arrival(&self) -> u64 {
        self.arrivals
    }

    /// Keeps at most `most` names apart from now on.
    pub(super) fn set_most(&mut self, most: usize) {
        self.most = most;
        // What lives stays, also beyond the cap.
        let _ = self.make_room(most.saturating_add(1));
    }

    /// How many names are kept apart.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Forgets `name` if no seat of its family is taken, nor will be.
    pub(super) fn forget(&mut self, name: &str) -> bool {
        let Some(kept) = self.kept(name).filter(|kept| kept.family.retire(kept.claims)) else { return false };
        let arrival = kept.family.arrival;
        self.by_arrival.remove(&arrival);
        if name == OVERFLOW {
            self.overflow = None;
        } else {
            self.by_name.remove(name.as_bytes());
        }
        true
    }

    /// Forgets names, those first that have had no queue for longest, until there are fewer than `most`.
    fn make_room(&mut self, most: usize) -> bool {
        while self.by_name.len() >= most {
            let Some(name) = self.idle.pop_longest() else { return false };
            // One that is claimed is idle no more: it goes back to the line if it comes to nothing, or when its queue goes.
            let _ = self.forget(&name);
        }
        true
    }

    fn admit(&mut self, name: &Arc<str>) -> &mut Kept {
        let family = Arc::new(self.family(Arc::clone(name), Some(Arc::clone(&self.idle))));
        self.list(&family);
        self.by_name.entry(Key(Arc::clone(name))).or_insert_with(|| Kept::new(&family))
    }

    /// The family of those for whom there is no name left. It is made here, once: this is when names ran out.
    fn overflow(&mut self) -> &mut Kept {
        if self.overflow.is_none() {
            let family = Arc::new(self.family(OVERFLOW.into(), None));
            self.list(&family);
            self.overflow = Some(Kept::new(&family));
        }
        self.overflow.as_mut().expect("it was there, or was made just now")
    }

    fn family(&self, name: Arc<str>, idle: Option<Arc<Idle>>) -> Family {
        Family::new(name, self.arrivals, Arc::clone(&self.audience), idle)
    }

    fn list(&mut self, family: &Arc<Family>) {
        self.by_arrival.insert(family.arrival, Arc::clone(family));
        self.arrivals += 1;
    }
}
