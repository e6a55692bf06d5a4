//! Where what a stage makes goes: the next stage's queue, that queue's lanes by key, or what is kept.

use std::sync::Arc;

use queue_core::{Permit, Queue, QueueStats, Shutdown};

use super::item::Numbered;
use crate::kept::Kept;

/// Tells to which lane an item goes, by its key.
pub(crate) type Route<T> = Arc<dyn Fn(&T) -> u64 + Send + Sync>;

/// Where items go.
pub(crate) enum Outlet<T> {
    /// Into a stage's queue.
    Queue(Queue<Numbered<T>>),
    /// Into the queue of the worker that the key belongs to.
    Lanes(Arc<[Queue<Numbered<T>>]>, Route<T>),
    /// Nowhere else: they are results.
    Kept(Kept<T>),
    /// Nothing comes of the last stage.
    End,
}

/// Room for items that are not there yet.
pub(crate) enum Room<T> {
    /// For one.
    Reserved(Permit<Numbered<T>>),
    /// For so many, which nobody else will take: there is one feeder to a pipeline. Without an end where nothing is put
    /// into a queue, or which one is to have an item depends on that.
    Free(usize),
}

/// The stage is gone; that happens only when the run is being torn down, and the item with it.
#[derive(Debug)]
pub(crate) struct Gone;

impl<T: Send + 'static> Outlet<T> {
    /// Takes an item that goes nowhere else, and gives back one that has yet to be [put](Self::put).
    #[inline]
    pub(crate) fn keep(&self, item: T) -> Option<T> {
        match self {
            Self::Queue(_) | Self::Lanes(..) => return Some(item),
            Self::Kept(kept) => kept.keep(item),
            Self::End => {}
        }
        None
    }

    /// Puts an item that came from the `number`th of the source, waiting for room.
    ///
    /// # Errors
    /// [`Gone`] if the queue was shut down.
    ///
    /// # Cancel safety
    /// Dropped, it has put nothing, and the item is dropped with it.
    pub(crate) async fn put(&self, number: u64, item: T) -> Result<(), Gone> {
        let queue = match self {
            Self::Queue(queue) => queue,
            Self::Lanes(lanes, route) => &lanes[lane_of(route(&item), lanes.len())],
            Self::Kept(_) | Self::End => {
                self.keep(item);
                return Ok(());
            }
        };
        queue.put(Numbered::new(number, item)).await.map_err(|_| Gone)
    }

    /// Waits for room before there is an item, where that can be known.
    ///
    /// # Errors
    /// [`Gone`] if the queue was shut down.
    ///
    /// # Cancel safety
    /// Dropped, it reserves nothing.
    pub(crate) async fn room(&self) -> Result<Room<T>, Gone> {
        let Self::Queue(queue) = self else { return Ok(Room::Free(usize::MAX)) };
        let free = queue.capacity().map_or(usize::MAX, |capacity| capacity.saturating_sub(queue.len()));
        match free {
            0 => queue.reserve().await.map(Room::Reserved).map_err(|_| Gone),
            free => Ok(Room::Free(free)),
        }
    }
}

impl<T> Clone for Outlet<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Queue(queue) => Self::Queue(queue.clone()),
            Self::Lanes(lanes, route) => Self::Lanes(Arc::clone(lanes), Arc::clone(route)),
            Self::Kept(kept) => Self::Kept(kept.clone()),
            Self::End => Self::End,
        }
    }
}

/// The queue or queues before a stage, whatever is in them.
pub(crate) trait Buffers: Send + Sync {
    /// Nothing comes in any more, or goes out either.
    fn shut_down(&self, how: Shutdown);

    /// How each stands.
    fn stats(&self) -> Vec<QueueStats>;

    /// Changes the bound of all of them together.
    fn set_capacity(&self, capacity: usize);
}

impl<T: Send + 'static> Buffers for Vec<Queue<Numbered<T>>> {
    fn shut_down(&self, how: Shutdown) {
        self.iter().for_each(|queue| queue.shutdown(how));
    }

    fn stats(&self) -> Vec<QueueStats> {
        self.iter().map(Queue::stats).collect()
    }

    fn set_capacity(&self, capacity: usize) {
        for (queue, share) in self.iter().zip(shares(capacity, self.len())) {
            queue.set_capacity(share).expect("a share is at least 1");
        }
    }
}

/// `capacity` in as many shares, each at least 1 and none more than 1 above another.
pub(crate) fn shares(capacity: usize, lanes: usize) -> impl Iterator<Item = usize> {
    (0..lanes).map(move |lane| (capacity / lanes + usize::from(lane < capacity % lanes)).max(1))
}

#[allow(clippy::cast_possible_truncation, reason = "the rest of a division by a usize is one")]
fn lane_of(key: u64, lanes: usize) -> usize {
    (key % lanes as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_the_capacity_and_none_goes_without() {
        let check = |capacity, lanes, expected: &[usize]| {
            assert_eq!(shares(capacity, lanes).collect::<Vec<_>>(), expected);
        };
        check(20, 4, &[5, 5, 5, 5]);
        check(5, 3, &[2, 2, 1]);
        check(1, 3, &[1, 1, 1]);
    }
}
