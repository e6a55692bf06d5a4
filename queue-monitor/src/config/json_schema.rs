//! The file format as a JSON schema, for editors: what they complete, explain and underline while somebody types.
//!
//! A schema knows shapes and not sense: that a clear value lies on the right side, that names are unique, that overrides
//! do not tie, stays with the loader. What it does say, the loader says too: a test holds one against the other.

use serde_json::{Map, Value, json};

use super::{Measured, Placeholder, Signal};

/// The JSON schema (draft 7) of the YAML that configures a monitor.
///
/// Editors that know the YAML language server use it through a line at the top of a file:
/// `# yaml-language-server: $schema=queues.schema.json`.
///
/// # Examples
/// ```
/// assert!(queue_monitor::schema().contains("\"keep_firing_for\""));
/// ```
pub fn schema() -> String {
    let document = object(
        "The configuration of a queue monitor.",
        &[],
        [
            ("tick", told("Resolution of the time integrals, 1ms to 100ms; 5ms if left out.", duration())),
            ("interval", told("How often queues are sampled, 100ms to 1h; 10s if left out.", duration())),
            ("saturation", told("From which share on a queue counts as saturated; 80% if left out.", share())),
            ("peak_window", told("How far back peaks look: the interval to 1h; 1m if left out.", duration())),
            ("alerts", told("What is judged.", json!({ "type": "array", "items": alert() }))),
            (
                "overrides",
                told("What is different for some queues.", json!({ "type": "array", "items": one_override() })),
            ),
            ("mute", told("Of which queues nobody is told for a while.", json!({ "type": "array", "items": mute() }))),
            ("notify", notify()),
            ("record", told("Where samples are written, for `queuectl replay`.", text())),
            ("prometheus", prometheus()),
            ("http", http()),
        ],
    );
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("queue-monitor"));
    schema.extend(document.as_object().cloned().unwrap_or_default());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn alert() -> Value {
    let mut properties = vec![
        ("name", told("Its name, unique in the file.", text())),
        ("queues", told("Globs on queue names; all if left out.", globs(1))),
        ("except", told("Of these, the ones it leaves alone.", globs(0))),
        ("signal", told("What it looks at.", or_variable(json!({ "enum": Signal::ALL.map(Signal::as_str) })))),
    ];
    properties.extend(changeable());
    let mut alert = object("One alert.", &["name", "signal"], properties);
    let at_least_zero = json!({ "type": "number", "minimum": 0 });
    let units = [
        in_unit(|signal| signal.measured() == Measured::Share, &share()),
        in_unit(|signal| signal.measured() == Measured::Duration, &duration()),
        in_unit(|signal| signal == Signal::Growth, &or_variable(json!({ "type": "number" }))),
        in_unit(
            |signal| matches!(signal.measured(), Measured::Count | Measured::Rate) && signal != Signal::Growth,
            &or_variable(at_least_zero),
        ),
    ];
    alert["allOf"] = json!(units);
    alert["oneOf"] = json!([{ "required": ["above"] }, { "required": ["below"] }, { "required": ["levels"] }]);
    alert["dependencies"] = json!({
        "levels": { "not": { "required": ["severity"] } },
        "above": { "not": { "required": ["clear_above"] } },
        "below": { "not": { "required": ["clear_below"] } },
    });
    alert
}

/// What an override may give anew.
fn changeable() -> Vec<(&'static str, Value)> {
    let placeholders = Placeholder::ALL.map(|placeholder| format!("{{{}}}", placeholder.as_str())).join(" ");
    let levels = json!({ "type": "object", "minProperties": 1, "additionalProperties": threshold() });
    vec![
        ("above", told("Fires strictly above this.", threshold())),
        ("below", told("Fires strictly below this.", threshold())),
        ("levels", told("Several severities: words with thresholds, such as { warning: 90%, critical: 99% }.", levels)),
        ("clear_below", told("With `above`: clears at or below this; the threshold if left out.", threshold())),
        ("clear_above", told("With `below`: clears at or above this; the threshold if left out.", threshold())),
        ("for", told("Sustained this long before it fires; at once if left out.", duration())),
        ("keep_firing_for", told("Clear this long before it resolves; at once if left out.", duration())),
        ("severity", told("One word; info, warning and critical have colours. warning if left out.", word())),
        ("summary", told(&format!("What a person reads, with {placeholders}."), text())),
        ("runbook", told("Where it says what to do.", text())),
    ]
}

/// Thresholds in the unit of the alert's signal.
fn in_unit(has: fn(Signal) -> bool, unit: &Value) -> Value {
    let signals: Vec<_> = Signal::ALL.into_iter().filter(|signal| has(*signal)).map(Signal::as_str).collect();
    let levels = json!({ "additionalProperties": unit });
    let fields = json!({ "above": unit, "below": unit, "levels": levels, "clear_below": unit, "clear_above": unit });
    json!({
        "if": { "properties": { "signal": { "enum": signals } }, "required": ["signal"] },
        "then": { "properties": fields },
    })
}

