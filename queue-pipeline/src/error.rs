//! What goes wrong: a failure of one item, and the error of a run with all of them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::report::Report;

/// Why work on an item came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause<E> {
    /// The work returned an error.
    Failed(E),
    /// The work panicked, with this message.
    Panicked(String),
}

/// One failure: in which stage, with which item, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    /// The stage, as it was named; `source` where the source itself panicked.
    pub stage: Arc<str>,
    /// Which item of the source it was, or was made of; the first is number 1. Of a batch, its first.
    pub item: u64,
    /// Why.
    pub cause: Cause<E>,
}

/// A run that was ended by a failure.
#[derive(Clone, Debug)]
pub struct PipelineError<E> {
    /// What ended it.
    pub first: Failure<E>,
    /// What else failed before every worker had ended, in the order in which it did.
    pub others: Vec<Failure<E>>,
    /// What had become of all items by then.
    pub report: Box<Report>,
}

impl<E> Cause<E> {
    /// What a panic was about, as far as it said.
    pub(crate) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panicked(message.unwrap_or_else(|| "a panic without a message".to_owned()))
    }

    /// Why, as far as it can be said of an error that need not be able to say it: those that are text are.
    pub(crate) fn words(&self) -> String
    where
        E: 'static,
    {
        match self {
            Self::Panicked(message) => format!("panicked: {message}"),
            Self::Failed(error) => {
                let error = error as &dyn Any;
                let text = error.downcast_ref::<&str>().copied();
                let text = text.or_else(|| error.downcast_ref::<String>().map(String::as_str));
                text.unwrap_or("the work returned an error").to_owned()
            }
        }
    }
}

impl<E: fmt::Display> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage {}, item {}: {}", self.stage, self.item, self.cause)
    }
}

impl<E: fmt::Display> fmt::Display for PipelineError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pipeline {} was ended by {}", self.report.pipeline, self.first)?;
        if let [other, more @ ..] = self.others.as_slice() {
            write!(f, "; then {other}")?;
            if !more.is_empty() {
                write!(f, " and {} more", more.len())?;
            }
        }
        let report = &self.report;
        write!(
            f,
            " ({} items taken: {} stored, {} failed, {} skipped, {} left over)",
            report.taken(),
            report.stored(),
            report.failed(),
            report.skipped(),
            report.left_over()
        )
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for PipelineError<E> {}
