//! Damaged files, and files that a grammar makes: nothing panics, nothing is misread, every error has its place.
//!
//! Some of what `cargo run --release -p queue-monitor --example fuzz_config` does for longer.

mod fuzz;

use fuzz::{Fuzz, Judge};
use queue_monitor::config::Config;

#[test]
fn whatever_a_file_has_it_is_refused_at_a_place_in_it_or_read_as_others_read_it() {
    let mut fuzz = Fuzz::new(0);
    for _ in 0..20_000 {
        fuzz.one().unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    let tally = fuzz.tally;
    // A maker of nothing but nonsense, or of nothing but good files, tells little.
    assert!(tally.accepted > 1_500 && tally.refused > 1_500 && tally.kinds.len() > 100, "{tally}");
}

#[test]
fn a_configuration_that_is_not_what_its_file_says_is_noticed() {
    let judge = Judge::new();
    let yaml = "interval: 1s\nalerts: [{ name: A, signal: utilization, above: 80% }]\nhttp: { listen: 127.0.0.1:80 }";
    let config = Config::from_yaml(yaml).unwrap_or_else(|errors| panic!("{errors}"));
    judge.good(yaml, &config).unwrap_or_else(|wrong| panic!("{wrong}"));
    let lies: [fn(&mut Config); 6] = [
        |config| config.http = None,
        |config| config.alerts[0].name = "B".into(),
        |config| config.alerts[0].levels.clear(),
        |config| config.alerts.clear(),
        |config| config.saturation = 1.5,
        |config| config.interval = std::time::Duration::ZERO,
    ];
    for (at, lie) in lies.iter().enumerate() {
        let mut config = config.clone();
        lie(&mut config);
        assert!(judge.good(yaml, &config).is_err(), "lie {at}");
    }
    assert!(judge.good("interval: [", &config).is_err());
    assert!(judge.good("interval: 1s\nalerts: [{ name: A, signal: utilization }]", &config).is_err());
}
