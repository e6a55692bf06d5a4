use std::time::UNIX_EPOCH;

use AlertPhase::{Firing, NoData, Ok as Fine, Pending, Resolving};

use super::super::tests::change;
use super::*;

const RESEND: Duration = Duration::from_secs(60);

/// A ledger, and the same clock for both times: so many seconds after the beginning.
struct Stage {
    ledger: Ledger,
    second: u64,
}

impl Stage {
    fn new() -> Self {
        let mut ledger = Ledger::default();
        ledger.configure(Duration::ZERO, UNIX_EPOCH, &[("env".into(), "prod".into())], RESEND);
        Self { ledger, second: 0 }
    }

    fn now(&self) -> (Duration, SystemTime) {
        let now = Duration::from_secs(self.second);
        (now, UNIX_EPOCH + now)
    }

    fn takes(&mut self, transition: &AlertTransition) {
        let (now, wall) = self.now();
        self.ledger.take(now, wall, transition);
    }

    fn next(&mut self) -> Next<Vec<Postable>> {
        let (now, wall) = self.now();
        self.ledger.next(now, wall)
    }

    fn answers(&mut self, answer: &Answer) {
        let (now, _) = self.now();
        assert_eq!(self.ledger.done(now, answer), 0);
    }

    /// What is sent at this second, and taken: queue, severity, when it ends.
    fn sends(&mut self) -> Vec<(String, String, u64)> {
        let Next::Send(parcel) = self.next() else { return Vec::new() };
        self.answers(&Answer::Taken);
        parcel.iter().map(told).collect()
    }
}

fn told(one: &Postable) -> (String, String, u64) {
    let ends = crate::config::instant::seconds_of(&one.ends_at);
    (one.labels["queue_name"].to_string(), one.labels["severity"].to_string(), ends)
}

fn fires(queue: &str) -> AlertTransition {
    change(queue, Fine, Firing, "warning")
}

fn ends(queue: &str) -> AlertTransition {
    change(queue, Firing, Fine, "warning")
}

fn one(queue: &str, severity: &str, ends: u64) -> (String, String, u64) {
    (queue.to_owned(), severity.to_owned(), ends)
}

#[test]
fn what_fires_is_told_at_once_and_again_every_resend_and_each_time_ends_later() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    assert_eq!(stage.sends(), [one("a", "warning", 240)]);
    assert_eq!(stage.next(), Next::Wait(Some(RESEND)));
    for second in [60, 120, 180] {
        stage.second = second;
        assert_eq!(stage.sends(), [one("a", "warning", second + 240)]);
    }
}

#[test]
fn an_alert_has_its_labels_its_words_and_no_value_in_a_label() {
    let mut stage = Stage::new();
    stage.second = 5;
    stage.takes(&fires("a"));
    let Next::Send(parcel) = stage.next() else { panic!("nothing to send") };
    let expected = serde_json::json!([{
        "labels": { "alertname": "Full", "env": "prod", "queue_name": "a", "severity": "warning" },
        "annotations": { "summary": "a is 92% full", "runbook_url": "https://example.org/runbook" },
        "startsAt": "1970-01-01T00:00:05.000Z",
        "endsAt": "1970-01-01T00:04:05.000Z",
    }]);
    assert_eq!(serde_json::to_value(parcel).unwrap(), expected);
}

#[test]
fn an_end_is_told_with_the_same_labels_four_times_and_then_forgotten() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    let Next::Send(fired) = stage.next() else { panic!("nothing to send") };
    stage.answers(&Answer::Taken);
    stage.second = 10;
    stage.takes(&ends("a"));
    let Next::Send(ended) = stage.next() else { panic!("nothing to send") };
    stage.answers(&Answer::Taken);
    assert_eq!((&fired[0].labels, &fired[0].starts_at), (&ended[0].labels, &ended[0].starts_at));
    assert_eq!(ended[0].ends_at, "1970-01-01T00:00:10.000Z");
    for second in [70, 130, 190] {
        stage.second = second;
        assert_eq!(stage.sends(), [one("a", "warning", 10)]);
    }
    assert_eq!(stage.next(), Next::Wait(None));
    assert_eq!(stage.ledger.count, 0);
}

#[test]
fn nothing_that_still_fires_is_lost_while_nobody_answers() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.takes(&fires("b"));
    for _ in 0..5 {
        assert!(matches!(stage.next(), Next::Send(parcel) if parcel.len() == 2));
        stage.answers(&Answer::Failed("refused".to_owned()));
        stage.second += 30;
    }
    stage.takes(&ends("a"));
    assert_eq!(stage.sends(), [one("a", "warning", 150), one("b", "warning", 390)]);
}

#[test]
fn what_changes_while_it_is_under_way_is_told_again() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    assert!(matches!(stage.next(), Next::Send(_)));
    stage.takes(&ends("a"));
    stage.answers(&Answer::Taken);
    assert_eq!(stage.sends(), [one("a", "warning", 0)]);
}

#[test]
fn those_that_are_due_soon_come_along_and_a_request_has_a_limit() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.sends();
    stage.second = 50;
    stage.takes(&fires("b"));
    assert_eq!(stage.sends().len(), 2, "the first is due in ten seconds");
    (0..2 * BATCH).for_each(|number| stage.takes(&fires(&format!("queue {number}"))));
    assert_eq!([stage.sends().len(), stage.sends().len(), stage.sends().len()], [BATCH, BATCH, 0]);
}

