//! A configuration as a file: what comes of a file has to come of this one, too.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use queue_monitor::config::{
    AlertRule, Change, Config, Fields, Glob, Measured, Placeholder, Signal, Summary, Target, Threshold,
};

/// The same configuration, as YAML with nothing left to chance: every value is written, every text is in quotes.
pub(super) fn yaml(config: &Config) -> String {
    let mut out = String::new();
    for (key, duration) in [("tick", config.tick), ("interval", config.interval), ("peak_window", config.peak_window)] {
        let _ = writeln!(out, "{key}: {}", millis(duration));
    }
    let _ = writeln!(out, "saturation: {:?}", config.saturation);
    let alerts: Vec<_> = config.alerts.iter().map(alert).collect();
    let overrides = config.overrides.iter().map(|one| {
        let changes = one.alerts.iter().map(|(name, change)| {
            let rule = config.alerts.iter().find(|alert| alert.name == *name).unwrap();
            format!("{}: {}", key(name), self::change(rule, change))
        });
        let changes: Vec<_> = changes.collect();
        let mut fields = vec![format!("queue: {}", text(one.queue.as_str()))];
        fields.extend((!changes.is_empty()).then(|| format!("alerts: {}", map(&changes))));
        fields.extend(one.capacity.map(|capacity| format!("capacity: {capacity}")));
        map(&fields)
    });
    let mutes = config.mute.iter().map(|mute| {
        let mut fields = vec![format!("queues: {}", globs(&mute.queues)), format!("until: {}", moment(mute.until))];
        fields.extend(mute.reason.as_ref().map(|reason| format!("reason: {}", text(reason))));
        map(&fields)
    });
    let _ = writeln!(out, "alerts: [{}]", alerts.join(", "));
    let _ = writeln!(out, "overrides: [{}]", overrides.collect::<Vec<_>>().join(", "));
    let _ = writeln!(out, "mute: [{}]", mutes.collect::<Vec<_>>().join(", "));
    let _ = writeln!(out, "notify: {}", notify(config));
    if let Some(record) = &config.record {
        let _ = writeln!(out, "record: {}", text(record.to_str().unwrap()));
    }
    let _ = writeln!(out, "prometheus: {{ scrape_interval: {} }}", millis(config.prometheus.scrape_interval));
    if let Some(http) = &config.http {
        let _ = writeln!(out, "http: {{ listen: {} }}", text(&http.listen.to_string()));
    }
    out
}

fn alert(rule: &AlertRule) -> String {
    let value = |value| number(rule.signal, value);
    let mut fields = vec![
        format!("name: {}", text(&rule.name)),
        format!("queues: {}", globs(&rule.queues)),
        format!("except: {}", globs(&rule.except)),
        format!("signal: {}", rule.signal),
        format!("for: {}", millis(rule.hold)),
        format!("keep_firing_for: {}", millis(rule.keep_firing_for)),
        format!("summary: {}", text(&template(&rule.summary))),
        format!("{}: {}", clears(rule), value(rule.levels[0].threshold.clear())),
    ];
    fields.extend(rule.runbook.as_ref().map(|runbook| format!("runbook: {}", text(runbook))));
    match rule.levels.as_slice() {
        [one] => {
            fields.push(format!("{}: {}", fires(rule), value(one.threshold.fire())));
            fields.push(format!("severity: {}", text(&one.severity)));
        }
        levels => {
            let levels: Vec<_> = levels
                .iter()
                .map(|level| format!("{}: {}", key(&level.severity), value(level.threshold.fire())))
                .collect();
            fields.push(format!("levels: {}", map(&levels)));
        }
    }
    map(&fields)
}

fn change(rule: &AlertRule, change: &Change) -> String {
    let Change::Fields(fields) = change else { return "off".to_owned() };
    let Fields { fire, levels, clear, hold, keep_firing_for, severity, summary, runbook } = fields;
    let levels = levels.as_ref().map(|levels| {
        let levels: Vec<_> =
            levels.iter().map(|(word, fire)| format!("{}: {}", key(word), number(rule.signal, *fire))).collect();
        map(&levels)
    });
    let fields = [
        (fires(rule), fire.map(|fire| number(rule.signal, fire))),
        ("levels", levels),
        (clears(rule), clear.map(|clear| number(rule.signal, clear))),
        ("for", hold.map(millis)),
        ("keep_firing_for", keep_firing_for.map(millis)),
        ("severity", severity.as_deref().map(text)),
        ("summary", summary.as_ref().map(|summary| text(&template(summary)))),
        ("runbook", runbook.as_deref().map(text)),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value?)));
    map(&fields.collect::<Vec<_>>())
}

fn notify(config: &Config) -> String {
    let notify = &config.notify;
    let labels: Vec<_> = notify.labels.iter().map(|(name, value)| format!("{}: {}", key(name), text(value))).collect();
    let mut fields = vec![
        format!("log: {}", notify.log),
        format!("labels: {}", map(&labels)),
        format!("inhibit_upstream: {}", notify.inhibit_upstream),
    ];
    fields.extend(
        notify
            .alertmanager
            .as_ref()
            .map(|one| format!("alertmanager: {{ {}, resend: {} }}", target(&one.target), millis(one.resend))),
    );
    fields.extend(notify.webhook.as_ref().map(|one| format!("webhook: {{ {} }}", target(&one.target))));
    map(&fields)
}

fn target(target: &Target) -> String {
    let headers: Vec<_> =
        target.headers.iter().map(|(name, value)| format!("{}: {}", key(name), text(value))).collect();
    format!("url: {}, timeout: {}, headers: {}", text(target.url.as_str()), millis(target.timeout), map(&headers))
}

fn fires(rule: &AlertRule) -> &'static str {
    if matches!(rule.levels[0].threshold, Threshold::Above { .. }) { "above" } else { "below" }
}

fn clears(rule: &AlertRule) -> &'static str {
    if matches!(rule.levels[0].threshold, Threshold::Above { .. }) { "clear_below" } else { "clear_above" }
}

fn number(signal: Signal, value: f64) -> String {
    match signal.measured() {
        Measured::Duration => millis(Duration::from_secs_f64(value)),
        _ => format!("{value:?}"),
    }
}

/// Of a duration as the file has it, which has no part of a millisecond.
fn millis(duration: Duration) -> String {
    format!("{}ms", (duration + Duration::from_micros(500)).as_millis())
}

fn globs(globs: &[Glob]) -> String {
    let globs: Vec<_> = globs.iter().map(|glob| text(glob.as_str())).collect();
    format!("[{}]", globs.join(", "))
}

fn map(fields: &[String]) -> String {
    format!("{{ {} }}", fields.join(", "))
}

/// The template that a summary was made of: rendered with signs in place of braces, so that its own can be doubled.
fn template(summary: &Summary) -> String {
    let (open, close) = ('\u{e000}', '\u{e001}');
    let rendered = summary.render(|placeholder: Placeholder| Some(format!("{open}{}{close}", placeholder.as_str())));
    rendered.replace('{', "{{").replace('}', "}}").replace(open, "{").replace(close, "}")
}

/// A value in quotes, with what would be a variable escaped.
fn text(value: &str) -> String {
    key(&value.replace("${", "$${"))
}

/// A key in quotes: there are no variables in keys.
fn key(value: &str) -> String {
    let mut quoted = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted + "\""
}

/// A moment as RFC 3339 has it. Howard Hinnant, "chrono-compatible low-level date algorithms": days to a date.
fn moment(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap();
    let (days, second) = (since.as_secs() / 86_400 + 719_468, since.as_secs() % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:09}Z", since.subsec_nanos())
}
