//! A producer as a sink: room first, then the item, as a permit has it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;
use tokio::task::coop;

use super::discipline::Kind;
use super::error::PutError;
use super::halves::Producer;
use super::offer::Offer;
use super::put::claim;
use super::shared::Shared;
use super::state::State;
use super::wait::{Waited, poll_wait, stop_waiting, tell_end};
use super::waiters::{Phase, Waiter};
use super::wakes::wake;
use crate::observe::Side;

impl<T, K: Kind<T>> Sink<T> for Producer<T, K> {
    type Error = PutError<Option<T>>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        let shared: &Shared<T, K> = this.queue.shared();
        if this.closed {
            return Poll::Ready(Err(PutError::ShutDown(None)));
        }
        if this.ready {
            return Poll::Ready(Ok(()));
        }
        let (waits, over) = {
            let state = shared.glance();
            (state.waits_for_room(), state.is_shut_down())
        };
        let open = if waits {
            let mut waiter = this.place.get_or_make();
            let attempt = State::reserve;
            let waited =
                ready!(poll_wait(shared, None, waiter.as_mut(), cx, Side::Put, |state| &mut state.putters, attempt));
            // It may wait again, for the next item.
            waiter.set(Waiter::new());
            (this.ready, this.waited) = match waited {
                Waited::AtOnce(reserved) => (reserved, None),
                Waited::Ended(phase, waited) => (phase == Phase::Served, waited),
            };
            this.ready
        } else {
            ready!(coop::poll_proceed(cx)).made_progress();
            !over
        };
        Poll::Ready(if open { Ok(()) } else { Err(PutError::ShutDown(None)) })
    }

    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), Self::Error> {
        let this = self.get_mut();
        if this.closed {
            return Err(PutError::ShutDown(Some(item)));
        }
        if !this.ready {
            return this.queue.try_put(item).map_err(|refused| refused.map(Some));
        }
        let shared: &Shared<T, K> = this.queue.shared();
        let mut offer = Offer::of(item);
        offer.begin(shared);
        let put = claim(shared, &mut offer, this.waited);
        // Not before: if `Ord` panics, the room is still there to be given back.
        this.ready = false;
        put.map_err(|refused| refused.map(Some))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().end();
        Poll::Ready(Ok(()))
    }
}

impl<T, K: Kind<T>> Producer<T, K> {
    /// Leaves the line, or gives the room that was granted there to the next; a sink that is ready keeps its room.
    pub(super) fn quit_place(&self) {
        let shared: &Shared<T, K> = self.queue.shared();
        self.place.quit(|mut waiter| {
            stop_waiting(shared, Some(Side::Put), |state| &mut state.putters, waiter.as_mut());
            if waiter.phase() == Phase::Served {
                give_up(shared);
            }
            tell_end(shared, Side::Put, waiter.as_mut());
            waiter.set(Waiter::new());
        });
    }

    /// Gives up whatever this producer holds, once: its place or its room, and its claim to the queue.
    pub(super) fn end(&mut self) {
        self.quit_place();
        if std::mem::take(&mut self.ready) {
            give_up(self.queue.shared());
        }
        if !std::mem::replace(&mut self.closed, true) {
            self.queue.shared().drop_producer();
        }
    }
}

fn give_up<T, K: Kind<T>>(shared: &Shared<T, K>) {
    let next = shared.lock().give_up_grant();
    wake(next);
}
