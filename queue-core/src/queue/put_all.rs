//! Putting many: as many puts, but those that find room at once take the lock together.

use std::collections::VecDeque;

use tokio::task::coop;

use super::QueueOf;
use super::discipline::Kind;
use super::error::PutError;
use super::wakes::wake;

/// Most items that are put together: the lock is a small part of each then, and nobody waits for it for long.
const TOGETHER: usize = 32;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Puts every item of `items`, in order, waiting for room as needed: as many calls of [`put`](Self::put).
    ///
    /// The iterator runs unlocked. It is asked for as many items as there is room for, 32 at most and no more than it says
    /// it surely has ([`size_hint`](Iterator::size_hint)), which are then put together; one that cannot say is asked for
    /// one item when the one before is in.
    ///
    /// # Errors
    /// As [`put`](Self::put); the error has what was pulled from the iterator and not put. What was put before stays.
    ///
    /// # Panics
    /// If the iterator does; what it gave since the last items were put goes with it.
    ///
    /// # Cancel safety
    /// What was put stays; what was pulled and is not in yet is dropped with the iterator.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::unbounded("doc.put_all");
    /// queue.put_all(1..=3).await.unwrap();
    /// assert_eq!(queue.drain(), [1, 2, 3]);
    /// # }
    /// ```
    pub async fn put_all(&self, items: impl IntoIterator<Item = T>) -> Result<(), PutError<Vec<T>>> {
        let mut items = items.into_iter();
        let mut pulled = VecDeque::new();
        loop {
            let sure = items.size_hint().0.min(TOGETHER);
            let room = if sure > 1 { self.shared().glance().room_in_calm().min(sure) } else { 0 };
            pulled.extend(items.by_ref().take(room.max(1)));
            if pulled.is_empty() {
                return Ok(());
            }
            if room > 1 {
                coop::consume_budget().await;
                let mut slot = None;
                let waker = self.shared().glance().put_many_at_once(&mut pulled, &mut slot);
                wake(waker);
            }
            // The way of those that others were quicker than, or that somebody waits for.
            while let Some(item) = pulled.pop_front() {
                if let Err(error) = self.put(item).await {
                    let rest = |item| std::iter::once(item).chain(pulled).collect();
                    return Err(error.map(rest));
                }
            }
        }
    }
}
