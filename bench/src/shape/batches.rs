//! A task that puts by the hundred, a task that gets up to a hundred at a time.

use std::time::Instant;

use super::each;
use crate::ends::{GetMany, PutMany};
use crate::item::check_sum;
use crate::runtime::Flavor;

/// Items in a batch; the queue has room for several.
const BATCH: usize = 100;

/// Moves about `items` items in batches.
pub(crate) fn batches<P: PutMany<u64>, G: GetMany<u64>>(flavor: Flavor, ends: (P, G), items: u64) -> f64 {
    let (mut putter, mut getter) = ends;
    let step = BATCH as u64;
    let items = items.div_ceil(step) * step;
    let runtime = flavor.runtime();
    let started = Instant::now();
    let sum = runtime.block_on(async move {
        let putting = runtime.spawn(async move {
            let mut number = 0;
            while number < items {
                putter.put_many(number..number + step).await;
                number += step;
            }
        });
        let getting = runtime.spawn(async move {
            let (mut got, mut sum) = (0, 0);
            let mut batch = Vec::with_capacity(BATCH);
            while got < items {
                getter.get_many(BATCH, &mut batch).await;
                got += batch.len() as u64;
                sum += batch.drain(..).sum::<u64>();
            }
            sum
        });
        putting.await.expect("the task that puts does not panic");
        getting.await.expect("the task that gets does not panic")
    });
    let took = started.elapsed();
    check_sum(items, sum);
    each(took, items)
}
