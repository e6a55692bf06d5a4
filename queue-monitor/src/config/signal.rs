//! What an alert looks at, and in which unit.

use std::fmt;

/// What an alert looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Exact time-weighted mean of depth by capacity over the interval; no value when unbounded.
    Utilization,
    /// The highest depth within `peak_window` by capacity; no value when unbounded.
    UtilizationPeak,
    /// Items in the queue now.
    Depth,
    /// The highest depth within `peak_window`.
    DepthPeak,
    /// Items put and not yet done.
    Unfinished,
    /// How long the oldest item has waited.
    OldestAge,
    /// How long the longest-blocked putter has waited so far.
    LongestPutWait,
    /// Exact mean time in the queue over the interval; no value when nothing was taken.
    Dwell,
    /// How long items have been waiting without one being taken.
    Stalled,
    /// Items accepted a second over the interval.
    PutRate,
    /// Items delivered a second over the interval.
    GetRate,
    /// Items dropped a second over the interval.
    DropRate,
    /// Items given back a second, by a full queue, over the interval.
    RejectRate,
    /// Items a second the depth rose by over the interval; negative while it falls.
    Growth,
    /// Share of the interval with a putter waiting.
    BlockedRatio,
    /// Share of what was done that failed; no value when nothing was done.
    FailedRatio,
    /// Until the queue is full, by a robust trend; no value while it is not filling.
    TimeToFull,
    /// Until the queue is empty, by a robust trend; no value while it is not emptying.
    TimeToEmpty,
}

/// How values of a signal are written and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measured {
    /// Part of a whole, 0..=1: `80%`.
    Share,
    /// Seconds: `5s`.
    Duration,
    /// Items: `12`.
    Count,
    /// Items a second: `3.5/s`.
    Rate,
}

impl Signal {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::Utilization,
        Self::UtilizationPeak,
        Self::Depth,
        Self::DepthPeak,
        Self::Unfinished,
        Self::OldestAge,
        Self::LongestPutWait,
        Self::Dwell,
        Self::Stalled,
        Self::PutRate,
        Self::GetRate,
        Self::DropRate,
        Self::RejectRate,
        Self::Growth,
        Self::BlockedRatio,
        Self::FailedRatio,
        Self::TimeToFull,
        Self::TimeToEmpty,
    ];

    /// Its name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utilization => "utilization",
            Self::UtilizationPeak => "utilization_peak",
            Self::Depth => "depth",
            Self::DepthPeak => "depth_peak",
            Self::Unfinished => "unfinished",
            Self::OldestAge => "oldest_age",
            Self::LongestPutWait => "longest_put_wait",
            Self::Dwell => "dwell",
            Self::Stalled => "stalled",
            Self::PutRate => "put_rate",
            Self::GetRate => "get_rate",
            Self::DropRate => "drop_rate",
            Self::RejectRate => "reject_rate",
            Self::Growth => "growth",
            Self::BlockedRatio => "blocked_ratio",
            Self::FailedRatio => "failed_ratio",
            Self::TimeToFull => "time_to_full",
            Self::TimeToEmpty => "time_to_empty",
        }
    }

    /// How its values are written and printed.
    pub fn measured(self) -> Measured {
        match self {
            Self::Utilization | Self::UtilizationPeak | Self::BlockedRatio | Self::FailedRatio => Measured::Share,
            Self::Depth | Self::DepthPeak | Self::Unfinished => Measured::Count,
            Self::PutRate | Self::GetRate | Self::DropRate | Self::RejectRate | Self::Growth => Measured::Rate,
            Self::OldestAge
            | Self::LongestPutWait
            | Self::Dwell
            | Self::Stalled
            | Self::TimeToFull
            | Self::TimeToEmpty => Measured::Duration,
        }
    }

    /// Whether it is read off the trend of the depth, and not off one sample.
    pub fn has_trend(self) -> bool {
        matches!(self, Self::TimeToFull | Self::TimeToEmpty)
    }

    /// Whether it can be below zero.
    pub(super) fn has_negatives(self) -> bool {
        self == Self::Growth
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Measured {
    /// Prints a value for a person: `80%`, `5s`, `12`, `3.5/s`.
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Share => format!("{}%", short(value * 100.0)),
            Self::Duration => seconds(value),
            Self::Count => short(value),
            Self::Rate => format!("{}/s", short(value)),
        }
    }
}

/// Two digits behind the point, more for what would vanish, none that say nothing.
fn short(value: f64) -> String {
    let magnitude = value.abs();
    let digits = if magnitude >= 1_000.0 {
        0
    } else if magnitude >= 0.1 || magnitude == 0.0 {
        2
    } else {
        4
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// As durations are written in the file, in the two largest units.
fn seconds(value: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "m"), (1.0, "s")];
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    if value == 0.0 {
        return "0s".to_owned();
    }
    if value < 0.9995 {
        return format!("{sign}{}ms", short(value * 1_000.0));
    }
    if value < 59.95 {
        return format!("{sign}{}s", short((value * 10.0).round() / 10.0));
    }
    let mut left = value.round();
    let mut text = sign.to_owned();
    let mut written = 0;
    for (size, unit) in UNITS {
        let count = (left / size).floor();
        if count > 0.0 && written < 2 {
            text.push_str(&format!("{count}{unit}"));
            left -= count * size;
        }
        // Counted from the largest unit on, so that a day and a second print as a day.
        written += usize::from(written > 0 || count > 0.0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_a_person_would_write_them() {
        for (measured, value, expected) in [
            (Measured::Share, 0.8, "80%"),
            (Measured::Share, 0.795, "79.5%"),
            (Measured::Share, 1.0, "100%"),
            (Measured::Share, 0.0, "0%"),
            (Measured::Duration, 5.0, "5s"),
            (Measured::Duration, 0.25, "250ms"),
            (Measured::Duration, 0.0, "0s"),
            (Measured::Duration, 90.0, "1m30s"),
            (Measured::Duration, 59.97, "1m"),
            (Measured::Duration, 12.34, "12.3s"),
            (Measured::Duration, 7_200.0, "2h"),
            (Measured::Duration, 86_401.0, "1d"),
            (Measured::Duration, 90_000.0, "1d1h"),
            (Measured::Count, 12.0, "12"),
            (Measured::Count, 1_000_000.0, "1000000"),
            (Measured::Rate, 3.5, "3.5/s"),
            (Measured::Rate, -0.25, "-0.25/s"),
            (Measured::Rate, 0.003, "0.003/s"),
            (Measured::Rate, -0.0, "0/s"),
        ] {
            assert_eq!(measured.print(value), expected, "{measured:?} {value}");
        }
    }

    #[test]
    fn every_signal_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Signal::ALL.iter().map(|s| s.as_str()).collect();
        assert_eq!(names.len(), Signal::ALL.len());
    }
}
