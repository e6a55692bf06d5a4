//! What a crawl did, for a person to read, and whether its counts add up.

use std::fmt;
use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount};
use queue_pipeline::Report as Round;

use crate::document::Failure;
use crate::stages::Sums;

/// What one round did, or all rounds together.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: u64,
    pub(crate) found: u64,
    pub(crate) stored: u64,
    pub(crate) failed: u64,
    not_started: u64,
    elapsed: Duration,
    /// Of the pages stored.
    bytes: u64,
    words: u64,
    /// The first few.
    failures: Vec<Failure>,
    /// What the stages did in the last round.
    last: Round,
}

/// As many failures as a person reads.
const SHOWN: usize = 5;

impl Report {
    /// A report of one round.
    pub(crate) fn new(found: u64, round: Round, sums: Sums) -> Self {
        let Sums { bytes, words, mut failures } = sums;
        failures.truncate(SHOWN);
        let (stored, failed, elapsed) = (round.stored(), round.failed(), round.elapsed);
        let not_started = found.saturating_sub(round.taken());
        Self { rounds: 1, found, stored, failed, not_started, elapsed, bytes, words, failures, last: round }
    }

    /// Checks that every document is accounted for.
    ///
    /// # Errors
    /// With the numbers that do not add up.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { found, stored, failed, not_started, .. } = self;
        if *found != stored + failed + not_started || !self.last.adds_up() {
            let last = &self.last;
            return Err(format!(
                "{found} documents were found, but {stored} stored + {failed} failed + {not_started} not started\n{last}"
            ));
        }
        Ok(())
    }

    /// Adds what a further round did.
    pub(crate) fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.found += other.found;
        self.stored += other.stored;
        self.failed += other.failed;
        self.not_started += other.not_started;
        self.elapsed += other.elapsed;
        self.bytes += other.bytes;
        self.words += other.words;
        self.failures.extend(other.failures);
        self.failures.truncate(SHOWN);
        self.last = other.last;
    }

    fn write_failures(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failures.is_empty() {
            return Ok(());
        }
        writeln!(to, "\nfailed (all of them are in the table `failures` of the database):")?;
        for Failure { document, stage, reason } in &self.failures {
            writeln!(to, "  {stage:<9} {}: {reason}", document.source)?;
        }
        let more = self.failed.saturating_sub(self.failures.len() as u64);
        if more > 0 {
            writeln!(to, "  and {} more", HumanCount(more))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "found {} documents", HumanCount(self.found))?;
        if self.rounds > 1 {
            write!(to, " in {} rounds", HumanCount(self.rounds))?;
        }
        write!(to, ": {} stored, {} failed", HumanCount(self.stored), HumanCount(self.failed))?;
        if self.not_started > 0 {
            write!(to, ", {} not started", HumanCount(self.not_started))?;
        }
        let (bytes, words) = (BinaryBytes(self.bytes), HumanCount(self.words));
        writeln!(to, "\n{bytes} and {words} words in {:.2} s", self.elapsed.as_secs_f64())?;
        self.write_failures(to)?;
        writeln!(to, "\n{}", self.last)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use queue_pipeline::{CancellationToken, Capacity, Pipeline, Workers};

    use super::*;
    use crate::document::Document;

    /// Of 1,300 documents 1,200 were taken, and one of those failed.
    fn report() -> Report {
        let sums = Sums { bytes: 2048, words: 12345, failures: vec![failure()] };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let round = runtime.block_on(async {
            let flow = Pipeline::named("crawl.report").source(0..1200).sink(
                "store",
                Workers(1),
                Capacity(9),
                |n| async move { if n == 7 { Err("gone") } else { Ok(()) } },
            );
            flow.on_error(queue_pipeline::Skip).run(CancellationToken::new()).await.unwrap()
        });
        let failed = round.skipped();
        Report { failed, elapsed: Duration::from_millis(2500), ..Report::new(1300, round, sums) }
    }

    fn failure() -> Failure {
        let document = Document { source: "http://a/b".to_owned(), url: "http://a/b".to_owned() };
        Failure { document, stage: Arc::from("download"), reason: "gone".to_owned() }
    }

    #[test]
    fn the_report_reads_like_this() {
        let expected = "\
found 1,300 documents: 1,199 stored, 1 failed, 100 not started
2.00 KiB and 12,345 words in 2.50 s

failed (all of them are in the table `failures` of the database):
  download  http://a/b: gone

crawl.report completed after ";
        let report = report().to_string();
        assert!(report.starts_with(expected), "{report}");
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
        check(|report| report.stored -= 1, "1300 documents were found, but 1198 stored");
        check(|report| report.failed += 1, "2 failed");
        check(|report| report.found = 1100, "1100 documents were found");
        check(|report| report.last.stages[0].done += 1, "1200 taken");
    }

    #[test]
    fn rounds_add_up() {
        let mut sum = report();
        sum.add(report());
        assert_eq!((sum.rounds, sum.found, sum.stored, sum.not_started), (2, 2600, 2398, 200));
        assert_eq!(sum.check(), Ok(()));
    }
}