fn one_override() -> Value {
    let mut change = object("What is different.", &[], changeable());
    change["minProperties"] = json!(1);
    let switch = json!({ "anyOf": [{ "enum": [false, "off"] }, change, variable()] });
    let alerts = json!({ "type": "object", "additionalProperties": switch });
    let capacity = or_variable(json!({ "type": "integer", "minimum": 1 }));
    let properties = [
        ("queue", told("A glob; the most specific one wins, field by field.", text())),
        ("alerts", told("By the name of an alert: `off`, or what is different.", alerts)),
        ("capacity", told("The bound of these queues, live.", capacity)),
    ];
    let mut one = object("What is different for some queues.", &["queue"], properties);
    one["anyOf"] = json!([{ "required": ["alerts"] }, { "required": ["capacity"] }]);
    one
}

fn mute() -> Value {
    let moment =
        json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].*([Zz]|[+-][0-9]{2}:[0-9]{2})$" });
    let properties = [
        ("queues", told("Globs on queue names.", globs(1))),
        ("until", told("When it ends, such as 2026-11-23T08:00:00Z.", or_variable(moment))),
        ("reason", told("Why, for whoever wonders.", text())),
    ];
    object("Judged, and not told.", &["queues", "until"], properties)
}

fn notify() -> Value {
    let url = || {
        told("http:// or https://, without a login.", or_variable(json!({ "type": "string", "pattern": "^https?://" })))
    };
    let timeout = || told("Of one request, 100ms to 1m; 10s if left out.", duration());
    let headers =
        || told("Sent with every request.", json!({ "type": "object", "additionalProperties": { "type": "string" } }));
    let labels = json!({
        "type": "object",
        "propertyNames": { "pattern": "^(?!__)[A-Za-z_][A-Za-z0-9_]*$", "not": { "enum": ["alertname", "queue_name", "severity"] } },
        "additionalProperties": text(),
    });
    let resend = told("How often it is told again of what fires, 1s to 1h; 1m if left out.", duration());
    let alertmanager = [("url", url()), ("resend", resend), ("timeout", timeout()), ("headers", headers())];
    let webhook = [("url", url()), ("timeout", timeout()), ("headers", headers())];
    object(
        "Where alerts go.",
        &[],
        [
            (
                "log",
                told("A tracing event per transition; true if left out.", or_variable(json!({ "type": "boolean" }))),
            ),
            ("labels", told("Added to every alert that leaves the process.", labels)),
            ("alertmanager", object("An Alertmanager, kept up to date.", &["url"], alertmanager)),
            ("webhook", object("Gets one POST a sample, with its transitions.", &["url"], webhook)),
            (
                "inhibit_upstream",
                told(
                    "Holds back alerts of queues before a pipeline's bottleneck while that one fires; false if left out.",
                    or_variable(json!({ "type": "boolean" })),
                ),
            ),
        ],
    )
}

fn prometheus() -> Value {
    let scrape = told("How often Prometheus scrapes, 1s to 1h; 15s if left out.", duration());
    object("What generated rules have to know.", &[], [("scrape_interval", scrape)])
}

fn http() -> Value {
    let listen = told("An IP address and a port, such as 127.0.0.1:9464.", text());
    object("The endpoint; none if left out.", &["listen"], [("listen", listen)])
}

fn object(what: &str, required: &[&str], properties: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let properties: Map<String, Value> = properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut object =
        json!({ "description": what, "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn told(what: &str, mut value: Value) -> Value {
    value["description"] = json!(what);
    value
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn word() -> Value {
    or_variable(json!({ "type": "string", "pattern": "^\\S+$" }))
}

fn globs(least: usize) -> Value {
    json!({ "type": "array", "minItems": least, "items": text() })
}

fn duration() -> Value {
    or_variable(
        json!({ "type": "string", "minLength": 1, "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$" }),
    )
}

fn share() -> Value {
    let percent = json!({ "type": "string", "pattern": "^0*(100(\\.0+)?|[0-9]{1,2}(\\.[0-9]+)?)%$" });
    or_variable(json!({ "anyOf": [{ "type": "number", "minimum": 0, "maximum": 1 }, percent] }))
}

/// Of any unit.
fn threshold() -> Value {
    json!({ "type": ["number", "string"] })
}

/// The value, or one that comes from the environment: the file is typed after that.
fn or_variable(value: Value) -> Value {
    json!({ "anyOf": [value, variable()] })
}

fn variable() -> Value {
    json!({ "type": "string", "pattern": "\\$\\{" })
}
