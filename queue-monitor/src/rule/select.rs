//! Which alerts judge which queue, and how they are different for it.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::config::{AlertRule, Change, Override};

/// Whether `rule` judges the queue of this name: one of its `queues` names it, and none of its `except`.
pub(crate) fn applies(rule: &AlertRule, queue: &str) -> bool {
    rule.queues.iter().any(|glob| glob.matches(queue)) && !rule.except.iter().any(|glob| glob.matches(queue))
}

/// The overrides for one name, the most specific first.
pub(crate) struct Chosen<'c>(Vec<&'c Override>);

impl<'c> Chosen<'c> {
    pub(crate) fn new(overrides: &'c [Override], queue: &str) -> Self {
        let mut chosen: Vec<_> = overrides.iter().filter(|one| one.queue.matches(queue)).collect();
        chosen.sort_by_key(|one| Reverse(one.queue.specificity()));
        Self(chosen)
    }

    /// The alert as it is for this name; `None` if it is off.
    pub(crate) fn rule(&self, rule: &Arc<AlertRule>) -> Option<Arc<AlertRule>> {
        let named = |change: &&'c (Arc<str>, Change)| change.0 == rule.name;
        let changes = self.0.iter().flat_map(|one| one.alerts.iter().filter(named)).map(|(_, change)| change);
        // Most names have none: they share the alert of the file.
        if changes.clone().next().is_none() { Some(Arc::clone(rule)) } else { rule.with(changes).map(Arc::new) }
    }

    /// The bound of the queues of this name, where an override has one.
    pub(crate) fn capacity(&self) -> Option<usize> {
        self.0.iter().find_map(|one| one.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fields, Glob};
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

    #[test]
    fn the_most_specific_override_wins_wherever_it_stands_in_the_file() {
        let change = |severity: &str| Change::Fields(Fields { severity: Some(severity.into()), ..Fields::default() });
        let one = |glob: &str, change: Option<Change>, capacity| Override {
            queue: Glob::new(glob).unwrap(),
            alerts: change.map(|change| (Arc::from("HighUtilization"), change)).into_iter().collect(),
            capacity,
        };
        let overrides = [
            one("crawl.*", Some(change("minor")), Some(10)),
            one("crawl.parse", Some(change("major")), None),
            one("*", Some(Change::Off), Some(5)),
        ];
        let rule = Arc::new(rule());
        let severity = |queue: &str| {
            let rule = Chosen::new(&overrides, queue).rule(&rule);
            rule.map(|rule| rule.levels[0].severity.to_string())
        };
        assert_eq!(severity("crawl.parse").as_deref(), Some("major"));
        assert_eq!(severity("crawl.store").as_deref(), Some("minor"));
        assert_eq!(severity("ingest"), None);
        let capacities = ["crawl.parse", "ingest"].map(|queue| Chosen::new(&overrides, queue).capacity());
        assert_eq!(capacities, [Some(10), Some(5)]);
        assert!(Arc::ptr_eq(&Chosen::new(&[], "ingest").rule(&rule).unwrap(), &rule));
    }
}
