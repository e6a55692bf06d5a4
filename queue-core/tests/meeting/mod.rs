//! Operations that meet in one queue, for the model checkers: `operations` has the table of them, and this file lets
//! some of its rows meet and looks at what is left.
//!
//! Each operation runs on a thread of its own. The main thread gives those that wait exactly what they lack (an item, a
//! slot, the last `task_done`, the end) and no more, so that a wake-up that went astray is a deadlock, which the checker
//! reports.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
#![allow(dead_code, reason = "each checker uses a part of it")]

pub(crate) mod getting;
pub(crate) mod last;
pub(crate) mod operations;
pub(crate) mod program;
pub(crate) mod putting;

#[cfg(loom)]
pub(crate) use loom::{future::block_on, thread};
#[cfg(shuttle)]
pub(crate) use shuttle::{future::block_on, thread};

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use operations::{Need, Operation};
use queue_core::{Consumer, GetError, ItemSampling, Producer, PutError, Queue, Shutdown};

/// What an operation works with.
pub(crate) struct Kit {
    pub(crate) queue: Queue<u32>,
    pub(crate) producer: Option<Producer<u32>>,
    pub(crate) consumer: Option<Consumer<u32>>,
    /// The first item that it puts, if it puts any; the others follow.
    pub(crate) item: u32,
}

/// What came of an operation: what it put and what it got, in order.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) put: Vec<u32>,
    pub(crate) got: Vec<u32>,
}

impl Outcome {
    pub(crate) fn put(item: u32, put: Result<(), PutError<u32>>) -> Self {
        match put {
            Ok(()) => Self { put: vec![item], ..Self::default() },
            Err(PutError::Full(back) | PutError::ShutDown(back) | PutError::TimedOut(back)) => {
                assert_eq!(back, item, "the item that was not put comes back");
                Self::default()
            }
        }
    }

    pub(crate) fn got(got: Result<impl IntoIterator<Item = u32>, GetError>) -> Self {
        Self { got: got.into_iter().flatten().collect(), ..Self::default() }
    }
}

/// How the queue is when they meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) capacity: usize,
    pub(crate) filled: usize,
    /// Whether its lanes are open.
    pub(crate) has_lanes: bool,
}

impl Scene {
    const fn of(capacity: usize, filled: usize) -> Self {
        Self { capacity, filled, has_lanes: false }
    }

    const fn with_lanes(self) -> Self {
        Self { has_lanes: true, ..self }
    }
}

/// Every scene in which something is decided: one slot or two, empty or full; and with lanes that are open, one slot that is
/// filled, or some that are and one that is not.
pub(crate) const SCENES: [Scene; 6] = [
    Scene::of(1, 0),
    Scene::of(1, 1),
    Scene::of(2, 0),
    Scene::of(2, 2),
    Scene::of(1, 1).with_lanes(),
    Scene::of(3, 2).with_lanes(),
];

/// Items of the main thread; those of the operations are lower.
const MAIN: u32 = 1000;
const OF_ONE: u32 = 10;

/// A queue whose items carry no clocks: the first one always does otherwise, and an item with one goes the long way.
pub(crate) fn queue(capacity: usize) -> Queue<u32> {
    sampled(capacity, ItemSampling::Off)
}

pub(crate) fn sampled(capacity: usize, sampling: ItemSampling) -> Queue<u32> {
    Queue::builder("model").capacity(capacity).sample_items(sampling).unregistered().build().unwrap()
}

/// Polls a future once and drops it.
pub(crate) fn poll_and_drop<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future once as one task, and then as another one until it has an answer.
pub(crate) fn move_to_another_task<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => block_on(future),
    }
}

/// The main thread's side of a meeting.
struct Meeting {
    queue: Queue<u32>,
    /// Its bound, before an operation changed it.
    room_before: usize,
    own: Outcome,
    all: Vec<Outcome>,
}

impl Meeting {
    fn put(&mut self) -> bool {
        self.put_by(|queue, item| block_on(queue.put(item)))
    }

    /// That opens the lanes; a task of many workers does not.
    fn put_from_a_thread(&mut self) -> bool {
        self.put_by(Queue::blocking_put)
    }

    fn put_by(&mut self, put: impl FnOnce(&Queue<u32>, u32) -> Result<(), PutError<u32>>) -> bool {
        let item = MAIN + self.own.put.len() as u32;
        let put = Outcome::put(item, put(&self.queue, item)).put;
        let done = !put.is_empty();
        self.own.put.extend(put);
        done
    }

    fn get(&mut self) -> bool {
        let got = block_on(self.queue.get());
        self.own.got.extend(got.ok());
        got.is_ok()
    }

    /// Gives those who wait for an item or a slot what there will not be without it.
    fn help(&mut self, waiting: &[Need]) {
        let there: usize = self.all.iter().chain([&self.own]).map(|one| one.put.len()).sum();
        let gone: usize = self.all.iter().chain([&self.own]).map(|one| one.got.len()).sum();
        let coming: usize = waiting.iter().map(Need::brings).sum();
        let room = self.queue.capacity().unwrap();
        let least: usize = waiting.iter().map(Need::takes).sum();
        let most: usize = waiting.iter().map(|need| need.takes_at_most(room.max(self.room_before))).sum();
        let spare = waiting.contains(&Need::SpareSlot);
        let will_be_there = there + coming - gone;
        for _ in will_be_there..most {
            if !self.put() {
                return;
            }
        }
        for _ in least + room..will_be_there + usize::from(spare) {
            if !self.get() {
                return;
            }
        }
    }

