//! Ready-made sources: channels of other crates, each behind its feature.
//!
//! All hold their channel by a weak handle, so that watching keeps none open, and call it gone once it is closed: items
//! that are left to be received then are not seen any more. None of these channels counts what goes through.

#[cfg(any(feature = "tokio-mpsc", feature = "async-channel", feature = "flume"))]
use super::source::{Levels, Source};

/// A bounded channel of `tokio::sync::mpsc`, as a [`Source`].
///
/// Its depth are the slots that are taken: by items, and by permits that somebody reserved.
///
/// There is none for tokio's unbounded channels: their senders do not know how many items are buffered, and a receiver
/// is not to be shared. Count what goes in and out, and write a [`Source`] of your own.
///
/// # Examples
/// ```
/// use queue_core::Registry;
/// use queue_core::registry::TokioMpsc;
///
/// let registry = Registry::new();
/// let (sender, receiver) = tokio::sync::mpsc::channel(4);
/// let watched = registry.watch("doc.tokio", TokioMpsc::of(&sender));
/// sender.try_send("job").unwrap();
/// assert_eq!(registry.get("doc.tokio").unwrap().utilization(), Some(0.25));
/// # drop((watched, receiver));
/// ```
#[cfg(feature = "tokio-mpsc")]
#[derive(Clone, Debug)]
pub struct TokioMpsc<T>(tokio::sync::mpsc::WeakSender<T>);

#[cfg(feature = "tokio-mpsc")]
impl<T> TokioMpsc<T> {
    /// The channel that `sender` sends to.
    #[must_use]
    pub fn of(sender: &tokio::sync::mpsc::Sender<T>) -> Self {
        Self(sender.downgrade())
    }
}

#[cfg(feature = "tokio-mpsc")]
impl<T: Send + 'static> Source for TokioMpsc<T> {
    fn levels(&self) -> Option<Levels> {
        let sender = self.0.upgrade().filter(|sender| !sender.is_closed())?;
        let capacity = sender.max_capacity();
        let depth = capacity.saturating_sub(sender.capacity());
        Some(Levels { depth: Some(depth), capacity: Some(capacity), ..Levels::default() })
    }
}

/// A channel of `async-channel`, bounded or not, as a [`Source`].
///
/// # Examples
/// ```
/// use queue_core::Registry;
/// use queue_core::registry::AsyncChannel;
///
/// let registry = Registry::new();
/// let (sender, receiver) = async_channel::bounded(4);
/// let watched = registry.watch("doc.async-channel", AsyncChannel::of(&sender));
/// sender.try_send("job").unwrap();
/// assert_eq!(registry.get("doc.async-channel").unwrap().depth, 1);
/// # drop((watched, receiver));
/// ```
#[cfg(feature = "async-channel")]
#[derive(Clone, Debug)]
pub struct AsyncChannel<T>(End<T>);

#[cfg(feature = "async-channel")]
#[derive(Clone, Debug)]
enum End<T> {
    Sender(async_channel::WeakSender<T>),
    Receiver(async_channel::WeakReceiver<T>),
}

#[cfg(feature = "async-channel")]
impl<T> AsyncChannel<T> {
    /// The channel that `sender` sends to.
    #[must_use]
    pub fn of(sender: &async_channel::Sender<T>) -> Self {
        Self(End::Sender(sender.downgrade()))
    }

    /// The channel that `receiver` receives from, for those who have no sender.
    #[must_use]
    pub fn of_receiver(receiver: &async_channel::Receiver<T>) -> Self {
        Self(End::Receiver(receiver.downgrade()))
    }
}

#[cfg(feature = "async-channel")]
impl<T: Send + 'static> Source for AsyncChannel<T> {
    fn levels(&self) -> Option<Levels> {
        let (depth, capacity) = match &self.0 {
            End::Sender(sender) => sender.upgrade().map(|end| (end.len(), end.capacity()))?,
            End::Receiver(receiver) => receiver.upgrade().map(|end| (end.len(), end.capacity()))?,
        };
        Some(Levels { depth: Some(depth), capacity, ..Levels::default() })
    }
}

/// A channel of `flume`, bounded or not, as a [`Source`].
///
/// One of capacity 0 only hands over: its depth is 0, and it has no utilization.
///
/// # Examples
/// ```
/// use queue_core::Registry;
/// use queue_core::registry::Flume;
///
/// let registry = Registry::new();
/// let (sender, receiver) = flume::bounded(4);
/// let watched = registry.watch("doc.flume", Flume::of(&sender));
/// sender.try_send("job").unwrap();
/// assert_eq!(registry.get("doc.flume").unwrap().depth, 1);
/// # drop((watched, receiver));
/// ```
#[cfg(feature = "flume")]
#[derive(Clone, Debug)]
pub struct Flume<T>(flume::WeakSender<T>);

#[cfg(feature = "flume")]
impl<T> Flume<T> {
    /// The channel that `sender` sends to.
    #[must_use]
    pub fn of(sender: &flume::Sender<T>) -> Self {
        Self(sender.downgrade())
    }
}

#[cfg(feature = "flume")]
impl<T: Send + 'static> Source for Flume<T> {
    fn levels(&self) -> Option<Levels> {
        let sender = self.0.upgrade().filter(|sender| !sender.is_disconnected())?;
        Some(Levels { depth: Some(sender.len()), capacity: sender.capacity(), ..Levels::default() })
    }
}
