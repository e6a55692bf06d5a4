//! The advice holds: where it is followed a simulated stage keeps up, and with less it does not.

mod support;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use proptest::prelude::*;
use queue_pipeline::{Because, Capacity, Sizing, Workers};
use support::{millis, never, on_paused_clock, pipeline};

/// A stream of arrivals: at random, and now and then many at once.
#[derive(Clone, Debug)]
struct Traffic {
    rate: f64,
    call: f64,
    burst: usize,
    seed: u64,
}

/// What became of a simulated stage.
#[derive(Debug)]
struct Outcome {
    /// Of the items, those that had to wait for room.
    blocked: f64,
    mean_wait: f64,
    longest_wait: f64,
    /// How much later the last item was done than it came, of all the time.
    behind: f64,
}

const ITEMS: usize = 20_000;

impl Traffic {
    /// When items come, in seconds. On average they come at `rate`.
    fn arrivals(&self) -> Vec<f64> {
        let mut luck = Luck(self.seed);
        let (mut now, mut arrivals) = (0.0, Vec::with_capacity(ITEMS));
        // A burst among so many items that most come by themselves.
        let apart = (self.burst * 20).max(1);
        while arrivals.len() < ITEMS {
            now += luck.exponential() / self.rate;
            arrivals.push(now);
            if self.burst > 0 && arrivals.len() % apart == apart / 2 {
                arrivals.extend(std::iter::repeat_n(now, self.burst));
                now += self.burst as f64 / self.rate;
            }
        }
        arrivals
    }

