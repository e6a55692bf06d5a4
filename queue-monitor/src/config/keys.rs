//! What is said about keys: unknown, of a later version, at the wrong place.

use super::error::{Mismatch, nearest, quoted};

/// Keys of the format that a later version will read, by the type they belong to.
const LATER: [(&str, &[&str]); 3] = [
    ("Document", &["overrides", "mute", "record", "prometheus"]),
    ("Alert", &["levels", "runbook"]),
    ("Notify", &["labels", "alertmanager", "webhook", "inhibit_upstream"]),
];

/// Keys that are often indented too little or too much, and where they belong.
const HOMES: [(&str, &[&str], &str); 3] = [
    ("Http", &["listen"], "below `http:`"),
    ("Notify", &["log"], "below `notify:`"),
    (
        "Document",
        &[
            "tick",
            "interval",
            "saturation",
            "peak_window",
            "alerts",
            "notify",
            "http",
        ],
        "at the top level",
    ),
];

/// Says why `key` is none of the `known` keys of the type `owner`.
pub(super) fn unknown(owner: &str, key: &str, known: &[&str]) -> Mismatch {
    let later = LATER.iter().any(|(name, keys)| *name == owner && keys.contains(&key));
    let known = known.join(", ");
    if later {
        let hint = format!("found a key of a later version; accepted here: {known}; remove `{key}` for now");
        return Mismatch {
            message: format!("`{key}` is not supported by this version"),
            hint,
        };
    }
    let message = format!("unknown key {}", quoted(key));
    let accepted = format!("accepted here: {known}");
    let home = HOMES
        .iter()
        .find(|(name, keys, _)| *name != owner && keys.contains(&key));
    if let Some((.., home)) = home {
        return Mismatch {
            message,
            hint: format!("`{key}` belongs {home}; {accepted}"),
        };
    }
    if let Some((key, _)) = key.split_once(':') {
        return Mismatch {
            message,
            hint: format!("a `:` needs a space behind it: `{key}: `; {accepted}"),
        };
    }
    let hint = match nearest(key, known.split(", ")) {
        Some(meant) => format!("did you mean `{meant}`? {accepted}"),
        None => accepted,
    };
    Mismatch { message, hint }
}

/// What a map of the type `owner` is called in an error.
pub(super) fn describe(owner: &str) -> &'static str {
    match owner {
        "Document" => "a map of settings, such as `interval: 10s`",
        "Alert" => "an alert: a map with `name`, `signal` and `above` or `below`",
        "Notify" => "a map such as `{ log: true }`",
        "Http" => "a map such as `{ listen: 127.0.0.1:9464 }`",
        _ => "a map",
    }
}
