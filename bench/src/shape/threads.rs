//! Plain threads, at both ends or at one.

use std::ops::Range;
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
    beside(move || put_all(&mut putter, items), move || get_all(&mut getter, items), items)
}

/// As many threads as `putters` put, as many as `getters` get, each an equal share.
pub(crate) fn threads_to_threads<P: BlockingPut<u64>, G: BlockingGet<u64>>(
    (putters, getters): (Vec<P>, Vec<G>),
    items: u64,
) -> f64 {
    let ends = (putters.len() * getters.len()) as u64;
    let items = items.div_ceil(ends) * ends;
    let (put_share, get_share) = (items / putters.len() as u64, items / getters.len() as u64);
    let ready = Barrier::new(putters.len() + getters.len() + 1);
    let ready = &ready;
    thread::scope(|scope| {
        for (end, mut putter) in (0..).zip(putters) {
            scope.spawn(move || {
                ready.wait();
                put_range(&mut putter, end * put_share..(end + 1) * put_share);
            });
        }
        let getting = getters.into_iter().map(|mut getter| {
            scope.spawn(move || {
                ready.wait();
                get_all(&mut getter, get_share)
            })
        });
        let getting: Vec<_> = getting.collect();
        ready.wait();
        let started = Instant::now();
        // Whoever gets has all shares when it ends, so those who put have put.
        let sum = getting.into_iter().map(|getter| getter.join().expect("the thread that gets does not panic")).sum();
        let took = started.elapsed();
        check_sum(items, sum);
        each(took, items)
    })
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
    let getting = move || get_all(&mut getter, items);
    beside(putting, getting, items)
}

fn put_all(putter: &mut impl BlockingPut<u64>, items: u64) {
    put_range(putter, 0..items);
}

fn put_range(putter: &mut impl BlockingPut<u64>, numbers: Range<u64>) {
    for number in numbers {
        assert!(putter.put_parking(number), "the queue ended early");
    }
}

fn get_all(getter: &mut impl BlockingGet<u64>, items: u64) -> u64 {
    (0..items).map(|_| getter.get_parking().expect("the queue ended early")).sum()
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
