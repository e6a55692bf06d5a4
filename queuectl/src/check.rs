//! `check`: is a file right?

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use queue_monitor::config::{Config, ConfigErrors};
use queue_monitor::rules;
use serde_json::{Value, json};

use crate::output::{Failure, Output};

/// Reads a file that has to be right.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    Config::from_yaml_file(file).map_err(Failure::told)
}

pub(crate) fn check(files: &[PathBuf], json: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut all_right = true;
    let mut list = Vec::new();
    for file in files {
        let name = file.display();
        let read = Config::from_yaml_file(file);
        all_right &= read.is_ok();
        if let Ok(config) = &read {
            warnings(config).iter().for_each(|warning| output.warn(format_args!("{name}: {warning}")));
        }
        match &read {
            _ if json => list.push(told(file, &read)),
            Ok(config) => {
                let (alerts, overrides) = (config.alerts.len(), config.overrides.len());
                output.line(format_args!("{name}: ok, {alerts} alerts, {overrides} overrides"))?;
            }
            Err(errors) => output.complain(&errors.to_string()),
        }
    }
    if json {
        output.json(&Value::from(list))?;
    }
    Ok(if all_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(file: &Path, read: &Result<Config, ConfigErrors>) -> Value {
    let errors = read.as_ref().err().map_or(&[][..], ConfigErrors::errors);
    let errors: Vec<_> = errors
        .iter()
        .map(|error| {
            json!({
                "line": error.line, "column": error.column, "path": error.path,
                "message": error.message, "hint": error.hint,
            })
        })
        .collect();
    let warnings = read.as_ref().map(warnings).unwrap_or_default();
    json!({ "file": file.display().to_string(), "ok": read.is_ok(), "errors": errors, "warnings": warnings })
}

/// What is right and looks like a mistake.
fn warnings(config: &Config) -> Vec<String> {
    let warnings = config.warnings(SystemTime::now()).into_iter().map(|warning| warning.to_string());
    warnings.chain(rules::left_out(config)).collect()
}
