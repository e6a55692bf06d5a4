//! The thread: when it passes, what it survives, how it ends.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::{MetricsExporter, Turn};

const NEVER: Duration = Duration::MAX;

/// An exporter whose passes are told, and end with the channel.
fn told(every: Duration) -> (MetricsExporter, Receiver<Turn>) {
    let (tell, turns) = mpsc::channel();
    (
        MetricsExporter::start(every, move |turn| {
            let _ = tell.send(turn);
        }),
        turns,
    )
}

#[test]
fn the_first_pass_comes_at_once_and_dropping_wakes_the_thread_for_the_last() {
    let (exporter, turns) = told(NEVER);
    assert_eq!(turns.recv(), Ok(Turn::Again));
    drop(exporter);
    assert_eq!(turns.try_recv(), Ok(Turn::Last), "it was made before drop returned");
    assert_eq!(turns.try_recv(), Err(mpsc::TryRecvError::Disconnected), "the thread is gone");
}

#[test]
fn passes_come_again_and_again_also_without_an_interval() {
    let (exporter, turns) = told(Duration::ZERO);
    assert_eq!(turns.iter().take(3).collect::<Vec<_>>(), [Turn::Again; 3]);
    drop(exporter);
    assert_eq!(turns.iter().last(), Some(Turn::Last));
}

#[test]
fn a_pass_that_panics_is_not_the_last() {
    let (tell, turns) = mpsc::channel();
    let exporter = MetricsExporter::start(Duration::ZERO, move |turn| {
        let _ = tell.send(turn);
        panic!("a source of a foreign queue does this");
    });
    assert_eq!(turns.iter().take(3).collect::<Vec<_>>(), [Turn::Again; 3]);
    drop(exporter);
    assert_eq!(turns.iter().last(), Some(Turn::Last));
}

#[test]
fn an_exporter_can_be_dropped_by_its_own_recorder() {
    let place = Arc::new(Mutex::new(None::<MetricsExporter>));
    let (tell, told) = mpsc::channel();
    let own = Arc::clone(&place);
    let exporter = MetricsExporter::start(Duration::ZERO, move |_| {
        let taken = own.lock().unwrap_or_else(PoisonError::into_inner).take();
        let dropped = taken.is_some();
        drop(taken);
        let _ = tell.send(dropped);
    });
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(exporter);
    assert_eq!(told.iter().filter(|dropped| *dropped).count(), 1, "the drop came back, and the thread ended");
}

#[test]
fn an_exporter_can_be_held_and_dropped_anywhere() {
    fn free<T: Send + Sync + 'static>(_: &T) {}
    free(&told(NEVER).0);
}
