//! What has to hold of every file, whatever is in it.

use std::panic::catch_unwind;
use std::path::Path;

use jsonschema::Validator;
use queue_monitor::config::{AlertRule, Config, ConfigErrors, Measured, Threshold};
use serde_json::Value;

use super::write;

/// Finds out whether what the loader says is true.
pub(crate) struct Judge {
    schema: Validator,
}

impl Judge {
    pub(crate) fn new() -> Self {
        let schema: Value = serde_json::from_str(&queue_monitor::schema()).unwrap();
        Self { schema: jsonschema::validator_for(&schema).unwrap() }
    }

    /// Loads a file. Returns what kinds of errors it has; none if it is accepted.
    ///
    /// # Errors
    /// What is wrong with what the loader made of it.
    pub(crate) fn judge(&self, yaml: &str) -> Result<Vec<String>, String> {
        match catch_unwind(|| Config::from_yaml(yaml)).map_err(|_| "the loader panicked".to_owned())? {
            Ok(config) => self.good(yaml, &config).map(|()| Vec::new()),
            Err(errors) => bad(yaml, &errors),
        }
    }

    /// Loads a file that may be no text.
    ///
    /// # Errors
    /// What is wrong with what the loader made of it.
    pub(crate) fn judge_file(&self, path: &Path) -> Result<Vec<String>, String> {
        match catch_unwind(|| Config::from_yaml_file(path)).map_err(|_| "the loader panicked".to_owned())? {
            Ok(config) => self.good(&std::fs::read_to_string(path).unwrap(), &config).map(|()| Vec::new()),
            Err(errors) => match errors.errors().iter().find(|error| error.line == 0 || error.column == 0) {
                Some(error) => Err(format!("not a place in the file: {error:?}")),
                None => Ok(errors.errors().iter().map(|error| kind(&error.message)).collect()),
            },
        }
    }

    /// What was accepted makes sense, is what another reader reads, and is the same when it is written down and read.
    pub(crate) fn good(&self, yaml: &str, config: &Config) -> Result<(), String> {
        let plain: Value = serde_yaml::from_str(yaml.trim_start_matches('\u{feff}'))
            .map_err(|error| format!("accepted, but another reader says: {error}"))?;
        if let Some(error) = self.schema.iter_errors(&plain).next() {
            return Err(format!("accepted, but not by the schema: {}: {error}", error.instance_path()));
        }
        plausible(config)?;
        same_names(&plain, config)?;
        let written = write::yaml(config);
        match Config::from_yaml(&written) {
            Ok(again) if again == *config => {}
            Ok(again) => return Err(format!("written down it is another one:\n{written}\n{config:#?}\n{again:#?}")),
            Err(errors) => return Err(format!("written down it is refused:\n{written}\n{errors}")),
        }
        let rules = catch_unwind(|| queue_monitor::rules::prometheus(config));
        rules.map(drop).map_err(|_| "it cannot be turned into rules".to_owned())
    }
}

/// Errors have a place in the file, in order, and words.
fn bad(yaml: &str, errors: &ConfigErrors) -> Result<Vec<String>, String> {
    let listed = errors.errors();
    if listed.is_empty() {
        return Err("refused without an error".to_owned());
    }
    if !errors.to_string().starts_with("<yaml>:") {
        return Err(format!("not printed with its place: {errors}"));
    }
    let obeyed = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{feff}');
    if errors.to_string().contains(obeyed) {
        return Err(format!("a terminal would obey what is printed: {:?}", errors.to_string()));
    }
    if !listed.is_sorted_by_key(|error| (error.line, error.column)) {
        return Err(format!("out of order: {errors}"));
    }
    // The byte order mark is no part of the first line.
    let text = yaml.strip_prefix('\u{feff}').unwrap_or(yaml).replace("\r\n", "\n");
    let lines: Vec<&str> = text.split(['\n', '\r']).collect();
    for error in listed {
        let width = lines.get(error.line.wrapping_sub(1)).map(|line| line.chars().count());
        if !width.is_some_and(|width| (1..=width + 1).contains(&error.column)) {
            return Err(format!("not a place in the file: {error:?}"));
        }
        if error.message.is_empty() || error.hint.is_empty() || error.path.is_empty() {
            return Err(format!("an error without words: {error:?}"));
        }
    }
    Ok(listed.iter().map(|error| kind(&error.message)).collect())
}

