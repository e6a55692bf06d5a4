//! Who was seen to have to wait looks again under the lock: by then it may be needless, and nobody would end the wait.

use std::pin::pin;
use std::task::{Context, Waker};

use super::{join, stop_waiting};
use crate::observe::Side;
use crate::queue::state::State;
use crate::queue::waiters::Waiter;
use crate::queue::{Overflow, Queue, Shutdown};

fn queue(overflow: Overflow) -> Queue<u32> {
    Queue::builder("test").capacity(1).overflow(overflow).unregistered().build().expect("nothing is wrong with it")
}

/// Whether a put that comes now stands in line, where it is left again.
fn put_waits(queue: &Queue<u32>) -> bool {
    let (shared, mut waiter) = (queue.shared(), pin!(Waiter::new()));
    let cx = Context::from_waker(Waker::noop());
    let joined = join(shared, waiter.as_mut(), &cx, Side::Put, State::has_to_wait_for_room, |state| &mut state.putters);
    assert_eq!(stop_waiting(shared, None, |state| &mut state.putters, waiter), joined);
    joined
}

/// As `put_waits`, for a get.
fn get_waits(queue: &Queue<u32>) -> bool {
    let (shared, mut waiter) = (queue.shared(), pin!(Waiter::new()));
    let cx = Context::from_waker(Waker::noop());
    let joined = join(shared, waiter.as_mut(), &cx, Side::Get, State::has_to_wait_for_item, |state| &mut state.getters);
    assert_eq!(stop_waiting(shared, None, |state| &mut state.getters, waiter), joined);
    joined
}

#[test]
fn a_put_stands_in_line_only_while_there_is_no_room_and_some_may_come() {
    let queue = queue(Overflow::Wait);
    assert!(!put_waits(&queue), "there is room");
    queue.try_put(1).expect("there is room");
    assert!(put_waits(&queue), "there is none");
    queue.shutdown(Shutdown::Drain);
    assert!(!put_waits(&queue), "nothing comes in any more");
    for overflow in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let queue = self::queue(overflow);
        queue.try_put(1).expect("there is room");
        assert!(!put_waits(&queue), "{overflow:?}: it does not wait for room");
    }
}

#[test]
fn a_get_stands_in_line_only_while_there_is_nothing_for_it_and_something_may_come() {
    let queue = queue(Overflow::Wait);
    assert!(get_waits(&queue), "there is nothing");
    queue.try_put(1).expect("there is room");
    assert!(!get_waits(&queue), "there is an item");
    queue.shared().lock().held = true;
    assert!(get_waits(&queue), "it is another's");
    queue.shared().lock().held = false;
    queue.drain();
    queue.shutdown(Shutdown::Drain);
    assert!(!get_waits(&queue), "nothing comes any more");
}
