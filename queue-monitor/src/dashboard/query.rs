//! Questions in Prometheus' language, for the queues that a page is about.

use crate::rules::quoted;

/// What a page is about, by the variables at its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// All queues that are chosen.
    Queues,
    /// The one queue that is chosen.
    Queue,
    /// The monitors, whose numbers belong to no queue.
    Monitors,
}

/// The process: what every question is narrowed down to.
const PROCESS: &str = r#"job=~"$job",instance=~"$instance""#;

impl About {
    /// A metric.
    pub(super) fn level(self, metric: &str) -> String {
        self.level_of(metric, "")
    }

    /// Those of its series that `matcher` fits, too.
    pub(super) fn level_of(self, metric: &str, matcher: &str) -> String {
        let queue = match self {
            // Several names are put into the query as a regular expression, one as it is.
            Self::Queues => r#",queue_name=~"$queue""#,
            Self::Queue => r#",queue_name="$queue""#,
            Self::Monitors => "",
        };
        let comma = if matcher.is_empty() { "" } else { "," };
        format!("{metric}{{{PROCESS}{queue}{comma}{matcher}}}")
    }

    /// What a counter gained a second.
    pub(super) fn rate(self, counter: &str) -> String {
        self.rate_of(counter, "")
    }

    /// The same of those of its series that `matcher` fits, too.
    pub(super) fn rate_of(self, counter: &str, matcher: &str) -> String {
        format!("rate({}[$__rate_interval])", self.level_of(counter, matcher))
    }

    /// The exact mean of the last sample; what holds now where nobody samples, as for a queue that is not ours.
    pub(super) fn utilization(self) -> String {
        format!("{} or {}", self.level("queue_utilization_mean_ratio"), self.level("queue_utilization_ratio"))
    }

    /// 1 for each alert that fires, also while it resolves: until then it is not over.
    pub(super) fn firing(self) -> String {
        let state = self.level("queue_alert_state");
        format!("({state} == bool 2) + ({state} == bool 3)")
    }

    /// Seconds that an item spent in the queue, on average, by the integral of the depth (Little's law).
    pub(super) fn dwell(self) -> String {
        let (items, taken) = (self.rate("queue_depth_time_seconds_total"), self.rate("queue_get_total"));
        format!("sum by (queue_name) ({items}) / (sum by (queue_name) ({taken}) > 0)")
    }

    /// Share of the time with somebody waiting on one side.
    pub(super) fn blocked(self, side: &str) -> String {
        let blocked = self.rate_of("queue_blocked_seconds_total", &format!("side={}", quoted(side)));
        format!("clamp_max({blocked}, 1)")
    }

    /// How many items a second fell into each bucket of a distribution, by these labels.
    pub(super) fn buckets(self, distribution: &str, by: &str) -> String {
        format!("sum by ({by}) ({})", self.rate(&format!("{distribution}_bucket")))
    }

    /// Below which value so much of a distribution lies (`0.99`), by these labels, of which `le` is one.
    pub(super) fn quantile(self, quantile: &str, distribution: &str, by: &str) -> String {
        format!("histogram_quantile({quantile}, {})", self.buckets(distribution, by))
    }

    /// Share of the workers' time that a stage is in one state.
    pub(super) fn stage(self, state: &str) -> String {
        let labels = "queue_name, stage";
        let part = self.rate_of("queue_stage_seconds_total", &format!("state={}", quoted(state)));
        let whole = self.rate("queue_stage_seconds_total");
        format!("sum by ({labels}) ({part}) / sum by ({labels}) ({whole})")
    }
}

/// The highest of any process, which is what alerts go by: they judge each process by itself.
pub(super) fn worst(expression: &str) -> String {
    format!("max by (queue_name) ({expression})")
}

/// Of all processes together.
pub(super) fn total(expression: &str) -> String {
    format!("sum by (queue_name) ({expression})")
}

/// Text that Grafana takes for none of its variables, in a string of Prometheus' language.
pub(super) fn plain(matchers: &str) -> String {
    matchers.replace('$', "\\x24").replace("[[", "[\\x5b")
}
