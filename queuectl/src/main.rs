//! The command line of queue-monitor: see `queuectl --help`.

mod check;
mod cli;
mod explain;
mod output;
mod replay;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use cli::{Cli, Command, Page};
use output::{Failure, Output};
use queue_monitor::{Config, dashboard, rules};

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let mut output = Output::new();
    match run(command, &mut output).and_then(|code| output.end().map(|()| code)) {
        Ok(code) => code,
        // Whoever read has seen enough.
        Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(Failure::Told(message)) => {
            output.complain(&message);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, output: &mut Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { files, json } => return check::check(&files, json, output),
        Command::Rules { file } => {
            let config = check::load(&file)?;
            output.text(&rules::prometheus(&config))?;
            let name = file.display();
            rules::left_out(&config).iter().for_each(|warning| output.warn(format_args!("{name}: {warning}")));
        }
        Command::Dashboard { file, page } => {
            let config = file.map_or_else(|| Ok(Config::default()), |file| check::load(&file))?;
            output.text(&match page {
                Page::Overview => dashboard::grafana(&config),
                Page::Queue => dashboard::grafana_queue(&config),
            })?;
        }
        Command::Schema => output.text(&queue_monitor::schema())?,
        Command::Explain { file, queue, json } => explain::explain(&file, &queue, json, output)?,
        Command::Replay { file, samples } => replay::replay(&file, &samples, output)?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "queuectl", &mut script);
            output.text(&String::from_utf8_lossy(&script))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