    /// A stage of `workers` with a queue of `capacity` before them, item by item: it comes, finds room, leaves the
    /// queue when a worker is free, and is done.
    fn simulate(&self, workers: usize, capacity: usize) -> Outcome {
        let mut luck = Luck(self.seed ^ 0x5eed);
        let mut free = (0..workers).map(|_| Reverse(Moment(0.0))).collect::<BinaryHeap<_>>();
        let arrivals = self.arrivals();
        let mut left = Vec::with_capacity(arrivals.len());
        let (mut blocked, mut waits, mut longest_wait, mut put, mut last) = (0, 0.0, 0.0_f64, 0.0_f64, 0.0_f64);
        for (n, came) in arrivals.iter().enumerate() {
            let room = if n < capacity { 0.0 } else { left[n - capacity] };
            blocked += usize::from(room > put.max(*came));
            put = put.max(*came).max(room);
            let Reverse(Moment(worker)) = free.pop().expect("there are workers");
            let begun = put.max(worker);
            left.push(begun);
            waits += begun - put;
            longest_wait = longest_wait.max(begun - put);
            // Half of the time of a call is always needed, the other half varies.
            let done = begun + self.call * (0.5 + 0.5 * luck.exponential());
            last = last.max(done);
            free.push(Reverse(Moment(done)));
        }
        let items = arrivals.len() as f64;
        let end = arrivals[arrivals.len() - 1];
        Outcome { blocked: blocked as f64 / items, mean_wait: waits / items, longest_wait, behind: (last - end) / end }
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Moment(f64);

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Random numbers that are the same again.
struct Luck(u64);

impl Luck {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }
}

fn traffic() -> impl Strategy<Value = Traffic> {
    (1.0..2_000.0, 0.0005..0.2, 0..300_usize, any::<u64>())
        .prop_filter("a stage of some 2 to 60 workers", |(rate, call, _, _)| (1.0..50.0).contains(&(rate * call)))
        .prop_map(|(rate, call, burst, seed)| Traffic { rate, call, burst, seed })
}

fn sizing(traffic: &Traffic) -> Sizing {
    Sizing::new(traffic.rate, Duration::from_secs_f64(traffic.call)).burst(traffic.burst)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_stage_of_the_size_that_is_advised_keeps_up_and_makes_nobody_wait_for_long(traffic in traffic()) {
        let advice = sizing(&traffic).advice();
        let outcome = traffic.simulate(advice.workers.0, advice.capacity.0);
        let allowed = traffic.call * 10.0;
        prop_assert!(outcome.blocked < 0.05, "{advice}: {outcome:?}");
        prop_assert!(outcome.mean_wait < allowed / 2.0, "{advice}: {outcome:?}");
        // What a queue of that length holds takes so long on average; calls vary.
        prop_assert!(outcome.longest_wait < allowed * 1.6, "{advice}: {outcome:?}");
        prop_assert!(outcome.behind < 0.05, "{advice}: {outcome:?}");
    }

    #[test]
    fn with_half_of_the_workers_that_the_rate_asks_for_it_falls_behind(traffic in traffic()) {
        let traffic = Traffic { burst: 0, ..traffic };
        let advice = sizing(&traffic).advice();
        let half = (advice.workers.0 / 2).max(1);
        // Of a few workers the half may be one more than half of the work is for.
        prop_assume!((half as f64) < traffic.rate * traffic.call * 0.9);
        let outcome = traffic.simulate(half, advice.capacity.0);
        prop_assert!(outcome.blocked > 0.05, "{advice}, but {half}: {outcome:?}");
    }

    #[test]
    fn with_a_third_of_the_room_a_burst_has_to_wait_for_room(traffic in traffic()) {
        // With time enough, it is the burst that decides on the room.
        let burst = traffic.burst.max(100);
        let traffic = Traffic { burst, ..traffic };
        let long = Duration::from_secs_f64(traffic.call * 1000.0);
        let advice = sizing(&traffic).wait(long).advice();
        prop_assume!(advice.workers.0 * 10 < burst);
        let outcome = traffic.simulate(advice.workers.0, advice.capacity.0);
        let tight = traffic.simulate(advice.workers.0, burst / 3);
        prop_assert!(outcome.blocked < 0.01, "{advice}: {outcome:?}");
        prop_assert!(tight.blocked > 0.01 && tight.blocked > outcome.blocked * 2.0, "{advice}: {outcome:?}, {tight:?}");
    }

    #[test]
    fn work_that_computes_gets_the_workers_that_it_wants_or_one_for_each_processor(
        traffic in traffic(),
        processors in 1..70_usize,
    ) {
        let (free, bound) = (sizing(&traffic).advice(), sizing(&traffic).computes_on(processors).advice());
        if free.workers.0 <= processors {
            prop_assert_eq!((bound.workers, bound.capacity, bound.because), (free.workers, free.capacity, free.because));
        } else {
            prop_assert_eq!((bound.workers.0, bound.because), (processors, Because::Processors));
            prop_assert!(bound.capacity.0 <= free.capacity.0);
            // With all that are wanted, each call takes the longer for their taking turns: nothing is gained.
            let taking_turns = Traffic { call: traffic.call * free.workers.0 as f64 / processors as f64, ..traffic.clone() };
            let (wanted, got) = (
                taking_turns.simulate(free.workers.0, free.capacity.0),
                traffic.simulate(bound.workers.0, bound.capacity.0),
            );
            prop_assert!(got.behind < wanted.behind + 0.05, "{bound}: {got:?}, with {free}: {wanted:?}");
        }
    }
}

#[test]
fn a_run_that_follows_the_advice_of_the_one_before_has_no_bottleneck_any_more() {
    on_paused_clock(async {
        let run = async |workers: Workers, capacity: Capacity| {
            let source = futures_util::stream::unfold(0_u64, |n| async move {
                tokio::time::sleep(millis(5)).await;
                (n < 4_000).then_some((n, n + 1))
            });
            let flow = pipeline().source(source).sink("work", workers, capacity, |n: u64| async move {
                tokio::time::sleep(millis(10 + n % 21)).await;
                Ok::<_, String>(())
            });
            flow.run(never()).await.unwrap()
        };
        let before = run(Workers(2), Capacity(20)).await;
        assert_eq!(before.bottleneck(), Some(queue_pipeline::Bottleneck::Stage("work".into())), "{before}");
        let advice = before.sizing("work").unwrap().advice();
        // 200 items a second of 20 ms each are 4 workers' work.
        assert!((5..=8).contains(&advice.workers.0), "{advice}");
        let after = run(advice.workers, advice.capacity).await;
        assert_eq!(after.source.blocked, Duration::ZERO, "{after}");
        assert!(after.elapsed < before.elapsed * 3 / 4, "{after}");
    });
}

#[test]
fn advice_reads_like_this() {
    let sizing = Sizing::new(100.0, millis(20));
    assert_eq!(
        sizing.advice().to_string(),
        "3 workers and capacity 30, for 100.0 items a second that take 20.0ms each"
    );
    assert_eq!(
        sizing.burst(200).wait(millis(500)).advice().to_string(),
        "8 workers and capacity 200, for 200 items at once that take 20.0ms each and wait for 500.0ms at most"
    );
    assert_eq!(
        sizing.computes_on(2).advice().to_string(),
        "2 workers and capacity 20, for 100.0 items a second that take 20.0ms each: 3 would have to compute at once, \
         and the processors are enough for 2"
    );
}

#[test]
fn sizes_at_the_edge_are_sizes() {
    let check = |sizing: Sizing, workers, capacity| {
        let advice = sizing.advice();
        assert_eq!((advice.workers.0, advice.capacity.0), (workers, capacity), "{sizing:?}");
    };
    check(Sizing::new(0.0, Duration::ZERO), 1, 10);
    check(Sizing::new(0.0, millis(10)), 1, 10);
    check(Sizing::new(80.0, millis(10)), 1, 10);
    check(Sizing::new(81.0, millis(10)), 2, 20);
    check(Sizing::new(1.0, millis(10)).burst(30).wait(Duration::ZERO), 30, 1);
    check(Sizing::new(1.0, millis(10)).burst(30).wait(Duration::ZERO).computes_on(4), 4, 1);
    check(Sizing::new(400.0, millis(10)).computes_on(0), 1, 10);
}
