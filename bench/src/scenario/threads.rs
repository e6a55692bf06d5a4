//! Plain threads, among themselves and with tasks.

use super::{Bar, Scenario, enter};
use crate::peers::{
    AsyncChannel, Crossfire, CrossfireMpsc, CrossfireSpsc, Flume, Kanal, Ours, TaskToThread, Thingbuf, ThreadToTask,
    Threads, TokioMpsc,
};
use crate::shape;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        thread_to_thread(100),
        thread_to_thread(1),
        four_to_four(100),
        four_to_four(1),
        thread_to_task(),
        task_to_thread(),
    ]
}

fn thread_to_thread(capacity: usize) -> Scenario {
    fn pair<P: Threads<u64>>(scenario: &mut Scenario, capacity: usize) {
        scenario.enter::<P>(move |items| shape::thread_to_thread(P::threads(capacity), items));
    }
    let mut scenario = Scenario::new(format!("thread to thread, capacity {capacity}"), Bar::of(1.0)).bimodal();
    enter!(pair(&mut scenario, capacity):
        Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, CrossfireSpsc, Thingbuf);
    scenario
}

/// More threads than most machines of a benchmark have cores: whoever spins keeps another from its work.
fn four_to_four(capacity: usize) -> Scenario {
    fn many<P: Threads<u64, Tx: Clone, Rx: Clone>>(scenario: &mut Scenario, capacity: usize) {
        scenario.enter::<P>(move |items| {
            let (tx, rx) = P::threads(capacity);
            shape::threads_to_threads((vec![tx; 4], vec![rx; 4]), items)
        });
    }
    let mut scenario = Scenario::new(format!("4 to 4 threads, capacity {capacity}"), Bar::of(1.0)).bimodal();
    enter!(many(&mut scenario, capacity): Ours, AsyncChannel, Flume, Kanal, Crossfire);
    scenario
}

fn thread_to_task() -> Scenario {
    fn pair<P: ThreadToTask<u64>>(scenario: &mut Scenario) {
        scenario.enter::<P>(move |items| shape::thread_to_task(P::thread_to_task(100), items));
    }
    let mut scenario = Scenario::new("thread to async, capacity 100", Bar::of(1.0)).bimodal();
    enter!(pair(&mut scenario): Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, CrossfireSpsc);
    scenario
}

fn task_to_thread() -> Scenario {
    fn pair<P: TaskToThread<u64>>(scenario: &mut Scenario) {
        scenario.enter::<P>(move |items| shape::task_to_thread(P::task_to_thread(100), items));
    }
    let mut scenario = Scenario::new("async to thread, capacity 100", Bar::of(1.0)).bimodal();
    enter!(pair(&mut scenario): Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, CrossfireSpsc);
    scenario
}
