//! What a crawl did, for a person to read, and whether its counts add up.

use std::fmt;
use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount};
use queue_core::QueueStats;

use crate::document::Failure;
use crate::tally::Counts;

/// What one round did, or all rounds together.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: u64,
    pub(crate) found: u64,
    /// Documents that were taken in.
    pub(crate) started: u64,
    pub(crate) counts: Counts,
    pub(crate) elapsed: Duration,
    pub(crate) queues: Vec<QueueReport>,
    /// The first few.
    failures: Vec<Failure>,
}

/// What one queue did.
#[derive(Debug)]
pub(crate) struct QueueReport {
    pub(crate) stats: QueueStats,
    /// The highest depth of the whole crawl.
    pub(crate) peak: usize,
    /// How long it lived.
    pub(crate) lived: Duration,
}

/// As many failures as a person reads.
const SHOWN: usize = 5;

impl Report {
    /// A report of one round.
    pub(crate) fn new(
        found: u64,
        started: u64,
        counts: Counts,
        elapsed: Duration,
        queues: Vec<QueueReport>,
        failures: Vec<Failure>,
    ) -> Self {
        let mut report = Self { rounds: 1, found, started, counts, elapsed, queues, failures };
        report.failures.truncate(SHOWN);
        report
    }

    /// Documents that were never taken in, because somebody wanted an end.
    pub(crate) fn not_started(&self) -> u64 {
        self.found.saturating_sub(self.started)
    }

    /// Checks that every document and every item is accounted for.
    ///
    /// # Errors
    /// With the numbers that do not add up.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Counts { stored, failed, .. } = self.counts;
        let started = self.started;
        if self.found != stored + failed + self.not_started() {
            let unstarted = self.not_started();
            return Err(format!(
                "{} documents were found, but {stored} stored + {failed} failed + {unstarted} not started",
                self.found
            ));
        }
        if started != stored + failed {
            return Err(format!("{started} documents were taken in, but {stored} stored + {failed} failed"));
        }
        for QueueReport { stats, .. } in &self.queues {
            let totals = &stats.totals;
            if totals.put != totals.got || stats.unfinished != 0 {
                return Err(format!(
                    "{}: {} put, {} got, {} unfinished",
                    stats.name, totals.put, totals.got, stats.unfinished
                ));
            }
        }
        Ok(())
    }

    /// Adds what a further round did.
    pub(crate) fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.found += other.found;
        self.started += other.started;
        self.counts.add(&other.counts);
        self.elapsed += other.elapsed;
        for (queue, more) in self.queues.iter_mut().zip(other.queues) {
            queue.stats.totals.add(&more.stats.totals);
            queue.peak = queue.peak.max(more.peak);
            queue.lived += more.lived;
        }
        self.failures.extend(other.failures);
        self.failures.truncate(SHOWN);
    }

    fn write_failures(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failures.is_empty() {
            return Ok(());
        }
        writeln!(to, "\nfailed (all of them are in the table `failures` of the database):")?;
        for Failure { document, stage, reason } in &self.failures {
            writeln!(to, "  {stage:<9} {}: {reason}", document.source)?;
        }
        let more = self.counts.failed.saturating_sub(self.failures.len() as u64);
        if more > 0 {
            writeln!(to, "  and {} more", HumanCount(more))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { stored, failed, bytes, words, .. } = self.counts;
        write!(to, "found {} documents", HumanCount(self.found))?;
        if self.rounds > 1 {
            write!(to, " in {} rounds", HumanCount(self.rounds))?;
        }
        write!(to, ": {} stored, {} failed", HumanCount(stored), HumanCount(failed))?;
        if self.not_started() > 0 {
            write!(to, ", {} not started", HumanCount(self.not_started()))?;
        }
        writeln!(to)?;
        writeln!(to, "{} and {} words in {}", BinaryBytes(bytes), HumanCount(words), Span(self.elapsed))?;
        self.write_failures(to)?;
        writeln!(
            to,
            "\n{:<16}{:>10}{:>7}{:>18}{:>12}{:>17}{:>13}",
            "queue", "capacity", "peak", "mean utilization", "mean dwell", "putters blocked", "handed off"
        )?;
        self.queues.iter().try_for_each(|queue| writeln!(to, "{queue}"))
    }
}

impl QueueReport {
    /// The exact mean over the queue's life; `None` when unbounded.
    fn mean_utilization(&self) -> Option<f64> {
        let capacity = self.stats.capacity?;
        ratio(self.stats.totals.depth_time, as_f64(capacity as u64) * self.lived.as_secs_f64())
    }

