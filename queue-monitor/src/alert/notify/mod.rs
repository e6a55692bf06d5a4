//! Who is told of a transition, beside those who subscribe: one file each.
//!
//! A notifier gets the transitions of one pass together, and must not fail or block the pass.

mod log;

use queue_core::AlertTransition;

use crate::config::Notify;

/// Tells all notifiers that the configuration asks for.
pub(crate) fn tell(notify: &Notify, transitions: &[AlertTransition]) {
    if notify.log {
        transitions.iter().for_each(log::tell);
    }
}
