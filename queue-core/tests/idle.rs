//! A hundred tasks and a hundred threads that wait cost nothing while nothing happens. One test, in a process of its
//! own: it looks at what the whole process uses.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use queue_core::{GetError, Queue, Shutdown, Ticker};
use support::{until, without_deadlock};

const TASKS: usize = 100;
const THREADS: usize = 100;
/// How long it is idle.
const IDLE: Duration = Duration::from_secs(1);

/// Gets once, and counts each poll.
async fn counted_get(queue: Queue<u32>, polls: Arc<AtomicUsize>) -> Result<u32, GetError> {
    let mut get = std::pin::pin!(queue.get());
    std::future::poll_fn(|cx| {
        polls.fetch_add(1, SeqCst);
        get.as_mut().poll(cx)
    })
    .await
}

/// How often threads of this process were scheduled and took a core, but for this one, which looks, and the ticker.
#[cfg(target_os = "linux")]
fn switches() -> Vec<(String, u64)> {
    let mut all: Vec<_> = std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| {
            let status = std::fs::read_to_string(task.unwrap().path().join("status")).ok()?;
            let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let count = |name| field(name).and_then(|text| text.parse::<u64>().ok()).unwrap();
            let waits = field("Name:")?.starts_with("waits");
            let switches = count("voluntary_ctxt_switches:") + count("nonvoluntary_ctxt_switches:");
            waits.then(|| (field("Pid:").unwrap().to_owned(), switches))
        })
        .collect();
    all.sort();
    all
}

/// The threads that wait, all of them asleep, and how often each was scheduled.
#[cfg(target_os = "linux")]
fn asleep() -> Vec<(String, u64)> {
    let is_asleep = |(pid, _): &(String, u64)| {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{pid}/stat")).unwrap();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    };
    let mut before = switches();
    until(|| {
        let now = switches();
        let all_sleep = now.len() == THREADS + 1 && now == before && now.iter().all(is_asleep);
        before = now;
        all_sleep
    });
    before
}

#[cfg(not(target_os = "linux"))]
fn asleep() {}

#[test]
fn a_hundred_parked_gets_and_a_hundred_parked_threads_use_no_cpu() {
    without_deadlock(|| {
        let _ticking = Ticker::start();
        let queue = Queue::<u32>::builder("test").capacity(1).unregistered().build().unwrap();
        let polls = Arc::new(AtomicUsize::new(0));
        let named = |n: usize| thread::Builder::new().name(format!("waits {n}"));
        let tasks = named(THREADS).spawn({
            let (queue, polls) = (queue.clone(), Arc::clone(&polls));
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    let spawn = |_| tokio::spawn(counted_get(queue.clone(), Arc::clone(&polls)));
                    let tasks: Vec<_> = (0..TASKS).map(spawn).collect();
                    for task in tasks {
                        assert_eq!(task.await.unwrap(), Err(GetError::ShutDown));
                    }
                });
            }
        });
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                let queue = queue.clone();
                named(n).spawn(move || queue.blocking_get()).unwrap()
            })
            .collect();
        until(|| queue.stats().waiting_getters == TASKS + THREADS);
        let before = asleep();
        // Nothing is done for that long, by this thread neither: the test is about what happens then.
        let (_keep, nothing) = mpsc::channel::<()>();
        assert!(nothing.recv_timeout(IDLE).is_err());
        assert_eq!(asleep(), before, "a thread that waits was scheduled");
        assert_eq!(polls.load(SeqCst), TASKS, "a task that waits was polled again");
        queue.shutdown(Shutdown::Drain);
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), Err(GetError::ShutDown)));
        tasks.unwrap().join().unwrap();
        assert_eq!(polls.load(SeqCst), 2 * TASKS, "each was woken once, for the end");
    });
}