    /// The exact mean, by Little's law; `None` if nothing was got.
    fn mean_dwell(&self) -> Option<Duration> {
        let seconds = ratio(self.stats.totals.depth_time, as_f64(self.stats.totals.got))?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Of what was got, the share that went straight to a waiting getter.
    fn handed_off(&self) -> Option<f64> {
        ratio(as_f64(self.stats.totals.handed_off), as_f64(self.stats.totals.got))
    }
}

impl fmt::Display for QueueReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1}%", share * 100.0));
        write!(
            to,
            "{:<16}{:>10}{:>7}{:>18}{:>12}{:>17}{:>13}",
            self.stats.name,
            self.stats.capacity.map_or("unbounded".to_owned(), |capacity| capacity.to_string()),
            self.peak,
            percent(self.mean_utilization()),
            self.mean_dwell().map_or("-".to_owned(), |dwell| Span(dwell).to_string()),
            Span(self.stats.totals.put_blocked).to_string(),
            percent(self.handed_off()),
        )
    }
}

/// A length of time, to three digits or so.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match self.0 {
            Duration::ZERO => write!(to, "0 s"),
            short if short < Duration::from_millis(1) => write!(to, "{:.0} µs", seconds * 1e6),
            short if short < Duration::from_secs(1) => write!(to, "{:.1} ms", seconds * 1e3),
            _ => write!(to, "{seconds:.2} s"),
        }
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Exact up to 2^53, which no crawl gets to.
#[allow(clippy::cast_precision_loss)]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Stage};

    fn report() -> Report {
        let mut stats = QueueStats { name: "crawl.parse".into(), capacity: Some(20), ..QueueStats::default() };
        stats.totals.put = 1000;
        stats.totals.got = 1000;
        stats.totals.handed_off = 250;
        stats.totals.depth_time = 36.0;
        stats.totals.put_blocked = Duration::from_millis(1500);
        let parse = QueueReport { stats, peak: 20, lived: Duration::from_secs(2) };
        let stats = QueueStats { name: "crawl.failures".into(), ..QueueStats::default() };
        let failures = QueueReport { stats, peak: 0, lived: Duration::from_secs(2) };
        let counts = Counts { stored: 1199, failed: 1, bytes: 2048, words: 12345, ..Counts::default() };
        let document = Document { source: "http://a/b".to_owned(), url: "http://a/b".to_owned() };
        let failure = Failure { document, stage: Stage::Download, reason: "gone".to_owned() };
        Report::new(1300, 1200, counts, Duration::from_millis(2500), vec![parse, failures], vec![failure])
    }

    #[test]
    fn the_report_reads_like_this() {
        let expected = "\
found 1,300 documents: 1,199 stored, 1 failed, 100 not started
2.00 KiB and 12,345 words in 2.50 s

failed (all of them are in the table `failures` of the database):
  download  http://a/b: gone

queue             capacity   peak  mean utilization  mean dwell  putters blocked   handed off
crawl.parse             20     20             90.0%     36.0 ms           1.50 s        25.0%
crawl.failures   unbounded      0                 -           -              0 s            -
";
        assert_eq!(report().to_string(), expected);
    }

    #[test]
    fn every_number_that_does_not_add_up_is_found() {
        assert_eq!(report().check(), Ok(()));
        let check = |break_it: fn(&mut Report), part: &str| {
            let mut report = report();
            break_it(&mut report);
            let message = report.check().unwrap_err();
            assert!(message.contains(part), "{message}");
        };
        check(|report| report.counts.stored -= 1, "1300 documents were found, but 1198 stored");
        check(|report| report.counts.failed += 1, "2 failed");
        check(|report| report.found = 1100, "1100 documents were found");
        check(|report| report.queues[0].stats.totals.got -= 1, "crawl.parse: 1000 put, 999 got");
        check(|report| report.queues[1].stats.unfinished = 1, "crawl.failures: 0 put, 0 got, 1 unfinished");
    }

    #[test]
    fn rounds_add_up_and_means_stay_means() {
        let mut sum = report();
        sum.add(report());
        assert_eq!((sum.rounds, sum.found, sum.counts.stored, sum.not_started()), (2, 2600, 2398, 200));
        assert_eq!(sum.queues[0].mean_utilization(), report().queues[0].mean_utilization());
        assert_eq!(sum.queues[0].mean_dwell(), report().queues[0].mean_dwell());
        assert_eq!(sum.check(), Ok(()));
    }
}
