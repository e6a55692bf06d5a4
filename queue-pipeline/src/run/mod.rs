//! A run: workers are hired, stages end one after the other, and whatever happens, all of them have ended when it has.
//!
//! [`crew`] is the workers of a stage, [`desk`] what is known of it, [`ledger`] a worker's book (written on a [`page`] that others may read), [`feeder`] who takes
//! from the source; [`supervisor`] joins them, and [`control`] is the way to it from outside.
//!
//! Deliberately absent: what the work is and what items are.

pub(crate) mod control;
pub(crate) mod crew;
pub(crate) mod desk;
pub(crate) mod failures;
pub(crate) mod feeder;
pub(crate) mod ledger;
pub(crate) mod line;
mod page;
pub(crate) mod seat;
pub(crate) mod signal;
pub(crate) mod supervisor;
pub(crate) mod thread;
