//! Order: results leave a stage in the order in which their items came in.
//!
//! An item gets a ticket when it is taken. Whoever worked on it waits for its turn before it hands anything on, and
//! has no other item meanwhile; so at most one result a worker waits for its turn, and reordering is bounded by the
//! number of workers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Hands out tickets and lets their holders through one after the other.
#[derive(Debug, Default)]
pub(crate) struct Turnstile(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    /// The next ticket.
    next: u64,
    /// Whose turn it is.
    turn: u64,
    /// Tickets behind the turn whose holders have nothing to hand on any more.
    passed: BTreeSet<u64>,
    waiting: BTreeMap<u64, Waker>,
}

/// A place in the order. Dropped, it is the next one's turn, once all before it have gone as well.
#[derive(Debug)]
#[must_use = "a ticket that is dropped has had its turn"]
pub(crate) struct Ticket {
    stile: Arc<Turnstile>,
    number: u64,
}

impl Turnstile {
    /// The next place in the order.
    pub(crate) fn ticket(self: &Arc<Self>) -> Ticket {
        let mut line = self.line();
        let number = line.next;
        line.next += 1;
        Ticket { stile: Arc::clone(self), number }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Waits until all that came before have gone.
    ///
    /// # Cancel safety
    /// Dropped, the ticket keeps its place until it is dropped itself.
    pub(crate) async fn turn(&self) {
        std::future::poll_fn(|cx| {
            let mut line = self.stile.line();
            if line.turn == self.number {
                return Poll::Ready(());
            }
            line.waiting.insert(self.number, cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let waker = {
            let mut line = self.stile.line();
            let line = &mut *line;
            line.waiting.remove(&self.number);
            line.passed.insert(self.number);
            while line.passed.remove(&line.turn) {
                line.turn += 1;
            }
            line.waiting.remove(&line.turn)
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::Context;

    use super::*;

    fn has_its_turn(ticket: &Ticket) -> bool {
        pin!(ticket.turn()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_ticket_has_its_turn_when_all_before_it_are_gone_whatever_their_order() {
        let stile = Arc::new(Turnstile::default());
        let [first, second, third, fourth] = [(); 4].map(|()| stile.ticket());
        assert!(has_its_turn(&first) && !has_its_turn(&fourth));
        drop(third);
        drop(second);
        assert!(!has_its_turn(&fourth));
        drop(first);
        assert!(has_its_turn(&fourth));
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_the_last_one_before() {
        let stile = Arc::new(Turnstile::default());
        let (first, second, third) = (stile.ticket(), stile.ticket(), stile.ticket());
        let waits = tokio::spawn(async move { third.turn().await });
        tokio::task::yield_now().await;
        drop(second);
        drop(first);
        waits.await.unwrap();
    }

    #[test]
    fn nothing_is_left_of_tickets_that_are_gone() {
        let stile = Arc::new(Turnstile::default());
        let mut held = Vec::new();
        for _ in 0..100 {
            held.push(stile.ticket());
            has_its_turn(&held[held.len() - 1]);
        }
        while let Some(ticket) = held.pop() {
            drop(ticket);
        }
        let line = stile.line();
        assert!(line.passed.is_empty() && line.waiting.is_empty());
    }
}
