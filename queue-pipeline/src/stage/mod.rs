//! What one stage is made of: how items come in, what is done with each, and where what comes of it goes.
//!
//! In the order in which an item goes: [`intake`] takes it from the stage's queue (one, or a batch), [`worker`]
//! calls the [`work`], whose panics are [`caught`], again if the [`rules`] say so, [`turn`] keeps the order where that was asked for, and [`outlet`] puts
//! it before the next stage.
//!
//! Deliberately absent: how many workers there are and when they end; that is the [`run`](crate::run)'s.

pub(crate) mod caught;
pub(crate) mod intake;
pub(crate) mod item;
pub(crate) mod outlet;
pub(crate) mod rules;
pub(crate) mod source;
pub(crate) mod turn;
pub(crate) mod work;
pub(crate) mod worker;
