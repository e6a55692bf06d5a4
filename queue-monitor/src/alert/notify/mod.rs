//! Who is told of a transition, beside those who subscribe: one file each.
//!
//! A notifier gets the transitions of one pass together, and must not fail or block the pass. Those of a queue that is
//! muted do not get here while it is; what they come to is told when it is over.

mod gate;
mod log;

use std::time::SystemTime;

use queue_core::AlertTransition;

use crate::config::Config;
use gate::Gate;

/// Whom the configuration asks to tell, and what they have still to be told.
#[derive(Debug, Default)]
pub(crate) struct Notifiers {
    gate: Gate,
}

impl Notifiers {
    /// Tells all that the configuration asks for. `wall` is the wall clock: nothing but mutes goes by it.
    pub(crate) fn tell(&mut self, config: &Config, wall: SystemTime, transitions: &[AlertTransition]) {
        let passed = self.gate.pass(&config.mute, wall, transitions);
        if config.notify.log {
            passed.told.iter().for_each(log::tell);
            passed.held.iter().for_each(|(transition, reason)| log::muted(transition, reason.as_deref()));
        }
    }
}
