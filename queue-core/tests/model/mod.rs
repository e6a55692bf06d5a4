//! What a queue does, in plain data: a map of items in the order in which they leave, lines of waiters, counters.
//!
//! It is written from the laws, not from the code: whoever changes something says what, and [`Model::serve`] then gives
//! what is there to whoever waits. Nothing is fast, linked or woken here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use queue_core::{DropReason, GetError, Overflow, PutError, QueueStats, Shutdown, Totals};

mod calls;
pub(crate) mod scripts;

pub(crate) use calls::{Answer, Call, Linger};
use calls::{Phase, Running};

/// A future, by the order in which it was made.
pub(crate) type Id = usize;

/// Compared by its priority alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) priority: u8,
    pub(crate) id: u32,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.priority == other.priority
    }
}
impl Eq for Item {}
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.priority.cmp(&other.priority)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Fifo,
    Lifo,
    Priority,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    Open,
    Draining,
    Ended,
}

/// What became of an item that was to come in.
enum Admitted {
    /// It is in, or was let go instead.
    Yes,
    Full,
    ShutDown,
}

pub(crate) struct Model {
    order: Order,
    overflow: Overflow,
    capacity: Option<usize>,
    life: Life,
    /// By place: the first is the next to leave. The number says how many items came in before.
    items: BTreeMap<(u64, u64), (u64, Item)>,
    next: u64,
    running: BTreeMap<Id, Running>,
    putters: VecDeque<Id>,
    getters: VecDeque<Id>,
    batches: VecDeque<Id>,
    joiners: VecDeque<Id>,
    closers: VecDeque<Id>,
    /// The first batch was overtaken: until it leaves, nobody else gets an item.
    held: bool,
    /// Slots that belong to permits and to putters that have not come for them.
    granted: usize,
    in_transit: usize,
    peak: usize,
    totals: Totals,
    now: Duration,
    pub(crate) let_go: Vec<(u32, DropReason)>,
}

impl Model {
    pub(crate) fn new(order: Order, capacity: Option<usize>, overflow: Overflow) -> Self {
        Self {
            order,
            overflow,
            capacity,
            life: Life::Open,
            items: BTreeMap::new(),
            next: 0,
            running: BTreeMap::new(),
            putters: VecDeque::new(),
            getters: VecDeque::new(),
            batches: VecDeque::new(),
            joiners: VecDeque::new(),
            closers: VecDeque::new(),
            held: false,
            granted: 0,
            in_transit: 0,
            peak: 0,
            totals: Totals::default(),
            now: Duration::ZERO,
            let_go: Vec::new(),
        }
    }

    // The verbs that are no futures.

    pub(crate) fn try_put(&mut self, item: Item) -> Result<(), PutError<u32>> {
        let admitted = self.admit(item);
        self.conclude(admitted, item)
    }

    pub(crate) fn try_get(&mut self) -> Result<u32, GetError> {
        let item = self.take();
        self.serve();
        item.ok_or(if self.is_over() { GetError::ShutDown } else { GetError::Empty })
    }

    pub(crate) fn drain(&mut self) -> Vec<u32> {
        std::iter::from_fn(|| self.try_get().ok()).collect()
    }

    pub(crate) fn put_into_permit(&mut self, item: Item) -> Result<(), PutError<u32>> {
        self.granted -= 1;
        if self.life != Life::Open {
            return Err(PutError::ShutDown(item.id));
        }
        self.enter(item);
        self.serve();
        Ok(())
    }

    pub(crate) fn drop_permit(&mut self) {
        self.granted -= 1;
        self.serve();
    }

    pub(crate) fn finish(&mut self, n: usize, count: fn(&mut Totals) -> &mut u64) -> bool {
        if n > self.in_flight() {
            return false;
        }
        *count(&mut self.totals) += n as u64;
        self.serve();
        true
    }

    pub(crate) fn set_capacity(&mut self, items: usize) -> bool {
        if items == 0 {
            return false;
        }
        self.capacity = Some(items);
        while self.overflow == Overflow::DropOldest && self.items.len() > items {
            self.drop_oldest();
        }
        self.serve();
        true
    }

    pub(crate) fn shut_down(&mut self, how: Shutdown) {
        if how == Shutdown::Immediate {
            self.life = Life::Ended;
            while let Some((_, (_, item))) = self.items.pop_first() {
                self.totals.dropped_shutdown += 1;
                self.let_go.push((item.id, DropReason::ShutDown));
            }
        } else if self.life == Life::Open {
            self.life = Life::Draining;
        }
        self.release(|model| &mut model.putters, Phase::Closed);
        self.release(|model| &mut model.closers, Phase::Served(None));
        self.serve();
        self.close_if_over();
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        let (putters, getters) = (self.putters.len(), self.getters.len() + self.batches.len());
        self.now += time;
        self.totals.depth_time += self.items.len() as f64 * time.as_secs_f64();
        self.totals.put_waited += time * putters as u32;
        self.totals.get_waited += time * getters as u32;
        self.totals.put_blocked += if putters > 0 { time } else { Duration::ZERO };
        self.totals.get_blocked += if getters > 0 { time } else { Duration::ZERO };
        if self.capacity.is_some_and(|capacity| self.items.len() as f64 >= capacity as f64 * 0.8) {
            self.totals.saturated += time;
        }
    }

    // Looking.

