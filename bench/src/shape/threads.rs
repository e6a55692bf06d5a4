//! Plain threads, at both ends or at one.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use super::each;
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, Handed, Put};
use crate::item::check_sum;
use crate::runtime::Flavor;

/// One thread puts, this one gets.
pub(crate) fn thread_to_thread<P: BlockingPut<u64>, G: BlockingGet<u64>>(ends: (P, G), items: u64) -> f64 {
    let (mut putter, mut getter) = ends;
    beside(
        move || put_all(&mut putter, items),
        move || (0..items).map(|_| getter.get_parking().expect("the queue ended early")).sum(),
        items,
    )
}

/// One thread puts, a task on a current-thread runtime gets.
pub(crate) fn thread_to_task<P: BlockingPut<u64>, G: Get<u64>>(ends: (P, G), items: u64) -> f64 {
    let (mut putter, mut getter) = ends;
    let runtime = Flavor::CurrentThread.runtime();
    let getting = move || {
        let task = runtime.spawn(async move {
            let mut sum = 0;
            for _ in 0..items {
                sum += getter.get_item().await.handed().expect("the queue ended early");
            }
            sum
        });
        runtime.block_on(task).expect("the task that gets does not panic")
    };
    beside(move || put_all(&mut putter, items), getting, items)
}

/// A task on a current-thread runtime puts, one thread gets.
pub(crate) fn task_to_thread<P: Put<u64>, G: BlockingGet<u64>>(ends: (P, G), items: u64) -> f64 {
    let (mut putter, mut getter) = ends;
    let runtime = Flavor::CurrentThread.runtime();
    let putting = move || {
        let task = runtime.spawn(async move {
            for number in 0..items {
                assert!(putter.put_item(number).await.accepted(), "the queue ended early");
            }
        });
        runtime.block_on(task).expect("the task that puts does not panic");
    };
    let getting = move || (0..items).map(|_| getter.get_parking().expect("the queue ended early")).sum();
    beside(putting, getting, items)
}

fn put_all(putter: &mut impl BlockingPut<u64>, items: u64) {
    for number in 0..items {
        assert!(putter.put_parking(number), "the queue ended early");
    }
}

/// Runs `putting` on a thread of its own and `getting` here. The clock starts when both are there.
fn beside(putting: impl FnOnce() + Send, getting: impl FnOnce() -> u64, items: u64) -> f64 {
    let ready = Barrier::new(2);
    thread::scope(|scope| {
        let putter = scope.spawn(|| {
            ready.wait();
            putting();
        });
        ready.wait();
        let started = Instant::now();
        let sum = getting();
        putter.join().expect("the thread that puts does not panic");
        let took = started.elapsed();
        check_sum(items, sum);
        each(took, items)
    })
}
