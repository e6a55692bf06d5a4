//! Which alerts judge which queue.

use crate::config::AlertRule;

/// Whether `rule` judges the queue of this name: one of its `queues` names it, and none of its `except`.
pub(crate) fn applies(rule: &AlertRule, queue: &str) -> bool {
    rule.queues.iter().any(|glob| glob.matches(queue)) && !rule.except.iter().any(|glob| glob.matches(queue))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{globs, rule};

    #[test]
    fn a_queue_is_judged_if_it_is_named_and_not_excepted() {
        let cases: &[(&[&str], &[&str], &str, bool)] = &[
            (&["*"], &[], "crawl.parse", true),
            (&["crawl.*"], &[], "crawl.parse", true),
            (&["crawl.*"], &[], "ingest", false),
            (&["ingest", "crawl.*"], &[], "ingest", true),
            (&["*"], &["debug.*"], "debug.trace", false),
            (&["*"], &["debug.*"], "debug", true),
            (&["debug.*"], &["*"], "debug.trace", false),
            (&[], &[], "crawl.parse", false),
        ];
        for (queues, except, queue, judged) in cases {
            let rule = AlertRule { queues: globs(queues), except: globs(except), ..rule() };
            assert_eq!(applies(&rule, queue), *judged, "{queues:?} except {except:?}: {queue}");
        }
    }
}
