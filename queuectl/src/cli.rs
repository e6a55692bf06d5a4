//! What the command line takes, and what it teaches.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

/// Checks, explains, replays and translates the YAML that configures a queue monitor.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
A typical round:
  queuectl check queues.yaml                      is it right? every error with its line
  queuectl explain queues.yaml crawl.parse        what holds for this queue, and which line says so
  queuectl replay queues.yaml samples.jsonl       what would have fired last night?
  queuectl rules queues.yaml > rules.yml          the same alerts for Prometheus
  queuectl dashboard queues.yaml > overview.json  a dashboard for Grafana, with their thresholds
  queuectl schema > queues.schema.json            for editors: a first line in the YAML,
                                                  # yaml-language-server: $schema=queues.schema.json

Exit status:
  0  all is well
  1  a file is wrong or cannot be read; standard error says why
  2  the command line is wrong

Colours are for terminals only; NO_COLOR turns them off."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files: one line for each that is right, every error of each that is not
    ///
    /// An error is `FILE:LINE:COL: PATH: message`, the line with a marker, and a hint: what was found, what is accepted,
    /// what was probably meant. What is right but looks like a mistake is a `warning:`, and no error.
    Check {
        /// The files
        #[arg(required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// Print a list of files with their errors as JSON, on standard output
        #[arg(long)]
        json: bool,
    },
    /// Print the alerts of a file as a rule file for Prometheus
    Rules {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Print a dashboard for Grafana as JSON, with the thresholds of a file
    ///
    /// There are two pages that link to each other: the overview of all queues, and one queue in depth. Import both in
    /// Grafana (Dashboards, New, Import), or put both files where its provisioning looks. Without a file nothing is
    /// coloured good or bad but what fires.
    #[command(after_help = "\
Both pages, for a folder that Grafana's provisioning reads:
  queuectl dashboard queues.yaml > overview.json
  queuectl dashboard queues.yaml --page queue > queue.json")]
    Dashboard {
        /// The file [default: no alerts, and a scrape every 15s]
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// Which page
        #[arg(long, value_enum, default_value_t)]
        page: Page,
    },
    /// Print the JSON schema of the file format
    Schema,
    /// Say which alerts and values hold for a queue, and which line of the file says so
    ///
    /// Prints `ALERT FIELD VALUE FILE:LINE` a line: `default` in place of the place where no line says so, `off` in place
    /// of field and value where an override turns the alert off, and `-` in place of the alert for the bound.
    Explain {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The queue's name, as in metrics
        queue: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Judge recorded samples by a file: one JSON object for each transition
    ///
    /// Samples are what a monitor writes with `record: FILE` in its configuration; `-` reads them from standard input.
    /// Judging goes by the samples' own clock, so an hour takes no longer than reading it. Mutes do not count.
    Replay {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The samples
        #[arg(value_hint = ValueHint::FilePath)]
        samples: PathBuf,
    },
    /// Print a completion script for a shell
    ///
    /// For bash: `queuectl completions bash > ~/.local/share/bash-completion/completions/queuectl`.
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// A page of the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    /// All queues at a glance
    #[default]
    Overview,
    /// One queue in depth
    Queue,
}
