//! A planted bottleneck is named, also when it moves; what has none has none.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream;
use queue_pipeline::{Bottleneck, Capacity, Control, Report, Workers};
use support::{millis, never, on_paused_clock, pipeline};
use tokio::time::sleep;

const STAGES: [&str; 4] = ["a", "b", "c", "d"];

/// What each item costs in each stage, and at the source; to be changed while it runs.
#[derive(Clone)]
struct Costs(Arc<[AtomicU64; 5]>);

impl Costs {
    fn of(costs: [u64; 5]) -> Self {
        Self(Arc::new(costs.map(AtomicU64::new)))
    }

    fn set(&self, at: usize, cost: u64) {
        self.0[at].store(cost, Ordering::SeqCst);
    }

    async fn pay(&self, at: usize, n: u64) {
        // Not always the same: half as much, or half as much again.
        let cost = self.0[at].load(Ordering::SeqCst) * (50 + n * 37 % 101) / 100;
        if cost > 0 {
            sleep(std::time::Duration::from_micros(cost)).await;
        }
    }
}

/// Starts four stages of `workers` each; the fifth cost is the source's.
fn start(costs: &Costs, workers: [usize; 4]) -> Control {
    let paid = costs.clone();
    let source = stream::unfold((paid, 0), |(costs, n)| async move {
        costs.pay(4, n).await;
        Some((n, (costs, n + 1)))
    });
    let work = |at: usize| {
        let costs = costs.clone();
        move |n: u64| {
            let costs = costs.clone();
            async move {
                costs.pay(at, n).await;
                Ok::<_, String>(n)
            }
        }
    };
    let flow = pipeline()
        .source(source)
        .stage(STAGES[0], Workers(workers[0]), Capacity(10), work(0))
        .stage(STAGES[1], Workers(workers[1]), Capacity(10), work(1))
        .stage(STAGES[2], Workers(workers[2]), Capacity(10), work(2))
        .sink(STAGES[3], Workers(workers[3]), Capacity(10), work(3));
    let control = flow.control();
    tokio::spawn(flow.run(never()));
    control
}

/// What happened in the next second.
async fn next_second(control: &Control) -> Report {
    let now = || control.report().expect("it runs");
    let before = now();
    sleep(millis(1_000)).await;
    now().since(&before)
}

fn named(stage: &str) -> Option<Bottleneck> {
    Some(Bottleneck::Stage(stage.into()))
}

#[test]
fn a_planted_bottleneck_is_named_wherever_it_is() {
    on_paused_clock(async {
        for (at, stage) in STAGES.iter().enumerate() {
            let costs = Costs::of([2_000; 5]);
            costs.set(4, 500);
            costs.set(at, 10_000);
            let control = start(&costs, [3, 2, 3, 2]);
            sleep(millis(500)).await;
            let second = next_second(&control).await;
            assert_eq!(second.bottleneck(), named(stage), "{second}");
            control.stop();
        }
    });
}

#[test]
fn a_bottleneck_that_moves_is_named_where_it_is_now() {
    on_paused_clock(async {
        let costs = Costs::of([1_000, 1_000, 1_000, 1_000, 100]);
        let control = start(&costs, [2, 2, 2, 2]);
        for at in [2, 0, 3, 1, 2] {
            costs.set(at, 20_000);
            // Until what was buffered before it has gone.
            sleep(millis(500)).await;
            let second = next_second(&control).await;
            assert_eq!(second.bottleneck(), named(STAGES[at]), "{second}");
            assert!(second.to_string().contains(&format!("held up by stage {}", STAGES[at])), "{second}");
            costs.set(at, 1_000);
        }
        control.stop();
    });
}

#[test]
fn more_workers_move_it_on() {
    on_paused_clock(async {
        let costs = Costs::of([1_000, 10_000, 3_000, 1_000, 100]);
        let control = start(&costs, [1, 1, 1, 1]);
        sleep(millis(500)).await;
        assert_eq!(next_second(&control).await.bottleneck(), named("b"));
        control.set_workers("b", 8).unwrap();
        sleep(millis(500)).await;
        assert_eq!(next_second(&control).await.bottleneck(), named("c"));
        control.stop();
    });
}

#[test]
fn a_slow_source_is_one_and_a_balanced_pipeline_has_none() {
    on_paused_clock(async {
        let slow_source = start(&Costs::of([1_000, 1_000, 1_000, 1_000, 10_000]), [2, 2, 2, 2]);
        sleep(millis(500)).await;
        assert_eq!(next_second(&slow_source).await.bottleneck(), Some(Bottleneck::Source));
        slow_source.stop();

        let balanced = start(&Costs::of([1_000, 1_000, 1_000, 1_000, 1_000]), [1, 1, 1, 1]);
        sleep(millis(500)).await;
        let second = next_second(&balanced).await;
        assert_eq!(second.bottleneck(), None, "{second}");
        balanced.stop();
    });
}

#[test]
fn a_stage_that_is_held_up_by_its_own_order_is_the_bottleneck() {
    on_paused_clock(async {
        // One item in ten takes long: of four workers three mostly wait for their turn.
        let flow = pipeline()
            .source(0..)
            .stage("read", Workers(1), Capacity(10), |n: u64| async move { Ok::<_, String>(n) })
            .stage("uneven", Workers(4), Capacity(10), |n| async move {
                sleep(millis(if n % 10 == 0 { 50 } else { 1 })).await;
                Ok(n)
            })
            .ordered()
            .sink("store", Workers(1), Capacity(10), |_| async { Ok(()) });
        let control = flow.control();
        tokio::spawn(flow.run(never()));
        sleep(millis(500)).await;
        let second = next_second(&control).await;
        assert_eq!(second.bottleneck(), named("uneven"), "{second}");
        control.stop();
    });
}

#[test]
fn the_figures_of_a_stage_are_exact() {
    on_paused_clock(async {
        let flow = pipeline()
            .source(0..10_u64)
            .stage("quick", Workers(1), Capacity(1), |n| async move {
                sleep(millis(10)).await;
                Ok::<_, String>(n)
            })
            .sink("slow", Workers(1), Capacity(1), |_| async {
                sleep(millis(40)).await;
                Ok(())
            });
        let report = flow.run(never()).await.unwrap();
        let millis = |time: std::time::Duration| time.as_millis();
        let [quick, slow] = report.stages.as_slice() else { panic!("{report}") };
        // The first item is there at 10 ms, the last is done after 10 × 40 ms more.
        assert_eq!((millis(slow.starved), millis(slow.busy), millis(slow.blocked)), (10, 400, 0));
        // Two fit behind it (one in hand, one in the queue), the others wait: the third for 20 ms, the other seven for 30.
        assert_eq!((millis(quick.busy), millis(quick.blocked)), (100, 20 + 7 * 30));
        assert_eq!(
            (quick.mean_call(), quick.longest, slow.calls),
            (Some(support::millis(10)), support::millis(10), 10)
        );
        assert_eq!((quick.went_out, slow.came_in, slow.done), (10, 10, 10));
    });
}
