//! Tasks that put, tasks that get.

use std::time::Instant;

use super::each;
use crate::ends::{Accepted, Get, Handed, Put};
use crate::item::{Item, check_sum};
use crate::runtime::Flavor;

/// Moves about `items` items from all of `putters` to all of `getters`, each a task with an equal share.
///
/// Shares are fixed, so that no peer has to be able to end, and the queue that spreads items unevenly waits for it.
pub(crate) fn flow<T: Item, P: Put<T>, G: Get<T>>(flavor: Flavor, putters: Vec<P>, getters: Vec<G>, items: u64) -> f64 {
    let ends = (putters.len() * getters.len()) as u64;
    let items = items.div_ceil(ends) * ends;
    let (put_share, get_share) = (items / putters.len() as u64, items / getters.len() as u64);
    let runtime = flavor.runtime();
    let started = Instant::now();
    let sum = runtime.block_on(async move {
        let mut putting = Vec::with_capacity(putters.len());
        for (first, putter) in (0..).step_by(usize::try_from(put_share).expect("64 bits")).zip(putters) {
            putting.push(runtime.spawn(put_share_of(putter, first, put_share)));
        }
        let mut getting = Vec::with_capacity(getters.len());
        for getter in getters {
            getting.push(runtime.spawn(get_share_of(getter, get_share)));
        }
        for task in putting {
            task.await.expect("a task that puts does not panic");
        }
        let mut sum = 0;
        for task in getting {
            sum += task.await.expect("a task that gets does not panic");
        }
        sum
    });
    let took = started.elapsed();
    check_sum(items, sum);
    each(took, items)
}

async fn put_share_of<T: Item, P: Put<T>>(mut putter: P, first: u64, share: u64) {
    for number in first..first + share {
        assert!(putter.put_item(T::numbered(number)).await.accepted(), "the queue ended early");
    }
}

async fn get_share_of<T: Item, G: Get<T>>(mut getter: G, share: u64) -> u64 {
    let mut sum = 0;
    for _ in 0..share {
        sum += getter.get_item().await.handed().expect("the queue ended early").number();
    }
    sum
}
