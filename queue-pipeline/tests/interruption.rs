//! Whenever and however a run is interrupted: what was taken is stored, failed, skipped, filtered or left over.
//!
//! Random pipelines, interrupted at random moments; once on a clock that stands still while anybody has something to
//! do, so that each case is the same again, and once with real threads. What the stages did is counted by the stages,
//! apart from the library.

mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use queue_pipeline::{
    Batch, CancellationToken, Capacity, Control, Ending, PipelineError, Report, Retry, Skip, Workers,
};
use support::{millis, on_paused_clock, on_threads, pipeline};
use tokio::time::sleep;

/// A pipeline, what goes wrong in it, and when it is interrupted.
#[derive(Clone, Debug)]
struct Case {
    items: u64,
    workers: [usize; 4],
    capacities: [usize; 4],
    pauses: [u64; 4],
    ordered: bool,
    keyed: bool,
    threads: bool,
    rule: Rule,
    /// Every so manieth item fails, or panics.
    fails: u64,
    panics: u64,
    interruption: Interruption,
    after: u64,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Cancel,
    Skip,
    Retry,
    Letters,
}

#[derive(Clone, Copy, Debug)]
enum Interruption {
    None,
    Stop,
    /// With so many milliseconds to drain.
    Cancel(u64),
    /// Stopped, and cancelled a moment later.
    StopAndCancel(u64),
}

/// What the stages counted by themselves.
#[derive(Clone, Default)]
struct Counts(Arc<[AtomicU64; 4]>);

#[derive(Clone, Copy)]
enum Count {
    Taken,
    Stored,
    Letters,
    LeftOver,
}

impl Counts {
    fn add(&self, count: Count, n: u64) {
        self.0[count as usize].fetch_add(n, Ordering::SeqCst);
    }

    fn of(&self, count: Count) -> u64 {
        self.0[count as usize].load(Ordering::SeqCst)
    }
}

type Ran = Result<Report, PipelineError<String>>;

/// A run that has been started.
struct Started {
    counts: Counts,
    control: Control,
    token: CancellationToken,
    run: tokio::task::JoinHandle<Ran>,
}

fn start(case: &Case) -> Started {
    let (counts, token) = (Counts::default(), CancellationToken::new());
    let Case { workers, capacities, pauses, fails, panics, .. } = *case;
    let source = (1..=case.items).inspect({
        let counts = counts.clone();
        move |_| counts.add(Count::Taken, 1)
    });
    let left = || {
        let counts = counts.clone();
        move |n: usize| counts.add(Count::LeftOver, n as u64)
    };
    let work = move |n: u64, stage: usize| async move {
        pause(pauses[stage] * (n % 3)).await;
        assert!(panics == 0 || n % panics != panics - 1, "panics at {n}");
        if fails > 0 && n % fails == fails - 1 { Err(format!("{n} fails")) } else { Ok(n) }
    };
    let drain = match case.interruption {
        Interruption::Cancel(drain) | Interruption::StopAndCancel(drain) => drain,
        _ => 1_000,
    };
    let (one, two) = (left(), left());
    let mut first = pipeline()
        .drain_within(millis(drain))
        .source(source)
        .stage("first", Workers(workers[0]), Capacity(capacities[0]), move |n: u64| work(n, 0))
        .on_left_over(move |_| one(1));
    first = match case.rule {
        Rule::Cancel => first,
        Rule::Skip => first.on_error(Skip),
        Rule::Retry => first.on_error(Retry::attempts(2).backoff(millis(3))).on_error(Skip),
        Rule::Letters => first.dead_letters({
            let counts = counts.clone();
            move |_| {
                counts.add(Count::Letters, 1);
                pauses_for(pauses[3])
            }
        }),
    };
    if case.ordered {
        first = first.ordered();
    }
    if case.threads {
        first = first.on_threads();
    }
    let mut many = first
        .stage_many("many", Workers(workers[1]), Capacity(capacities[1]), move |n: u64| async move {
            pause(pauses[1]).await;
            Ok((0..n % 4).map(move |copy| n * 10 + copy))
        })
        .on_left_over(move |_| two(1));
    if case.ordered {
        many = many.ordered();
    }
    let third = left();
    let mut filtered = many
        .filter("filter", Workers(workers[2]), Capacity(capacities[2]), |n| n % 5 != 0)
        .on_left_over(move |_| third(1));
    if case.keyed {
        filtered = filtered.by_key(|n| n % 7);
    }
    let (stored, fourth) = (counts.clone(), left());
    let batch = Batch { max: 3, linger: millis(2) };
    let flow = filtered
        .sink_batch("store", Workers(workers[3]), Capacity(capacities[3]), batch, move |batch: Vec<u64>| {
            let stored = stored.clone();
            async move {
                pause(pauses[3]).await;
                stored.add(Count::Stored, batch.len() as u64);
                Ok(())
            }
        })
        .on_left_over(move |batch| fourth(batch.len()));
    let control = flow.control();
    let run = tokio::spawn(flow.run(token.clone()));
    Started { counts, control, token, run }
}

