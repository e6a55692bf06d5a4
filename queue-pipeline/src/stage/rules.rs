//! What a stage does when its work fails: cancel the rest, skip, try again, and where what cannot be done goes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Cause;

/// An item that could not be worked on, with what it failed of: what a dead-letter sink gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter<I, E> {
    /// The input of the stage, as it came in.
    pub item: I,
    /// The stage that gave it up.
    pub stage: Arc<str>,
    /// Which item of the source it is, or was made of; the first is number 1.
    pub number: u64,
    /// Why the last attempt failed.
    pub cause: Cause<E>,
    /// How often it was tried.
    pub attempts: u32,
}

/// What is done about work that fails, by returning an error or by panicking; see
/// [`on_error`](crate::Flow::on_error).
pub trait OnError<I> {
    /// Changes the rules of a stage whose work gets `I`.
    #[doc(hidden)]
    fn amend<E>(self, rules: &mut Rules<I, E>);
}

/// The first failure cancels the rest, and `run` returns it: what every stage does that says nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Cancel;

/// What fails is let go and counted as skipped; the rest goes on.
#[derive(Clone, Copy, Debug)]
pub struct Skip;

/// What fails is tried again after a pause that grows. After the last attempt it is a dead letter
/// ([`dead_letters`](crate::Flow::dead_letters)), is skipped ([`Skip`]) or cancels the rest, as the stage says.
///
/// The input is cloned for each attempt but the last.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a rule does nothing until a stage has it"]
pub struct Retry {
    pub(crate) attempts: u32,
    backoff: Duration,
    longest: Duration,
}

impl Retry {
    /// Tries so often in all. The first pause is 100 ms and each further one twice as long, up to 30 s; a random half
    /// of it is left out, so that those who failed together do not come again together.
    ///
    /// # Panics
    /// If `attempts` is 0.
    #[track_caller]
    pub fn attempts(attempts: u32) -> Self {
        assert!(attempts > 0, "with 0 attempts nothing would be done; 1 is to try once");
        Self { attempts, backoff: Duration::from_millis(100), longest: Duration::from_secs(30) }
    }

    /// The first pause.
    pub fn backoff(self, first: Duration) -> Self {
        Self { backoff: first, ..self }
    }

    /// The longest pause.
    pub fn longest(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// The pause after the `attempt`th attempt, of which `luck` within 0..1 leaves out up to a half.
    pub(crate) fn pause(&self, attempt: u32, luck: f64) -> Duration {
        let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).and_then(|times| self.backoff.checked_mul(times));
        doubled.unwrap_or(self.longest).min(self.longest).mul_f64(1.0 - luck / 2.0)
    }
}

/// The rules of one stage.
#[doc(hidden)]
pub struct Rules<I, E> {
    pub(crate) retry: Retry,
    pub(crate) copy: Option<fn(&I) -> I>,
    pub(crate) at_last: AtLast<I, E>,
    pub(crate) ordered: bool,
    pub(crate) on_threads: bool,
    pub(crate) left_over: Option<LeftOver<I>>,
}

/// Where a dead letter goes.
pub(crate) type Letters<I, E> =
    Box<dyn Fn(DeadLetter<I, E>) -> Pin<Box<dyn Future<Output = Result<(), E>> + Send>> + Send + Sync>;

/// Gets what a run leaves in a stage's queue.
pub(crate) type LeftOver<I> = Arc<dyn Fn(I) + Send + Sync>;

/// What is done when the last attempt has failed.
pub(crate) enum AtLast<I, E> {
    Cancel,
    Skip,
    Letter(Letters<I, E>),
}

impl<I, E> Rules<I, E> {
    pub(crate) fn new() -> Self {
        Self {
            retry: Retry::attempts(1),
            copy: None,
            at_last: AtLast::Cancel,
            ordered: false,
            on_threads: false,
            left_over: None,
        }
    }

    /// A copy of what is about to be worked on, if anybody will want it should that fail.
    pub(crate) fn spare(&self, input: &I, attempt: u32) -> Option<I> {
        let wanted = attempt < self.retry.attempts || matches!(self.at_last, AtLast::Letter(_));
        self.copy.filter(|_| wanted).map(|copy| copy(input))
    }
}

impl<I> OnError<I> for Cancel {
    fn amend<E>(self, rules: &mut Rules<I, E>) {
        rules.at_last = AtLast::Cancel;
    }
}

impl<I> OnError<I> for Skip {
    fn amend<E>(self, rules: &mut Rules<I, E>) {
        rules.at_last = AtLast::Skip;
    }
}

impl<I: Clone> OnError<I> for Retry {
    fn amend<E>(self, rules: &mut Rules<I, E>) {
        rules.retry = self;
        rules.copy = Some(I::clone);
    }
}

impl<I, E> fmt::Debug for Rules<I, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("retry", &self.retry).field("ordered", &self.ordered).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_luck_leaves_out_a_half_at_most() {
        let retry = Retry::attempts(9).backoff(Duration::from_millis(100)).longest(Duration::from_secs(1));
        let check = |attempt, luck, millis| {
            assert_eq!(retry.pause(attempt, luck), Duration::from_millis(millis), "{attempt}, {luck}");
        };
        check(1, 0.0, 100);
        check(2, 0.0, 200);
        check(4, 0.0, 800);
        check(5, 0.0, 1000);
        check(u32::MAX, 0.0, 1000);
        check(1, 0.5, 75);
        check(2, 1.0, 100);
    }
}
