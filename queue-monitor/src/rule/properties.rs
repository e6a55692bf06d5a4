//! What must hold of judging whatever the values are and however the passes fall.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use queue_core::registry::Published;
use queue_core::{AlertPhase, AlertTransition, FamilyStats};

use crate::alert::Alerts;
use crate::alert::notify::Notifiers;
use crate::config::{AlertRule, Config, Mute, Signal, Threshold};
use crate::testing::{above, config_of, globs, rule, sample};

/// Above 80 %, clear at 70 %.
fn alert(hold: u64, keep: u64) -> AlertRule {
    let (hold, keep_firing_for) = (Duration::from_secs(hold), Duration::from_secs(keep));
    AlertRule { levels: above(0.8, 0.7), hold, keep_firing_for, ..rule() }
}

/// Judges one queue every `step` seconds; `None` is a sample that is missing.
fn judged(config: &Config, step: u64, values: &[Option<f64>]) -> Vec<AlertTransition> {
    let mut alerts = Alerts::new(config);
    let passes = values.iter().zip(1..).flat_map(|(value, pass)| {
        let samples: Vec<_> = value.iter().map(|value| sample("a", *value)).collect();
        alerts.judge(Duration::from_secs(step * pass), &samples)
    });
    passes.collect()
}

fn times(told: &[AlertTransition], from: &[AlertPhase], to: AlertPhase) -> usize {
    told.iter().filter(|change| from.contains(&change.from) && change.to == to).count()
}

const CALM: [AlertPhase; 3] = [AlertPhase::Ok, AlertPhase::Pending, AlertPhase::NoData];

proptest! {
    #[test]
    fn a_square_wave_fires_once(high in 2_u64..20, low in 1_u64..20, waves in 2_usize..30, step in 1_u64..60) {
        // Over for long enough to fire, and never clear for long enough to resolve.
        let config = config_of(vec![alert(step, step * low + 1)]);
        let wave = [vec![Some(0.9); usize::try_from(high).unwrap()], vec![Some(0.1); usize::try_from(low).unwrap()]].concat();
        let told = judged(&config, step, &wave.repeat(waves));
        prop_assert_eq!(times(&told, &CALM, AlertPhase::Firing), 1);
        prop_assert_eq!(times(&told, &[AlertPhase::Resolving, AlertPhase::Firing], AlertPhase::Ok), 0);
    }

    #[test]
    fn a_spike_shorter_than_for_never_fires(
        spikes in prop::collection::vec((1_u64..10, 1_usize..10), 1..30),
        step in 1_u64..60,
    ) {
        // Ten samples over are nine steps.
        let config = config_of(vec![alert(step * 10, 0)]);
        let values: Vec<_> = spikes.iter().flat_map(|(high, low)| {
            [vec![Some(1.0); usize::try_from(*high).unwrap()], vec![Some(0.75); *low]].concat()
        }).collect();
        let told = judged(&config, step, &values);
        prop_assert_eq!(times(&told, &AlertPhase::ALL, AlertPhase::Firing), 0);
    }

    #[test]
    fn whatever_was_it_can_fire_resolve_and_fire_again(
        before in prop::collection::vec(prop::option::of(0.0..1.0_f64), 0..100),
        hold in 0_u64..5,
        keep in 0_u64..5,
    ) {
        let config = config_of(vec![alert(10 * hold, 10 * keep)]);
        let calm = vec![Some(0.1); 10];
        let storm = vec![Some(0.9); 10];
        let start = [before, calm.clone()].concat();
        let from = judged(&config, 10, &start).len();
        let told = judged(&config, 10, &[start, storm.clone(), calm, storm].concat()).split_off(from);
        prop_assert_eq!(times(&told, &CALM, AlertPhase::Firing), 2);
        prop_assert_eq!(times(&told, &[AlertPhase::Firing, AlertPhase::Resolving], AlertPhase::Ok), 1);
    }

    #[test]
    fn a_missing_sample_is_not_resolved(
        values in prop::collection::vec(prop::option::weighted(0.5, 0.81..1.0_f64), 1..100),
        keep in 0_u64..100,
    ) {
        // Where there is a value it is over: whatever goes missing, nothing may be said to be over but by no data.
        let config = config_of(vec![alert(0, keep)]);
        let told = judged(&config, 10, &values);
        prop_assert_eq!(times(&told, &AlertPhase::ALL, AlertPhase::Resolving), 0);
        prop_assert_eq!(times(&told, &[AlertPhase::Firing], AlertPhase::Ok), 0);
    }

    #[test]
    fn a_step_of_the_wall_clock_changes_nothing_that_is_judged(
        values in prop::collection::vec(0.0..1.0_f64, 1..60),
        walls in prop::collection::vec(0_u64..4_000_000_000, 60),
    ) {
        // A wall clock is seen by mutes alone, and those act on telling.
        let mute = Mute { queues: globs(&["*"]), until: UNIX_EPOCH + Duration::from_secs(2_000_000_000), reason: None };
        let config = Config { mute: vec![mute], ..config_of(vec![alert(20, 30)]) };
        let (mut plain, mut stepped, mut notifiers) = (Alerts::new(&config), Alerts::new(&config), Notifiers::default());
        for ((value, wall), pass) in values.iter().zip(walls).zip(1..) {
            let (now, samples) = (Duration::from_secs(10 * pass), [sample("a", *value)]);
            let told = stepped.judge(now, &samples);
            notifiers.tell(&config, &Published::default(), UNIX_EPOCH + Duration::from_secs(wall), &told);
            prop_assert_eq!(plain.judge(now, &samples), told);
        }
        prop_assert_eq!(plain.states(), stepped.states());
    }

    #[test]
    fn an_unbounded_queue_never_fires_on_what_is_a_share_of_its_room(
        depths in prop::collection::vec((0_usize..1_000_000, 0_usize..1_000_000), 1..60),
        below in any::<bool>(),
    ) {
        let signals = [Signal::Utilization, Signal::UtilizationPeak, Signal::TimeToFull];
        let alerts = signals.map(|signal| {
            let mut levels = above(0.0, 0.0);
            if below {
                levels[0].threshold = Threshold::Below { fire: 1e9, clear: 1e9 };
            }
            AlertRule { name: signal.as_str().into(), signal, levels, ..rule() }
        });
        let config = config_of(alerts.to_vec());
        let (mut alerts, mut sampler) = (Alerts::new(&config), crate::sampler::Sampler::default());
        for ((depth, depth_peak), pass) in depths.into_iter().zip(1..) {
            let now = Duration::from_secs(10 * pass);
            let stats = FamilyStats { name: "a".into(), instances: 1, depth, depth_peak, ..FamilyStats::default() };
            let samples = sampler.sample(now, vec![stats]);
            prop_assert_eq!(alerts.judge(now, &samples), vec![]);
        }
    }
}
