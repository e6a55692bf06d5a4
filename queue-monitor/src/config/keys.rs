//! What is said about keys: unknown, or at the wrong place.

use super::error::{Mismatch, nearest, quoted};

/// Keys that are often indented too little or too much, and where they belong.
const HOMES: [(&str, &[&str], &str); 8] = [
    (
        "Document",
        &[
            "tick",
            "interval",
            "saturation",
            "peak_window",
            "overrides",
            "mute",
            "notify",
            "record",
            "prometheus",
            "http",
        ],
        "at the top level",
    ),
    (
        "Alert",
        &["name", "except", "signal", "above", "below", "levels", "for", "severity", "summary", "runbook"],
        "in an item of `alerts:`",
    ),
    ("Override", &["queue", "capacity"], "in an item of `overrides:`"),
    ("Mute", &["until", "reason"], "in an item of `mute:`"),
    ("Notify", &["log", "labels", "alertmanager", "webhook", "inhibit_upstream"], "below `notify:`"),
    ("Alertmanager", &["resend"], "below `notify: alertmanager:`"),
    ("Prometheus", &["scrape_interval"], "below `prometheus:`"),
    ("Http", &["listen"], "below `http:`"),
];

/// Keys that stand in several places, or are explained elsewhere.
const OTHERS: [&str; 8] =
    ["alerts", "queues", "clear_below", "clear_above", "keep_firing_for", "url", "timeout", "headers"];

/// Whether some map of the file takes this key.
pub(super) fn is_known(key: &str) -> bool {
    OTHERS.contains(&key) || HOMES.iter().any(|(_, keys, _)| keys.contains(&key))
}

/// Says why `key` is none of the `known` keys of the type `owner`.
pub(super) fn unknown(owner: &str, key: &str, known: &[&str]) -> Mismatch {
    let known = known.join(", ");
    let message = format!("unknown key {}", quoted(key));
    let accepted = format!("accepted here: {known}");
    let home = HOMES.iter().find(|(name, keys, _)| *name != owner && keys.contains(&key));
    if let Some((.., home)) = home {
        return Mismatch::told(message, format!("`{key}` belongs {home}; {accepted}"));
    }
    if let Some((key, _)) = key.split_once(':') {
        return Mismatch::told(message, format!("a `:` needs a space behind it: `{key}: `; {accepted}"));
    }
    let hint = match nearest(key, known.split(", ")) {
        Some(meant) => format!("did you mean `{meant}`? {accepted}"),
        None => accepted,
    };
    Mismatch::told(message, hint)
}

/// What a map of the type `owner` is called in an error.
pub(super) fn describe(owner: &str) -> &'static str {
    match owner {
        "Document" => "a map of settings, such as `interval: 10s`",
        "Alert" => "an alert: a map with `name`, `signal` and `above`, `below` or `levels`",
        "Override" => "an override: a map such as `{ queue: \"ingest.*\", alerts: { HighUtilization: off } }`",
        "Change" => "`off`, or a map of what is different, such as `{ above: 90% }`",
        "Mute" => "a mute: a map such as `{ queues: [\"crawl.*\"], until: 2026-11-23T08:00:00Z }`",
        "Prometheus" => "a map such as `{ scrape_interval: 15s }`",
        "Notify" => "a map such as `{ log: true }`",
        "Alertmanager" => "a map such as `{ url: \"http://127.0.0.1:9093\" }`",
        "Webhook" => "a map such as `{ url: \"https://example.org/hook\" }`",
        "Http" => "a map such as `{ listen: 127.0.0.1:9464 }`",
        _ => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// What is said of `key` with a list as its value, in a map of the type `owner`.
    fn told(owner: &str, key: &str) -> String {
        let entry = format!("{{ {key}: [[]] }}");
        let yaml = match owner {
            "Alert" => format!("alerts: [{entry}]"),
            "Override" => format!("overrides: [{entry}]"),
            "Mute" => format!("mute: [{entry}]"),
            "Prometheus" => format!("prometheus: {entry}"),
            "Notify" => format!("notify: {entry}"),
            "Alertmanager" => format!("notify: {{ alertmanager: {entry} }}"),
            "Http" => format!("http: {entry}"),
            _ => entry,
        };
        Config::from_yaml(&yaml).unwrap_err().to_string()
    }

    #[test]
    fn a_key_is_sent_to_a_home_that_knows_it() {
        for (owner, keys, home) in HOMES {
            for key in keys {
                assert!(!told(owner, key).contains("unknown key"), "{owner} {key}");
                let (stranger, message) = HOMES
                    .iter()
                    .map(|(stranger, ..)| (stranger, told(stranger, key)))
                    .find(|(_, message)| message.contains("unknown key"))
                    .unwrap();
                assert!(message.contains(home), "{stranger} {key}: {message}");
            }
        }
    }
}
