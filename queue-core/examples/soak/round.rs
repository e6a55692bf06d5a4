//! One round: a queue, its workers, somebody who meddles, and the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use queue_core::{Consumer, Overflow, Producer, Queue, Shutdown, Ticker};
use tokio::runtime::{Builder, Runtime};

use crate::Random;
use crate::books::{Item, Tally, Work};
use crate::workers::{Getters, get_as_task, get_as_thread, put_as_task, put_as_thread};

/// Items that each producer tries to put.
const ITEMS: u32 = 50_000;
/// The last of the meddler's verbs.
const LOOK: u64 = 3;
const CAPACITIES: [usize; 6] = [1, 2, 3, 7, 64, 1000];

/// Runs the round of `seed`, on a runtime of one thread or of two.
pub(crate) fn run(seed: u64) -> Tally {
    let mut random = Random(seed);
    random.below(2);
    let one_thread = random.below(2) == 0;
    let mut builder = if one_thread { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    let runtime = builder.worker_threads(2).enable_time().build().expect("a runtime can be started");
    let _ticking = (random.below(2) == 0).then(|| Ticker::start_every(Duration::from_millis(1)));

    let let_go = Arc::new(Mutex::new(Vec::new()));
    let overflow = [Overflow::Wait, Overflow::Wait, Overflow::Wait, Overflow::DropOldest, Overflow::DropNewest]
        [index(&mut random, 5)];
    let queue = Queue::builder("soak")
        .capacity(CAPACITIES[index(&mut random, CAPACITIES.len())])
        .overflow(overflow)
        .on_drop({
            let let_go = Arc::clone(&let_go);
            move |item, _| let_go.lock().unwrap_or_else(PoisonError::into_inner).push(item)
        })
        .unregistered()
        .build()
        .expect("the settings are sound");

    let consumers = 1 + random.below(3);
    // A getter that is dropped returns its item to its place, but somebody else may have got a later one meanwhile: so
    // the order is that of the producers if nobody gives up, or if there is nobody else.
    let getters = if random.below(2) == 0 { Getters::GiveUp } else { Getters::Stay };
    let in_order = getters == Getters::Stay || consumers == 1;
    let (producer, consumer) = queue.clone().split();
    let putting: Vec<_> =
        (0..1 + index(&mut random, 3)).map(|nth| put(&runtime, &producer, nth, &mut random)).collect();
    let getting: Vec<_> = (0..consumers).map(|_| get(&runtime, &consumer, getters, &mut random)).collect();
    let over = Arc::new(AtomicBool::new(false));
    let meddler = thread::spawn({
        let (queue, over, random) = (queue.clone(), Arc::clone(&over), Random(seed));
        move || meddle(&queue, &over, random)
    });
    let at_once = random.below(8) == 0;
    if at_once {
        // At any moment of the round: that it is another each time is the point.
        thread::sleep(Duration::from_millis(random.below(30)));
        queue.shutdown(Shutdown::Immediate);
    }
    // What moves a runtime of one thread is whoever waits for its tasks.
    let put: Vec<Work> = putting.into_iter().map(|worker| worker.end(&runtime)).collect();
    queue.shutdown(Shutdown::Drain);
    let got: Vec<Work> = getting.into_iter().map(|worker| worker.end(&runtime)).collect();
    over.store(true, Ordering::SeqCst);
    meddler.join().expect("whoever meddles finds the queue sound");
    drop((producer, consumer, queue));
    let let_go = let_go.lock().unwrap_or_else(PoisonError::into_inner);
    Tally::of(&put, &got, &let_go, in_order)
}

fn index(random: &mut Random, len: usize) -> usize {
    usize::try_from(random.below(len as u64)).unwrap_or(0)
}

/// Somebody who works.
enum Worker {
    Task(tokio::task::JoinHandle<Work>),
    Thread(thread::JoinHandle<Work>),
}

impl Worker {
    fn end(self, runtime: &Runtime) -> Work {
        match self {
            Self::Task(task) => runtime.block_on(task).expect("no worker panics"),
            // The tasks of a runtime of one thread run only while it is waited for.
            Self::Thread(thread) => runtime
                .block_on(async { tokio::task::spawn_blocking(|| thread.join()).await })
                .expect("a thread can be waited for")
                .expect("no worker panics"),
        }
    }
}

fn put(runtime: &Runtime, producer: &Producer<Item>, nth: usize, random: &mut Random) -> Worker {
    let (producer, of_its_own) = (producer.clone(), Random(random.below(u64::from(u32::MAX))));
    match random.below(3) {
        0 => Worker::Thread(thread::spawn(move || put_as_thread(&producer, nth, ITEMS, of_its_own))),
        _ => Worker::Task(runtime.spawn(put_as_task(producer, nth, ITEMS, of_its_own))),
    }
}

fn get(runtime: &Runtime, consumer: &Consumer<Item>, getters: Getters, random: &mut Random) -> Worker {
    let (consumer, of_its_own) = (consumer.clone(), Random(random.below(u64::from(u32::MAX))));
    match random.below(3) {
        0 => Worker::Thread(thread::spawn(move || get_as_thread(&consumer, getters, of_its_own))),
        _ => Worker::Task(runtime.spawn(get_as_task(consumer, getters, of_its_own))),
    }
}

/// Changes the bound, looks, and finishes what others got, until the round is over; or only looks, which leaves a queue
/// to the one thread that is alone with it.
fn meddle(queue: &Queue<Item>, over: &AtomicBool, mut random: Random) {
    let first = if random.below(2) == 0 { LOOK } else { 0 };
    while !over.load(Ordering::SeqCst) {
        match first + random.below(LOOK + 1 - first) {
            0 => queue.set_capacity(CAPACITIES[index(&mut random, CAPACITIES.len())]).expect("none of them is 0"),
            1 => drop(queue.downgrade().upgrade()),
            2 => drop(queue.task_done()),
            _ => {
                let stats = queue.stats();
                let there = (stats.depth + stats.in_transit) as u64;
                let totals = &stats.totals;
                assert_eq!(totals.put, totals.got + totals.dropped() + there, "something is missing in {stats:#?}");
            }
        }
        // It meddles beside the others; without a rest it would only hold their lock.
        thread::sleep(Duration::from_micros(100));
    }
}
