//! That items go the short way where they may: the long one comes to the same, so nothing else would tell. And that
//! nobody goes it for nothing who has to let others run.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::coop;

use super::Short;
use crate::observe::TraceContext;
use crate::queue::calm::{Reach, spend};
use crate::queue::{Fifo, ItemSampling, Kind, Lifo, Priority, Queue, QueueOf};
use crate::testing::{ByHand, PausedClock};

/// A queue that has seen the clock stand still.
fn calm<K: Kind<u32> + 'static>(sampling: ItemSampling) -> (QueueOf<u32, K>, PausedClock)
where
    K::Buffer: Send,
{
    let clock = PausedClock::pause();
    let builder = QueueOf::builder("test").unbounded().sample_items(sampling).unregistered();
    let queue = builder.build().expect("nothing is wrong with it");
    let _ = queue.stats();
    (queue, clock)
}

fn is_put<K: Kind<u32>>(queue: &QueueOf<u32, K>, item: u32) -> bool {
    matches!(queue.shared().glance().put_at_once(&mut Some(item)), Short::Done(()))
}

fn got<K: Kind<u32>>(queue: &QueueOf<u32, K>) -> Option<u32> {
    match queue.shared().glance().get_at_once() {
        Short::Done(item) => Some(item),
        _ => None,
    }
}

/// Runs `work` as a task of a runtime.
fn in_a_task<R>(mut work: impl FnMut(&mut Context<'_>) -> R) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it needs no more than memory");
    runtime.block_on(poll_fn(|cx| Poll::Ready(work(cx))))
}

#[test]
fn in_calm_every_item_goes_the_short_way_whatever_the_order() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let (queue, _clock) = calm::<K>(ItemSampling::Off);
        for item in 0..100 {
            assert!(is_put(&queue, item), "{:?}: {item} took the long way in", K::KIND);
            assert_eq!(got(&queue), Some(item), "{:?}: {item} took the long way out", K::KIND);
        }
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn only_a_clock_that_somebody_asks_for_keeps_an_item_of_a_priority_queue_from_the_short_way() {
    let (queue, _clock) = calm::<Priority>(ItemSampling::All);
    queue.try_put(1).expect("there is room");
    queue.try_put(2).expect("there is room");
    assert_eq!(got(&queue), Some(1), "nobody asks");
    queue.shared().lock().measured = true;
    assert_eq!(got(&queue), None, "somebody asks");
    let (unclocked, _clock) = calm::<Priority>(ItemSampling::Off);
    unclocked.shared().glance().measured = true;
    assert!(is_put(&unclocked, 1));
    assert_eq!(got(&unclocked), Some(1), "there is nothing to tell");
}

#[test]
fn of_items_in_order_those_with_a_clock_alone_go_the_long_way_out_while_somebody_asks() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::OneIn(10));
    (0..600).for_each(|item| queue.try_put(item).expect("there is room"));
    queue.shared().lock().measured = true;
    for item in 0..600 {
        let has_clock = queue.shared().glance().untagged() == 0;
        assert_eq!(got(&queue), Some(item).filter(|_| !has_clock), "{item}");
        assert!(!has_clock || queue.try_get() == Ok(item), "{item}");
    }
    let (traced, _clock) = calm::<Fifo>(ItemSampling::Off);
    traced.shared().lock().measured = true;
    let mut trace = TraceContext::new([1; 16], [2; 8], 0).map(Box::new);
    let put = traced.shared().glance().put_when_asked(&mut Some(0), &mut trace, None);
    assert!(matches!(put, Short::Done(())));
    assert_eq!(got(&traced), Some(0), "it has no clock");
}

#[test]
fn an_item_within_what_was_seen_and_paid_for_needs_no_other_look() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    assert!((0..3).all(|item| is_put(&queue, item)));
    assert_eq!(got(&queue), Some(0));
    let mut state = queue.shared().glance();
    state.reach = Reach::default();
    assert!(matches!(state.put_at_once(&mut Some(3)), Short::Done(())));
    assert!(state.put_quickly(&mut Some(4)), "what needs no look at all is to be had without one");
    assert_eq!(state.get_quickly(), Some(1));
    assert_eq!((state.reach.put_until, state.reach.get_until), (0, 0), "it looked around");
}

