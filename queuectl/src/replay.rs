//! `replay`: what was recorded, judged by a file.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use queue_monitor::Replay;
use serde_json::Value;

use crate::check::load;
use crate::output::{Failure, Output};

pub(crate) fn replay(file: &Path, samples: &Path, output: &mut Output) -> Result<(), Failure> {
    let mut replay = Replay::new(&load(file)?);
    let name = samples.display();
    let unreadable = |error: io::Error| Failure::told(format_args!("{name}: cannot read the samples: {error}"));
    let mut lines: Box<dyn BufRead> = match samples.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(File::open(samples).map_err(unreadable)?)),
    };
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let transitions = match replay.line(&text) {
            Ok(transitions) => transitions,
            Err(_) if !text.ends_with('\n') => {
                output
                    .warn(format_args!("{name}:{number}: the last line is not whole: its monitor was stopped midway"));
                break;
            }
            Err(error) => return Err(Failure::told(format_args!("{name}:{number}: {error}"))),
        };
        for transition in transitions {
            // In the order of the documentation, which a map of JSON does not keep.
            let json = |text: &str| Value::from(text);
            output.line(format_args!(
                "{{\"mono\":{},\"alert\":{},\"queue\":{},\"severity\":{},\"from\":{},\"to\":{},\"value\":{}}}",
                Value::from(transition.at.as_secs_f64()),
                json(&transition.alert),
                json(&transition.queue),
                json(&transition.severity),
                json(transition.from.as_str()),
                json(transition.to.as_str()),
                Value::from(transition.value),
            ))?;
        }
    }
    Ok(())
}