/// A message without what it quotes, and without numbers.
fn kind(message: &str) -> String {
    let quotes = message.split('`').enumerate().map(|(part, text)| if part % 2 == 0 { text } else { "_" });
    quotes.collect::<String>().chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// What the documentation promises of every configuration.
fn plausible(config: &Config) -> Result<(), String> {
    let millis =
        |range: std::ops::RangeInclusive<u128>, duration: std::time::Duration| range.contains(&duration.as_millis());
    let holds = [
        ("tick", millis(1..=100, config.tick)),
        ("interval", millis(100..=3_600_000, config.interval)),
        ("peak_window", config.peak_window >= config.interval && millis(100..=3_600_000, config.peak_window)),
        ("saturation", (0.0..=1.0).contains(&config.saturation)),
        ("scrape_interval", millis(1_000..=3_600_000, config.prometheus.scrape_interval)),
        ("capacity", config.overrides.iter().all(|one| one.capacity != Some(0))),
        ("mute", config.mute.iter().all(|mute| !mute.queues.is_empty())),
    ];
    if let Some((what, _)) = holds.iter().find(|(_, holds)| !holds) {
        return Err(format!("accepted, but {what} is out of its range: {config:?}"));
    }
    for (at, alert) in config.alerts.iter().enumerate() {
        if config.alerts[..at].iter().any(|other| other.name == alert.name) {
            return Err(format!("accepted, but two alerts are called {:?}", alert.name));
        }
        if !sensible(alert) {
            return Err(format!("accepted, but it makes no sense: {alert:?}"));
        }
    }
    Ok(())
}

fn sensible(alert: &AlertRule) -> bool {
    let share = alert.signal.measured() == Measured::Share;
    let of_unit = |value: f64| value.is_finite() && (!share || (0.0..=1.0).contains(&value));
    let sides = alert.levels.iter().all(|level| match level.threshold {
        Threshold::Above { fire, clear } => clear <= fire && of_unit(fire) && of_unit(clear),
        Threshold::Below { fire, clear } => clear >= fire && of_unit(fire) && of_unit(clear),
    });
    let rising = alert.levels.windows(2).all(|two| match (two[0].threshold, two[1].threshold) {
        (Threshold::Above { fire: mild, .. }, Threshold::Above { fire: grave, .. }) => mild < grave,
        (Threshold::Below { fire: mild, .. }, Threshold::Below { fire: grave, .. }) => mild > grave,
        _ => false,
    });
    let year = std::time::Duration::from_secs(365 * 86_400);
    let lasts = alert.hold <= year && alert.keep_firing_for <= year;
    !alert.levels.is_empty() && sides && rising && lasts && !alert.name.is_empty() && !alert.queues.is_empty()
}

/// The names of alerts, their signals and the globs of overrides, as another reader reads them.
fn same_names(plain: &Value, config: &Config) -> Result<(), String> {
    let list = |key: &str| plain.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let alerts = list("alerts");
    let overrides = list("overrides");
    let is = |plain: &Value, read: &str| {
        let text = plain.as_str().map(str::to_owned).unwrap_or_default();
        // Variables and escapes are the loader's business.
        text == read || text.contains('$')
    };
    let same = alerts.len() == config.alerts.len()
        && overrides.len() == config.overrides.len()
        && list("mute").len() == config.mute.len()
        && plain.get("http").is_some() == config.http.is_some()
        && alerts
            .iter()
            .zip(&config.alerts)
            .all(|(plain, alert)| is(&plain["name"], &alert.name) && is(&plain["signal"], alert.signal.as_str()))
        && overrides.iter().zip(&config.overrides).all(|(plain, one)| is(&plain["queue"], one.queue.as_str()));
    if same { Ok(()) } else { Err(format!("accepted, but another reader reads {plain}, and the loader {config:?}")) }
}