#[test]
fn an_item_beyond_what_was_seen_or_paid_for_needs_another_look() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    assert!((0..3).all(|item| is_put(&queue, item)));
    assert_eq!(got(&queue), Some(0));
    let mut state = queue.shared().glance();
    state.reach = Reach::default();
    (state.calm.put_until, state.calm.get_until) = (state.next, state.got);
    assert_eq!(state.get_quickly(), None);
    assert!(matches!(state.put_at_once(&mut Some(3)), Short::Done(())));
    assert!(state.reach.put_until > 0, "it came in on the word of nobody");
}

#[test]
fn what_carries_a_clock_is_never_passed_off_as_what_carries_nothing() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::OneIn(10));
    (0..600).for_each(|item| queue.try_put(item).expect("there is room"));
    let clocks = queue.shared().glance().tags.clocks();
    assert!((30..=64).contains(&clocks), "{clocks} of 600 items at one in 10");
    assert_eq!(std::iter::from_fn(|| queue.try_get().ok()).count(), 600);
    assert_eq!(queue.shared().glance().tags.clocks(), 0, "clocks stayed behind when their items went");
}

#[test]
fn as_many_are_put_together_as_there_is_room_for_with_nobody_waiting() {
    let _clock = PausedClock::pause();
    let builder = QueueOf::builder("test").capacity(5).unregistered().sample_items(ItemSampling::Off);
    let queue: Queue<u32> = builder.build().expect("it is sound");
    let _ = queue.stats();
    let mut getter = ByHand::new(queue.get());
    assert!(getter.poll().is_pending());
    assert_eq!(queue.shared().glance().room_in_calm(), 0, "the next item is the getter's");
    drop(getter);
    (0..2).for_each(|item| queue.try_put(item).expect("there is room"));
    assert_eq!(queue.shared().glance().room_in_calm(), 3);
    let mut items = VecDeque::from([2, 3, 4, 5]);
    assert!(queue.shared().glance().put_many_at_once(&mut items, &mut None).is_none(), "nobody is to be woken");
    assert_eq!((items, queue.len()), (VecDeque::from([5]), 5));
}

#[test]
fn an_item_comes_shortly_into_a_slot_that_was_granted_unless_a_batch_is_to_be_told_of_it() {
    let _clock = PausedClock::pause();
    let queue: Queue<u32> = QueueOf::builder("test").capacity(1).unregistered().build().expect("it is sound");
    let _ = queue.stats();
    let grant = || {
        queue.try_put(0).expect("there is room");
        let mut putter = ByHand::new(queue.put(1));
        assert!(putter.poll().is_pending());
        assert_eq!(queue.try_get(), Ok(0));
        putter
    };
    let putter = grant();
    assert!(matches!(queue.shared().glance().claim_at_once(&mut Some(1)), Short::Done(())));
    queue.shared().lock().granted += 1;
    drop(putter);
    assert_eq!(queue.try_get(), Ok(1));
    let mut putter = grant();
    let mut batch = ByHand::new(queue.get_batch(1, Duration::ZERO));
    assert!(batch.poll().is_pending());
    assert_eq!(putter.poll(), Poll::Ready(Ok(())));
    assert!(batch.is_woken(), "nobody told it");
    assert_eq!(batch.poll(), Poll::Ready(Ok(vec![1])));
}

#[test]
fn a_batch_takes_items_in_a_run_as_far_as_it_has_room() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    (0..5).for_each(|item| queue.try_put(item).expect("there is room"));
    let mut batch = Vec::with_capacity(4);
    batch.push(9);
    assert!(queue.shared().glance().get_run(&mut batch, 4));
    assert_eq!((batch, queue.len(), queue.shared().glance().got), (vec![9, 0, 1, 2], 2, 3));
}

#[test]
fn to_collect_what_was_handed_over_disturbs_no_calm() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    let mut getter = ByHand::new(queue.get());
    assert!(getter.poll().is_pending());
    queue.try_put(7).expect("somebody waits for it");
    queue.shared().glance().calm.put_until = 77;
    assert_eq!(getter.poll(), Poll::Ready(Ok(7)));
    assert_eq!(queue.shared().glance().calm.put_until, 77);
}