    /// Gets and finishes everything.
    fn finish(&mut self) {
        self.own.got.extend(self.queue.drain());
        let in_flight = self.queue.stats().in_flight;
        if in_flight > 0 {
            self.queue.task_done_many(in_flight).unwrap();
        }
    }

    fn check(&mut self, in_order: bool) {
        self.finish();
        assert!(poll_and_drop(self.queue.join()).is_ready(), "all is finished");
        let stats = self.queue.stats();
        let there = (stats.depth, stats.in_transit, stats.unfinished, stats.waiting_putters, stats.waiting_getters);
        assert_eq!(there, (0, 0, 0, 0, 0), "something is left");
        self.all.push(std::mem::take(&mut self.own));
        let mut put: Vec<u32> = self.all.iter().flat_map(|one| one.put.iter().copied()).collect();
        let mut got: Vec<u32> = self.all.iter().flat_map(|one| one.got.iter().copied()).collect();
        let dropped = put.len() - got.len();
        assert_eq!(stats.totals.put, put.len() as u64);
        assert_eq!(stats.totals.got, got.len() as u64);
        assert_eq!(stats.totals.dropped(), dropped as u64, "put {put:?}, got {got:?}");
        put.sort_unstable();
        got.sort_unstable();
        if dropped == 0 {
            assert_eq!(put, got, "lost or doubled");
        } else {
            assert!(self.queue.is_shut_down(), "only the end lets items go here");
            assert!(got.windows(2).all(|two| two[0] < two[1]), "doubled: {got:?}");
            assert!(got.iter().all(|item| put.contains(item)), "never put: {got:?}");
        }
        if in_order {
            self.all.iter().for_each(|one| assert_in_order(&one.got));
        }
        self.assert_no_slot_lost();
    }

    /// As many items as there are slots go in, and no more.
    fn assert_no_slot_lost(&self) {
        if self.queue.is_shut_down() {
            return;
        }
        let room = self.queue.capacity().unwrap() as u32;
        for item in 0..room {
            assert_eq!(self.queue.try_put(item), Ok(()), "a slot was lost");
        }
        assert_eq!(self.queue.try_put(room), Err(PutError::Full(room)), "a slot was made up");
        assert!(self.queue.drain().into_iter().eq(0..room));
    }
}

/// Each producer's items, as one getter got them.
fn assert_in_order(got: &[u32]) {
    for (at, item) in got.iter().enumerate() {
        let earlier = got[..at].iter().filter(|earlier| *earlier / OF_ONE == item / OF_ONE);
        assert!(earlier.max().is_none_or(|earlier| earlier < item), "out of order: {got:?}");
    }
}

/// Lets `operations` meet, and checks that nothing was lost, doubled or forgotten.
pub(crate) fn meet(scene: Scene, operations: &[Operation]) {
    let queue = queue(scene.capacity);
    let mut meeting =
        Meeting { queue: queue.clone(), room_before: scene.capacity, own: Outcome::default(), all: Vec::new() };
    for _ in 0..scene.filled {
        assert!(if scene.has_lanes { meeting.put_from_a_thread() } else { meeting.put() });
    }
    let of_halves = operations.iter().any(|operation| operation.of_a_half);
    let (mut producer, mut consumer) = if of_halves { Some(queue.split()).unzip() } else { (None, None) };
    let threads: Vec<_> = (1..)
        .zip(operations)
        .map(|(nth, operation)| {
            let (producer, consumer) = if operation.of_a_half { (&producer, &consumer) } else { (&None, &None) };
            let (producer, consumer) = (producer.clone(), consumer.clone());
            let kit = Kit { queue: meeting.queue.clone(), producer, consumer, item: nth * OF_ONE };
            (kit, *operation)
        })
        .collect();
    if operations.iter().any(|operation| operation.ends_putting) {
        producer = None;
    }
    if operations.iter().any(|operation| operation.ends_getting) {
        consumer = None;
    }
    let mut threads: Vec<_> = threads
        .into_iter()
        .map(|(kit, operation)| (operation.need, thread::spawn(move || (operation.run)(kit))))
        .collect();

    let mut wait_for = |meeting: &mut Meeting, which: fn(&Need) -> bool| {
        let (ending, rest) = std::mem::take(&mut threads).into_iter().partition::<Vec<_>, _>(|(need, _)| which(need));
        threads = rest;
        for (_, thread) in ending {
            meeting.all.push(thread.join().unwrap());
        }
        threads.iter().map(|(need, _)| *need).collect::<Vec<Need>>()
    };
    let waiting = wait_for(&mut meeting, |need| *need == Need::Nothing);
    if !meeting.queue.is_shut_down() {
        meeting.help(&waiting);
    }
    let waiting = wait_for(&mut meeting, Need::is_of_items);
    if waiting.contains(&Need::Finish) {
        meeting.finish();
    }
    let waiting = wait_for(&mut meeting, |need| *need == Need::Finish);
    if !waiting.is_empty() {
        meeting.queue.shutdown(Shutdown::Drain);
    }
    wait_for(&mut meeting, |_| true);
    meeting.check(operations.iter().all(|operation| !operation.name.contains("dropped")));
    drop((producer, consumer));
}