    pub(crate) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.items.len() + self.granted >= capacity)
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.life != Life::Open
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The stats that `real` should be; ages are not modelled, and a float may differ in its last digits.
    pub(crate) fn stats(&self, real: &QueueStats) -> QueueStats {
        let since = |line: &VecDeque<Id>| line.front().map(|id| self.now - self.running[id].since).unwrap_or_default();
        let mut totals = self.totals.clone();
        if (totals.depth_time - real.totals.depth_time).abs() < 1e-9 {
            totals.depth_time = real.totals.depth_time;
        }
        QueueStats {
            name: real.name.clone(),
            capacity: self.capacity,
            depth: self.items.len(),
            in_transit: self.in_transit,
            depth_peak: self.peak,
            unfinished: self.unfinished(),
            in_flight: self.in_flight(),
            waiting_putters: self.putters.len(),
            waiting_getters: self.getters.len() + self.batches.len(),
            oldest_age: real.oldest_age.filter(|_| !self.items.is_empty()),
            stalled: real.stalled.filter(|_| !self.items.is_empty()),
            longest_put_wait: since(&self.putters),
            longest_get_wait: since(&self.getters).max(since(&self.batches)),
            totals,
        }
    }

    fn in_flight(&self) -> usize {
        (self.totals.got - self.totals.done()) as usize
    }

    fn unfinished(&self) -> usize {
        (self.totals.put - self.totals.dropped() - self.totals.done()) as usize
    }

    fn is_over(&self) -> bool {
        self.life == Life::Ended || self.life == Life::Draining && self.items.is_empty() && self.in_transit == 0
    }

    // Items.

    fn admit(&mut self, item: Item) -> Admitted {
        if self.life != Life::Open {
            return Admitted::ShutDown;
        }
        if self.is_full() {
            match self.overflow {
                Overflow::DropNewest => {
                    self.totals.put += 1;
                    self.totals.dropped_newest += 1;
                    self.let_go.push((item.id, DropReason::Newest));
                    return Admitted::Yes;
                }
                // Where permits hold every slot, the oldest is the new one.
                Overflow::DropOldest => {
                    self.enter(item);
                    self.drop_oldest();
                    self.serve();
                    return Admitted::Yes;
                }
                _ => return Admitted::Full,
            }
        }
        self.enter(item);
        self.serve();
        Admitted::Yes
    }

    fn conclude(&mut self, admitted: Admitted, item: Item) -> Result<(), PutError<u32>> {
        match admitted {
            Admitted::Yes => Ok(()),
            Admitted::ShutDown => Err(PutError::ShutDown(item.id)),
            Admitted::Full => {
                self.totals.rejected += 1;
                Err(PutError::Full(item.id))
            }
        }
    }

    fn enter(&mut self, item: Item) {
        self.totals.put += 1;
        self.place(self.next, item);
        self.next += 1;
    }

    fn place(&mut self, number: u64, item: Item) {
        let place = match self.order {
            Order::Fifo => (0, number),
            Order::Lifo => (0, u64::MAX - number),
            Order::Priority => (u64::from(item.priority), number),
        };
        self.items.insert(place, (number, item));
    }

    fn drop_oldest(&mut self) {
        let oldest = if self.order == Order::Fifo { self.items.pop_first() } else { self.items.pop_last() };
        if let Some((_, (_, item))) = oldest {
            self.totals.dropped_oldest += 1;
            self.let_go.push((item.id, DropReason::Oldest));
        }
    }

    /// Takes the next item, past a batch that waits; if it was the last, the batch holds the next ones.
    fn take(&mut self) -> Option<u32> {
        if self.held {
            return None;
        }
        let (_, (_, item)) = self.items.pop_first()?;
        self.totals.got += 1;
        if self.items.is_empty() {
            self.hold();
        }
        Some(item.id)
    }

    fn hold(&mut self) {
        if let Some(first) = self.batches.front() {
            self.held = true;
            self.running.get_mut(first).unwrap().lingers = false;
        }
    }

    // Waiters.

    /// Gives what is there to whoever waits for it.
    fn serve(&mut self) {
        while !self.held && !self.items.is_empty() && !self.getters.is_empty() {
            let overtaken = self.batches.front().is_some_and(|batch| {
                let getter = &self.running[&self.getters[0]];
                self.running[batch].since <= getter.since
            });
            self.hand_over();
            if overtaken {
                self.hold();
            }
        }
        while !self.is_full() && !self.putters.is_empty() {
            self.granted += 1;
            self.release_first(|model| &mut model.putters, Phase::Served(None));
        }
        if self.unfinished() == 0 {
            self.release(|model| &mut model.joiners, Phase::Served(None));
        }
        self.peak = self.peak.max(self.items.len());
    }

    fn hand_over(&mut self) {
        if let Some((_, numbered)) = self.items.pop_first() {
            self.in_transit += 1;
            self.release_first(|model| &mut model.getters, Phase::Served(Some(numbered)));
        }
    }

    /// The first batch left: those who stood behind it are served, past the next batch once at most.
    fn first_batch_left(&mut self) {
        self.held = false;
        self.serve();
        self.close_if_over();
    }

    fn close_if_over(&mut self) {
        if self.is_over() {
            self.held = false;
            self.release(|model| &mut model.getters, Phase::Closed);
            self.release(|model| &mut model.batches, Phase::Closed);
        }
    }

    fn release(&mut self, line: fn(&mut Self) -> &mut VecDeque<Id>, phase: Phase) {
        while !line(self).is_empty() {
            self.release_first(line, phase);
        }
    }

    fn release_first(&mut self, line: fn(&mut Self) -> &mut VecDeque<Id>, phase: Phase) {
        if let Some(first) = line(self).pop_front() {
            self.running.get_mut(&first).unwrap().phase = phase;
        }
    }
}
