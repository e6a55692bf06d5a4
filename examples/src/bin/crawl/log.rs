//! The log: on stderr, in whole lines, also where progress bars are drawn; and the program's own spans, for whoever
//! collects traces.

use std::io::{self, Write};

use indicatif::MultiProgress;
use queue_otel::Telemetry;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Logs to stderr from here on; `RUST_LOG` chooses what, and without it what is of interest to an operator. Spans of this
/// program go where traces go.
pub(crate) fn start(bars: MultiProgress, telemetry: Option<&Telemetry>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = io::IsTerminal::is_terminal(&io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(AboveBars(bars)).with_filter(filter);
    let spans = telemetry.and_then(|telemetry| telemetry.tracer("crawl")).map(|tracer| {
        // Only ours: what sends them has spans as well.
        let ours = filter_fn(|it| it.is_span() && it.target().starts_with("crawl"));
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(ours)
    });
    tracing_subscriber::registry().with(spans).with(lines).init();
}

/// Writes above the progress bars, which are taken off the screen meanwhile.
struct AboveBars(MultiProgress);

impl MakeWriter<'_> for AboveBars {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Write for AboveBars {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
