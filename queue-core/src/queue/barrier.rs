//! A barrier of which one side is free: what the owner of a biased lock passes with each item is an order to the compiler
//! alone; who ends the bias makes every running thread of the process pass a real one.
//!
//! On Linux that is `membarrier(2)`, private and expedited. Where it is missing (other systems, a sandbox), no lock is
//! biased.

#![allow(unsafe_code)]

pub(super) use of_the_system::{is_there, of_all_threads, of_the_owner};

#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
mod of_the_system {
    use std::sync::OnceLock;
    use std::sync::atomic::{Ordering, compiler_fence};
    use std::time::Duration;

    /// Whether the system has it and lets us use it. The first call asks: with many threads some milliseconds, once.
    pub(in super::super) fn is_there() -> bool {
        static THERE: OnceLock<bool> = OnceLock::new();
        *THERE.get_or_init(|| membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
    }

    /// The owner's side: no code is moved across it.
    #[inline(always)]
    pub(in super::super) fn of_the_owner() {
        compiler_fence(Ordering::SeqCst);
    }

    /// The others' side: afterwards every thread of this process has passed a full barrier.
    pub(in super::super) fn of_all_threads() {
        if !membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
            // It was there, and a sandbox that was shut since has taken it away. What a processor has stored is seen by
            // the others within microseconds all the same.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: the call takes numbers, and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(not(any(target_os = "linux", loom, shuttle)))]
mod of_the_system {
    pub(in super::super) fn is_there() -> bool {
        false
    }

    pub(in super::super) fn of_the_owner() {}

    pub(in super::super) fn of_all_threads() {}
}

/// What the two sides amount to together is a barrier on either.
#[cfg(any(loom, shuttle))]
mod of_the_system {
    use crate::sync::{Ordering, fence};

    pub(in super::super) fn is_there() -> bool {
        true
    }

    pub(in super::super) fn of_the_owner() {
        fence(Ordering::SeqCst);
    }

    pub(in super::super) fn of_all_threads() {
        fence(Ordering::SeqCst);
    }
}
