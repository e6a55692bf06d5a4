//! What can go wrong, per kind of call, with the item back in it.

use std::error::Error;
use std::fmt;

/// A put that did not put; the item is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PutError<T> {
    /// No room now; `put` would wait.
    Full(T),
    /// Shut down, for good.
    ShutDown(T),
    /// The deadline passed first.
    TimedOut(T),
}

impl<T> PutError<T> {
    /// The item that was not put.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::ShutDown(item) | Self::TimedOut(item) => item,
        }
    }

    /// The same error with another item in it.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> PutError<U> {
        match self {
            Self::Full(item) => PutError::Full(change(item)),
            Self::ShutDown(item) => PutError::ShutDown(change(item)),
            Self::TimedOut(item) => PutError::TimedOut(change(item)),
        }
    }
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::ShutDown(_) => "ShutDown(..)",
            Self::TimedOut(_) => "TimedOut(..)",
        })
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full",
            Self::ShutDown(_) => "the queue is shut down",
            Self::TimedOut(_) => "the queue had no room before the deadline",
        })
    }
}

impl<T> Error for PutError<T> {}

/// A get that got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetError {
    /// Nothing is there now; `get` would wait.
    Empty,
    /// Shut down and empty, for good.
    ShutDown,
    /// The deadline passed first.
    TimedOut,
}

impl fmt::Display for GetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the queue is empty",
            Self::ShutDown => "the queue is shut down and empty",
            Self::TimedOut => "the queue had no item before the deadline",
        })
    }
}

impl Error for GetError {}

/// `task_done` was called for more items than are in flight; nothing was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskDoneError {
    pub(crate) asked: usize,
    pub(crate) in_flight: usize,
}

impl fmt::Display for TaskDoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, in_flight } = self;
        write!(
            f,
            "task_done was called for {asked} item{}, but {in_flight} {} in flight (got and not yet done); call it once \
             for each item got, and not for those of a Delivery, which finishes its own",
            if *asked == 1 { "" } else { "s" },
            if *in_flight == 1 { "is" } else { "are" },
        )
    }
}

impl Error for TaskDoneError {}

/// A bound of 0 would let nothing in; the bound stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapacityError;

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a queue cannot have capacity 0, it would let nothing in; use 1 for the tightest bound")
    }
}

impl Error for CapacityError {}

/// A queue that cannot be built as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// A name is 1..=128 bytes of UTF-8 without control characters.
    BadName {
        /// The name that was given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A bound of 0 would let nothing in.
    ZeroCapacity {
        /// The queue's name.
        name: String,
    },
    /// Neither `capacity` nor `unbounded` was called.
    NoBound {
        /// The queue's name.
        name: String,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName { name, reason } => {
                write!(f, "{name:?} cannot name a queue: {reason}; use 1 to 128 bytes without control characters")
            }
            Self::ZeroCapacity { name } => write!(
                f,
                "queue {name:?} cannot have capacity 0, it would let nothing in; use 1 for the tightest bound, or \
                 unbounded() for none"
            ),
            Self::NoBound { name } => write!(
                f,
                "queue {name:?} has no bound chosen; call capacity(n), capacity_for_consumers(n) or unbounded()"
            ),
        }
    }
}

impl Error for BuildError {}
