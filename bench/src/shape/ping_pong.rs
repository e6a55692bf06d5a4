//! Two tasks and two queues: each waits for the other's answer.

use std::time::Instant;

use super::each;
use crate::ends::{Accepted, Get, Handed, Put};
use crate::item::check_sum;
use crate::runtime::Flavor;

/// Sends `trips` requests one way and each answer back; a figure is a round trip, four operations.
pub(crate) fn ping_pong<P: Put<u64>, G: Get<u64>>(flavor: Flavor, there: (P, G), back: (P, G), trips: u64) -> f64 {
    let ((mut asking, mut asked), (mut answering, mut answered)) = (there, back);
    let runtime = flavor.runtime();
    let started = Instant::now();
    let sum = runtime.block_on(async move {
        let echo = runtime.spawn(async move {
            for _ in 0..trips {
                let number = asked.get_item().await.handed().expect("the queue ended early");
                assert!(answering.put_item(number).await.accepted(), "the queue ended early");
            }
        });
        let caller = runtime.spawn(async move {
            let mut sum = 0;
            for number in 0..trips {
                assert!(asking.put_item(number).await.accepted(), "the queue ended early");
                sum += answered.get_item().await.handed().expect("the queue ended early");
            }
            sum
        });
        echo.await.expect("the task that answers does not panic");
        caller.await.expect("the task that asks does not panic")
    });
    let took = started.elapsed();
    check_sum(trips, sum);
    each(took, trips)
}
