//! Which names there are, and which are forgotten when there are too many.
//!
//! Families come into being, get their first queue and are forgotten under one lock. So a queue that is being built
//! has its seat before anybody could forget the name, and nobody forgets a name that has a seat taken.
//!
//! Locks are taken in this order: names, a family's seats, the line of the idle.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::family::{Claim, Family};
use super::idle::Idle;
use super::settings::Settings;
use crate::observe::outlook::Audience;

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
    by_name: HashMap<Arc<str>, Arc<Family>>,
    /// In the order of their arrival, so that a reader can go through them one by one; with the overflow.
    by_arrival: BTreeMap<u64, Arc<Family>>,
    arrivals: u64,
    /// Outside the cap; made when names first run out.
    overflow: Option<Arc<Family>>,
    most: usize,
    idle: Arc<Idle>,
    audience: Arc<Audience>,
    /// Here, so that a queue that is built finds its seat and its settings in one turn.
    pub(super) settings: Settings,
}

impl Names {
    pub(super) fn new(audience: Arc<Audience>) -> Self {
        Self {
            by_name: HashMap::new(),
            by_arrival: BTreeMap::new(),
            arrivals: 0,
            overflow: None,
            most: MOST_NAMES,
            idle: Arc::default(),
            audience,
            settings: Settings::default(),
        }
    }

    /// A seat for a queue called `name`: in the family of that name, or where those go for whom there is none.
    pub(super) fn claim(&mut self, name: &str) -> Claim {
        let known = self.by_name.get(name).map(Arc::clone);
        Family::claim(known.unwrap_or_else(|| self.newcomer(name)))
    }

    #[cold]
    fn newcomer(&mut self, name: &str) -> Arc<Family> {
        if self.make_room(self.most) { self.admit(&name.into()) } else { self.overflow() }
    }

    /// Whether newcomers are counted together.
    pub(super) fn ran_out(&self) -> bool {
        self.overflow.is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Family>> {
        if name == OVERFLOW { self.overflow.clone() } else { self.by_name.get(name).cloned() }
    }

    /// The name of the family that queues called `name` are counted in.
    pub(super) fn counted_as(&self, name: &str) -> Option<Arc<str>> {
        let family = self.by_name.get(name).or(self.overflow.as_ref());
        family.map(|family| Arc::clone(&family.name))
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

    /// Forgets `name` if no seat of its family is taken.
    pub(super) fn forget(&mut self, name: &str) -> bool {
        let Some(family) = self.get(name).filter(|family| family.retire()) else { return false };
        self.by_arrival.remove(&family.arrival);
        if name == OVERFLOW {
            self.overflow = None;
        } else {
            self.by_name.remove(name);
        }
        true
    }

    /// Forgets names, those first that have had no queue for longest, until there are fewer than `most`.
    fn make_room(&mut self, most: usize) -> bool {
        while self.by_name.len() >= most {
            let Some(name) = self.idle.pop_longest() else { return false };
            if let Some(family) = self.by_name.remove(&name) {
                self.by_arrival.remove(&family.arrival);
            }
        }
        true
    }

    fn admit(&mut self, name: &Arc<str>) -> Arc<Family> {
        let family = Arc::new(self.family(Arc::clone(name), Some(Arc::clone(&self.idle))));
        self.by_name.insert(Arc::clone(name), Arc::clone(&family));
        self.list(&family);
        family
    }

    /// The family of those for whom there is no name left. It is made here, once: this is when names ran out.
    fn overflow(&mut self) -> Arc<Family> {
        if let Some(family) = &self.overflow {
            return Arc::clone(family);
        }
        let family = Arc::new(self.family(OVERFLOW.into(), None));
        self.overflow = Some(Arc::clone(&family));
        self.list(&family);
        family
    }

    fn family(&self, name: Arc<str>, idle: Option<Arc<Idle>>) -> Family {
        Family::new(name, self.arrivals, Arc::clone(&self.audience), idle)
    }

    fn list(&mut self, family: &Arc<Family>) {
        self.by_arrival.insert(family.arrival, Arc::clone(family));
        self.arrivals += 1;
    }
}