async fn pause(length: u64) {
    if length > 0 {
        sleep(millis(length)).await;
    } else {
        tokio::task::yield_now().await;
    }
}

async fn pauses_for(length: u64) -> Result<(), String> {
    pause(length).await;
    Ok(())
}

/// Runs a case to its end; `waits` is what "after" means.
async fn interrupted<F: Future<Output = ()>>(case: &Case, waits: impl Fn(u64) -> F) -> (Counts, Ran) {
    let Started { counts, control, token, run } = start(case);
    waits(case.after).await;
    match case.interruption {
        Interruption::None => {}
        Interruption::Stop => control.stop(),
        Interruption::Cancel(_) => token.cancel(),
        Interruption::StopAndCancel(drain) => {
            control.stop();
            waits(drain / 2).await;
            token.cancel();
        }
    }
    (counts, run.await.expect("a run does not panic"))
}

fn assert_accounted_for(case: &Case, counts: &Counts, ran: &Ran) {
    let report = ran.as_ref().unwrap_or_else(|error| &error.report);
    assert!(report.adds_up(), "{case:?}\n{report}\n{report:?}");
    assert_eq!(report.under_way(), 0, "{report}");
    assert_eq!(report.taken(), counts.of(Count::Taken), "{report}");
    assert!(report.stages.iter().all(|stage| stage.workers == 0), "somebody works on: {report:?}");
    // Of what was being stored when it ended, nobody can say how far it got.
    let in_hand = report.stages[3].left_over;
    assert!((report.stored()..=report.stored() + in_hand).contains(&counts.of(Count::Stored)), "{report}");
    assert!(counts.of(Count::LeftOver) <= report.left_over(), "{report}");
    if let (Rule::Letters, Ok(_)) = (case.rule, ran) {
        let letters = counts.of(Count::Letters);
        assert!((report.failed()..=report.failed() + report.stages[0].left_over).contains(&letters), "{report}");
    }
    match (ran, report.ending) {
        (Err(_), Ending::Failed) => assert!(report.failed() > 0),
        (Ok(_), Ending::Completed | Ending::Stopped) => assert_eq!(report.left_over(), 0, "{report}"),
        (Ok(_), Ending::Cancelled) => assert_eq!(report.failed(), counts.of(Count::Letters).min(report.failed())),
        _ => panic!("{ran:?}"),
    }
}

fn cases(pauses: std::ops::Range<u64>, after: std::ops::Range<u64>) -> impl Strategy<Value = Case> {
    let interruption = prop_oneof![
        1 => Just(Interruption::None),
        2 => Just(Interruption::Stop),
        4 => (0..60_u64).prop_map(Interruption::Cancel),
        2 => (0..60_u64).prop_map(Interruption::StopAndCancel),
    ];
    let rule = prop_oneof![Just(Rule::Cancel), Just(Rule::Skip), Just(Rule::Retry), Just(Rule::Letters)];
    let shape = (prop::array::uniform4(1..5_usize), prop::array::uniform4(1..6_usize), prop::array::uniform4(pauses));
    let flags = (any::<bool>(), any::<bool>(), 0..70_u64, prop_oneof![3 => Just(0), 1 => 1..90_u64]);
    (1..150_u64, shape, flags, rule, interruption, after).prop_map(
        |(items, (workers, capacities, pauses), (ordered, keyed, fails, panics), rule, interruption, after)| Case {
            items,
            workers,
            capacities,
            pauses,
            ordered,
            keyed,
            threads: false,
            rule,
            fails,
            panics,
            interruption,
            after,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn interrupted_at_any_moment_every_item_is_accounted_for(case in cases(0..12, 0..300)) {
        on_paused_clock(async {
            let (counts, ran) = interrupted(&case, |after| sleep(millis(after))).await;
            assert_accounted_for(&case, &counts, &ran);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn interrupted_at_any_moment_real_threads_lose_nothing_either(
        mut case in cases(0..2, 0..4_000),
        threads: bool,
    ) {
        case.threads = threads;
        on_threads(async {
            // Microseconds: real time is not to be waited for.
            let waits = |after| async move {
                let until = std::time::Instant::now() + std::time::Duration::from_micros(after);
                while std::time::Instant::now() < until {
                    tokio::task::yield_now().await;
                }
            };
            let (counts, ran) = interrupted(&case, waits).await;
            assert_accounted_for(&case, &counts, &ran);
        });
    }
}
