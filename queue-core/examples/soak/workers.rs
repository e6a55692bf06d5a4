//! Those who put and those who get, as tasks and as threads, giving up at random.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt};
use queue_core::{Consumer, GetError, Producer, PutError};

use crate::Random;
use crate::books::{Item, Work, item};

/// Whether getters are dropped, perhaps with items in their hands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Getters {
    Stay,
    GiveUp,
}

impl Work {
    /// Counts what a future that was perhaps cancelled came to.
    fn count<R>(&mut self, output: Option<R>) -> Option<R> {
        self.operations += 1;
        self.cancelled += u64::from(output.is_none());
        output
    }
}

/// Gives `future` a few polls, and drops it if it has no answer by then.
async fn cancelled_after<F: Future>(polls: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let once = poll_fn(|cx| Poll::Ready(Some(future.as_mut().poll(cx)).filter(Poll::is_ready)));
        if let Some(Poll::Ready(output)) = once.await {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// A wait that may or may not be long enough.
fn moment(random: &mut Random) -> Duration {
    Duration::from_micros(random.below(40))
}

/// Puts `items` items, or tries to, as task `nth`.
pub(crate) async fn put_as_task(mut producer: Producer<Item>, nth: usize, items: u32, mut random: Random) -> Work {
    let mut work = Work::default();
    for count in 0..items {
        let (item, polls) = (item(nth, count), random.below(4));
        let put = match random.below(16) {
            0..=3 => work.count(Some(producer.put(item).await.is_ok())),
            4..=6 => work.count(cancelled_after(polls, producer.put(item)).await.map(|put| put.is_ok())),
            7..=9 => work.count(Some(producer.try_put(item).is_ok())),
            10 => {
                let put = producer.put_timeout(item, moment(&mut random)).await;
                work.count(Some(put).filter(|put| !matches!(put, Err(PutError::TimedOut(_)))).map(|put| put.is_ok()))
            }
            11 | 12 => match work.count(cancelled_after(polls, producer.reserve()).await) {
                Some(Ok(permit)) if random.below(4) > 0 => Some(permit.put(item).is_ok()),
                _ => None,
            },
            13 | 14 => work.count(Some(producer.send(item).await.is_ok())),
            _ => {
                let mut sink = Pin::new(&mut producer);
                let ready = poll_fn(|cx| Poll::Ready(Sink::poll_ready(sink.as_mut(), cx))).await;
                // A sink that is ready holds its room until it is used: nothing else of this task may wait meanwhile.
                let put = match work.count(Some(ready).filter(Poll::is_ready)) {
                    Some(_) => Sink::start_send(sink, item).is_ok(),
                    None => producer.try_put(item).is_ok(),
                };
                work.count(Some(put))
            }
        };
        work.items.extend(put.unwrap_or(false).then_some(item));
    }
    work
}

/// As [`put_as_task`], on a plain thread.
pub(crate) fn put_as_thread(producer: &Producer<Item>, nth: usize, items: u32, mut random: Random) -> Work {
    let mut work = Work::default();
    for count in 0..items {
        let item = item(nth, count);
        let put = match random.below(8) {
            0..=3 => work.count(Some(producer.blocking_put(item).is_ok())),
            4..=6 => work.count(Some(producer.try_put(item).is_ok())),
            _ => {
                let put = producer.blocking_put_timeout(item, moment(&mut random));
                work.count(Some(put).filter(|put| !matches!(put, Err(PutError::TimedOut(_)))).map(|put| put.is_ok()))
            }
        };
        work.items.extend(put.unwrap_or(false).then_some(item));
    }
    work
}

/// Gets until the queue is over.
pub(crate) async fn get_as_task(mut consumer: Consumer<Item>, getters: Getters, mut random: Random) -> Work {
    let mut work = Work::default();
    loop {
        let (polls, max) = (random.below(4), 1 + usize::try_from(random.below(8)).unwrap_or(0));
        let polls = if getters == Getters::GiveUp { polls } else { u64::MAX };
        let got: Option<Result<Vec<Item>, GetError>> = match random.below(16) {
            0..=3 => Some(consumer.get().await.map(|item| vec![item])),
            4..=6 => cancelled_after(polls, consumer.get()).await.map(|got| got.map(|item| vec![item])),
            7 | 8 => Some(consumer.try_get().map(|item| vec![item])),
            9 if getters == Getters::GiveUp => {
                Some(consumer.get_timeout(moment(&mut random)).await.map(|item| vec![item]))
            }
            9 | 10 => cancelled_after(polls, consumer.get_batch(max, Duration::ZERO)).await,
            11 => Some(consumer.get_batch(max, moment(&mut random)).await),
            12 => cancelled_after(polls, consumer.receive()).await.map(|got| {
                got.map(|delivery| {
                    let item = *delivery;
                    if random.below(2) == 0 {
                        delivery.done();
                    } else {
                        delivery.fail();
                    }
                    vec![item]
                })
            }),
            13 => Some(Ok(consumer.drain())),
            14 => Some(consumer.next().await.map(|item| vec![item]).ok_or(GetError::ShutDown)),
            // Looks once and leaves the line by the next verb.
            _ => {
                cancelled_after(1, consumer.next()).await.map(|item| item.map(|item| vec![item]).ok_or(GetError::Empty))
            }
        };
        match work.count(got) {
            Some(Ok(items)) => work.items.extend(items),
            Some(Err(GetError::TimedOut)) => work.cancelled += 1,
            Some(Err(GetError::ShutDown)) => return work,
            Some(Err(_)) | None => {}
        }
    }
}

/// As [`get_as_task`], on a plain thread.
pub(crate) fn get_as_thread(consumer: &Consumer<Item>, getters: Getters, mut random: Random) -> Work {
    let mut work = Work::default();
    loop {
        let got = match random.below(8) {
            0..=3 => consumer.blocking_get(),
            4..=6 => consumer.try_get(),
            _ if getters == Getters::GiveUp => consumer.blocking_get_timeout(moment(&mut random)),
            _ => consumer.blocking_get(),
        };
        work.operations += 1;
        match got {
            Ok(item) => work.items.push(item),
            Err(GetError::TimedOut) => work.cancelled += 1,
            Err(GetError::ShutDown) => return work,
            Err(_) => {}
        }
    }
}
