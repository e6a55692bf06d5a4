//! What spans say of a queue and its items. Durations are in seconds.

use std::time::Duration;

use opentelemetry::{Key, KeyValue, Value};
use queue_core::QueueInfo;
use queue_core::observe::{Outcome, QueueKind};

pub(crate) const DEPTH: Key = Key::from_static_str("queue.depth");
pub(crate) const DWELL: Key = Key::from_static_str("queue.dwell");
pub(crate) const HANDOFF: Key = Key::from_static_str("queue.handoff");
pub(crate) const WAIT: Key = Key::from_static_str("queue.wait");
pub(crate) const BATCH_SIZE: Key = Key::from_static_str("queue.batch.size");
pub(crate) const LINKS: Key = Key::from_static_str("queue.links");
const OUTCOME: Key = Key::from_static_str("queue.outcome");
const NAME: Key = Key::from_static_str("queue.name");
const KIND: Key = Key::from_static_str("queue.kind");

/// What a span does with a queue, in its own words and in those of the messaging conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    Process,
}

/// Whether spans have the attributes of the messaging conventions as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Messaging {
    #[default]
    Without,
    With,
}

/// Which queue it is about.
pub(crate) fn of(queue: &QueueInfo, operation: Operation, messaging: Messaging) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(8);
    let name = || Value::from(std::sync::Arc::clone(&queue.name));
    attributes.push(KeyValue::new(NAME, name()));
    if let Some(kind) = word(queue.kind) {
        attributes.push(KeyValue::new(KIND, kind));
    }
    if messaging == Messaging::With {
        let (kind, verb) = match operation {
            Operation::Put => ("send", "put"),
            Operation::Process => ("process", "process"),
        };
        attributes.push(KeyValue::new("messaging.system", "observable-queues"));
        attributes.push(KeyValue::new("messaging.destination.name", name()));
        attributes.push(KeyValue::new("messaging.operation.type", kind));
        attributes.push(KeyValue::new("messaging.operation.name", verb));
    }
    attributes
}

/// How many items a span is about.
pub(crate) fn batch(size: usize, messaging: Messaging, into: &mut Vec<KeyValue>) {
    into.push(KeyValue::new(BATCH_SIZE, whole(size)));
    if messaging == Messaging::With {
        into.push(KeyValue::new("messaging.batch.message_count", whole(size)));
    }
}

pub(crate) fn outcome(outcome: Outcome) -> KeyValue {
    KeyValue::new(
        OUTCOME,
        match outcome {
            Outcome::Failed => "failed",
            Outcome::Abandoned => "abandoned",
            // Whatever else there will be, it was not lost.
            _ => "ok",
        },
    )
}

pub(crate) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn word(kind: QueueKind) -> Option<&'static str> {
    match kind {
        QueueKind::Fifo => Some("fifo"),
        QueueKind::Lifo => Some("lifo"),
        QueueKind::Priority => Some("priority"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_told_by_its_name_and_the_order_in_which_it_serves_if_it_has_one() {
        let words = [
            (QueueKind::Fifo, Some("fifo")),
            (QueueKind::Lifo, Some("lifo")),
            (QueueKind::Priority, Some("priority")),
            (QueueKind::Unknown, None),
        ];
        for (kind, word) in words {
            let mut expected = vec![KeyValue::new("queue.name", "jobs")];
            expected.extend(word.map(|word| KeyValue::new("queue.kind", word)));
            assert_eq!(of(&QueueInfo::new("jobs", kind), Operation::Put, Messaging::Without), expected);
        }
    }

    #[test]
    fn a_duration_is_told_in_seconds_and_a_number_as_far_as_it_can_be() {
        assert_eq!(seconds(Duration::from_millis(2_500)), 2.5);
        assert_eq!((whole(7), whole(usize::MAX)), (7, i64::MAX));
    }
}