#[test]
fn what_is_received_and_finished_disturbs_no_calm_and_is_known_by_its_number() {
    fn check<K: Kind<u32> + 'static>(order: [u64; 3])
    where
        K::Buffer: Send,
    {
        let (queue, _clock) = calm::<K>(ItemSampling::Off);
        (0..3).for_each(|item| queue.try_put(item).expect("there is room"));
        queue.shared().glance().calm.put_until = 77;
        for (left, number) in (0..3).rev().zip(order) {
            let taken = in_a_task(|cx| match queue.shared().glance().receive_in_step(cx) {
                Short::Done((item, went)) => Some((u64::from(item), went.seq, went.depth)),
                _ => None,
            });
            assert_eq!(taken, Some((number, number, left)), "{:?}", K::KIND);
            queue.task_done().expect("it was received");
            assert_eq!(queue.shared().glance().calm.put_until, 77, "{:?}", K::KIND);
        }
    }
    check::<Fifo>([0, 1, 2]);
    check::<Lifo>([2, 1, 0]);
}

#[test]
fn an_item_that_carries_anything_is_not_received_the_short_way() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    let mut trace = TraceContext::new([1; 16], [2; 8], 0).map(Box::new);
    let put = queue.shared().glance().put_when_asked(&mut Some(0), &mut trace, None);
    assert!(matches!(put, Short::Done(())));
    in_a_task(|cx| assert!(matches!(queue.shared().glance().receive_in_step(cx), Short::Look)));
    let Poll::Ready(Ok(delivery)) = ByHand::new(queue.receive()).poll() else { panic!("the long way has it") };
    assert!(delivery.trace().is_some());
    delivery.done();
}

#[test]
fn a_task_without_budget_goes_on_for_no_longer_than_was_paid_for() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    assert!((0..100).all(|item| is_put(&queue, item)), "those who have no budget pay for 64 items");
    in_a_task(|cx| {
        let mut state = queue.shared().glance();
        assert!(matches!(state.get_in_step(cx), Short::Done(0)), "it pays for 16 items");
        while coop::has_budget_remaining() {
            spend(cx);
        }
        let put = (0..1_000).take_while(|_| matches!(state.put_in_step(&mut Some(1), cx), Short::Done(()))).count();
        assert!(put <= 64, "{put} items were put without budget");
        let got = (0..1_000).take_while(|_| matches!(state.get_in_step(cx), Short::Done(_))).count();
        assert_eq!(got, 15);
        state.disturb();
        assert!(matches!(state.put_in_step(&mut Some(1), cx), Short::Look), "a look around is no way round it");
        assert!(matches!(state.get_in_step(cx), Short::Look), "a look around is no way round it");
        assert_eq!(state.depth(), 100 + put - 16);
    });
}

#[test]
fn a_thread_that_spins_sees_without_the_lock_that_something_was_put_or_got_by_whichever_way() {
    let (queue, _clock) = calm::<Fifo>(ItemSampling::Off);
    let mut before = queue.shared().seen();
    let mut moved = |what: &str| {
        let now = queue.shared().seen();
        assert_ne!(std::mem::replace(&mut before, now), now, "{what}");
    };
    assert!(is_put(&queue, 0));
    moved("put the short way");
    queue.shared().lock().disturb();
    assert_eq!(got(&queue), Some(0));
    moved("got the short way");
    queue.shared().lock().observed = true;
    queue.try_put(1).expect("there is room");
    moved("put the long way");
    queue.try_get().expect("there is an item");
    moved("got the long way");
}

#[test]
fn an_item_that_a_source_has_no_scope_for_goes_the_short_way_with_what_it_carries_once_the_source_was_asked() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let (queue, _clock) = calm::<K>(ItemSampling::Off);
        queue.shared().lock().sourced = true;
        for item in 0..100 {
            assert!(queue.shared().put_quickly(&mut Some(item)).is_err(), "{:?}: {item} passed the source", K::KIND);
            assert!(!is_put(&queue, item), "{:?}: {item} passed the source", K::KIND);
            let trace = TraceContext::new([1; 16], [2; 8], 0).filter(|_| item % 3 == 0).map(Box::new);
            let put = queue.shared().glance().put_when_asked(&mut Some(item), &mut trace.clone(), None);
            assert!(matches!(put, Short::Done(())), "{:?}: {item} took the long way in", K::KIND);
            assert_eq!(queue.shared().glance().tags.last_trace(item.into()), trace);
            assert_eq!(got(&queue), Some(item), "{:?}: {item} took the long way out", K::KIND);
        }
        assert!(queue.shared().glance().tags.is_empty(), "{:?}: what was carried is left behind", K::KIND);
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}