#[test]
fn another_severity_ends_the_one_before() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.sends();
    stage.second = 10;
    stage.takes(&change("a", Firing, Firing, "critical"));
    assert_eq!(stage.sends(), [one("a", "warning", 10), one("a", "critical", 250)]);
    stage.second = 20;
    stage.takes(&change("a", Firing, Firing, "warning"));
    let sent = stage.sends();
    assert!(sent.contains(&one("a", "warning", 260)) && sent.contains(&one("a", "critical", 20)), "{sent:?}");
}

#[test]
fn pending_and_resolving_are_nothing_to_an_alertmanager_and_no_data_is_not_resolved() {
    let mut stage = Stage::new();
    stage.takes(&change("a", Fine, Pending, "warning"));
    assert_eq!(stage.next(), Next::Wait(None));
    stage.takes(&fires("a"));
    stage.sends();
    stage.takes(&change("a", Firing, Resolving, "warning"));
    assert_eq!(stage.next(), Next::Wait(Some(RESEND)));
    stage.takes(&change("a", Resolving, NoData, "warning"));
    let Next::Send(parcel) = stage.next() else { panic!("nothing to send") };
    assert!(parcel[0].annotations.contains_key("no_data"));
    assert_eq!(told(&parcel[0]), one("a", "warning", 240));
}

#[test]
fn other_labels_end_the_alert_and_begin_it_anew() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.sends();
    stage.second = 10;
    let (now, wall) = stage.now();
    stage.ledger.configure(now, wall, &[("env".into(), "test".into())], RESEND);
    let Next::Send(parcel) = stage.next() else { panic!("nothing to send") };
    let told: Vec<_> = parcel.iter().map(|one| (&*one.labels["env"], told(one).2)).collect();
    assert_eq!(told, [("prod", 10), ("test", 250)]);
}

#[test]
fn a_clock_that_is_set_back_ends_nothing_before_it_began() {
    let mut stage = Stage::new();
    stage.second = 100;
    stage.takes(&fires("a"));
    stage.sends();
    stage.ledger.take(Duration::from_secs(101), UNIX_EPOCH, &ends("a"));
    assert_eq!(stage.sends(), []);
    stage.second = 101;
    assert_eq!(stage.sends(), [one("a", "warning", 100)]);
}

#[test]
fn more_than_anybody_reads_is_given_up_and_counted_and_what_has_ended_makes_room_first() {
    let mut stage = Stage::new();
    stage.takes(&fires("first"));
    stage.takes(&ends("first"));
    (0..MOST + 9).for_each(|number| stage.takes(&fires(&format!("queue {number}"))));
    assert_eq!((stage.ledger.count, stage.ledger.given_up()), (MOST, 9));
    assert_eq!(stage.ledger.entries.len(), MOST);
}

#[test]
fn what_has_ended_is_told_although_something_else_fires_meanwhile() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.sends();
    stage.second = 10;
    stage.takes(&ends("a"));
    stage.takes(&fires("b"));
    assert_eq!(stage.sends(), [one("a", "warning", 10), one("b", "warning", 250)]);
}

#[test]
fn what_fires_on_keeps_its_beginning_and_what_fires_again_begins_again() {
    let mut stage = Stage::new();
    let began = |stage: &mut Stage, transition: &AlertTransition| {
        stage.takes(transition);
        let Next::Send(parcel) = stage.next() else { panic!("nothing to send") };
        stage.answers(&Answer::Taken);
        (parcel.len(), parcel[0].starts_at.clone())
    };
    assert_eq!(began(&mut stage, &fires("a")), (1, "1970-01-01T00:00:00.000Z".to_owned()));
    stage.second = 10;
    assert_eq!(began(&mut stage, &change("a", NoData, Firing, "warning")), (1, "1970-01-01T00:00:00.000Z".to_owned()));
    stage.takes(&ends("a"));
    stage.second = 20;
    assert_eq!(began(&mut stage, &fires("a")), (1, "1970-01-01T00:00:20.000Z".to_owned()));
}

#[test]
fn what_fires_under_other_labels_ends_under_its_old_ones_and_both_are_counted() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.sends();
    stage.ledger.labels = [(Arc::from("env"), Arc::from("test"))].into();
    stage.second = 10;
    stage.takes(&fires("a"));
    assert_eq!(stage.sends(), [one("a", "warning", 10), one("a", "warning", 250)]);
    assert_eq!(stage.ledger.count, 2);
    stage.ledger.configure(Duration::from_secs(10), UNIX_EPOCH, &[], RESEND);
    assert_eq!(stage.ledger.count, 3, "a third set of labels");
}

#[test]
fn somebody_else_is_told_at_once_of_all_that_fires() {
    let mut stage = Stage::new();
    stage.takes(&fires("a"));
    stage.sends();
    stage.second = 1;
    assert_eq!(stage.next(), Next::Wait(Some(RESEND)));
    stage.ledger.tell_all(Duration::from_secs(1));
    assert_eq!(stage.sends(), [one("a", "warning", 241)]);
}

#[test]
fn what_is_due_and_was_not_told_waits() {
    let mut stage = Stage::new();
    let waiting = |stage: &Stage| stage.ledger.waiting(stage.now().0);
    assert_eq!(waiting(&stage), 0);
    ["a", "b"].iter().for_each(|queue| stage.takes(&fires(queue)));
    assert_eq!(waiting(&stage), 2);
    stage.sends();
    assert_eq!(waiting(&stage), 0);
    stage.second = 60;
    assert_eq!(waiting(&stage), 2, "they are to be told again");
}
