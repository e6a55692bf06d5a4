//! `explain`: what holds for one queue, and where it is written.

use std::path::Path;

use serde_json::json;

use crate::output::{Failure, Output};

pub(crate) fn explain(file: &Path, queue: &str, json: bool, output: &mut Output) -> Result<(), Failure> {
    let explained = queue_monitor::config::explain(file, queue).map_err(Failure::told)?;
    let name = file.display();
    if json {
        let rows: Vec<_> = explained
            .iter()
            .map(|one| {
                let value = if one.field == "off" { None } else { Some(&one.value) };
                let file = one.line.map(|_| name.to_string());
                json!({ "alert": one.alert.as_deref(), "field": one.field, "value": value, "file": file, "line": one.line })
            })
            .collect();
        return output.json(&rows.into());
    }
    if explained.is_empty() {
        output.warn(format_args!("no alert of {name} judges the queue {queue:?}, and no override bounds it"));
    }
    for one in explained {
        let alert = one.alert.as_deref().unwrap_or("-");
        let place = one.line.map_or_else(|| "default".to_owned(), |line| format!("{name}:{line}"));
        let value = if one.value.is_empty() { String::new() } else { format!(" {}", one.value) };
        output.line(format_args!("{alert} {}{value} {place}", one.field))?;
    }
    Ok(())
}
