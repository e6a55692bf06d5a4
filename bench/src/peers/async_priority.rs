//! async-priority-channel: a binary heap behind a lock. The largest priority is next, so priorities are turned around.

use async_priority_channel::{Receiver, Sender};

use super::Peer;
use crate::ends::{TryGet, TryPut};

/// `async_priority_channel`.
pub(crate) struct AsyncPriority;

impl Peer for AsyncPriority {
    const NAME: &'static str = "async-priority-channel";
}

/// The item is its priority; the payload is empty, which spares the peer a word an item.
impl TryPut<u64> for Sender<(), u64> {
    fn try_put_item(&mut self, item: u64) -> bool {
        self.try_send((), u64::MAX - item).is_ok()
    }
}

impl TryGet<u64> for Receiver<(), u64> {
    fn try_get_item(&mut self) -> Option<u64> {
        self.try_recv().ok().map(|((), priority)| u64::MAX - priority)
    }
}
