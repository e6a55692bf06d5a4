//! Files that are right but for a fault now and then.

use super::make::Maker;
use super::words::{DURATIONS, GLOBS, NAMES, SIGNALS, SUMMARIES, TOP, VALUES};

impl Maker {
    /// By the grammar, with a fault now and then.
    pub(super) fn grown(&mut self) -> String {
        self.fault = *self.random.one_of(&[30, 100, 400]);
        let mut text = String::new();
        for (key, values) in TOP {
            if !self.random.once_in(if *key == "alerts" { 1 } else { 4 }) {
                continue;
            }
            let value = self.value(values);
            let key =
                if self.faults() { *self.random.one_of(&["intervall", "<<", "alerts", "Tick", "? a\n"]) } else { key };
            text.push_str(&format!("{key}: {value}\n"));
        }
        if text.is_empty() { "{}".to_owned() } else { text }
    }

    fn faults(&mut self) -> bool {
        let fault = self.fault;
        self.random.once_in(fault)
    }

    fn value(&mut self, values: &[&str]) -> String {
        if self.faults() {
            return (*self.random.one_of(VALUES)).to_owned();
        }
        match *self.random.one_of(values) {
            "@alert" => self.list(Self::alert),
            "@override" => self.list(Self::changes),
            "@mute" => self.list(Self::mute),
            "$notify" => self.notify(),
            value => value.to_owned(),
        }
    }

    fn list(&mut self, item: fn(&mut Self, usize) -> String) -> String {
        let count = self.random.below(4);
        let items: Vec<String> = (0..count).map(|at| format!("\n- {}", item(self, at))).collect();
        if items.is_empty() { "[]".to_owned() } else { items.concat() }
    }

    fn alert(&mut self, at: usize) -> String {
        let &(signal, thresholds) = self.random.one_of(SIGNALS);
        let mut fields = vec![format!("name: {}", if self.faults() { "A" } else { NAMES[at % NAMES.len()] })];
        fields.push(format!("signal: {}", self.value(&[signal])));
        fields.extend(self.thresholds(thresholds, signal.starts_with("time_to")));
        fields.extend(self.words());
        if self.random.once_in(3) {
            fields.push(format!("queues: [{}, {}]", self.value(GLOBS), self.value(GLOBS)));
        }
        if self.random.once_in(5) {
            fields.push(format!("except: [{}]", self.value(GLOBS)));
        }
        self.map(&fields)
    }

    fn thresholds(&mut self, values: &[&str], below: bool) -> Vec<String> {
        let (fires, clears) = if below { ("below", "clear_above") } else { ("above", "clear_below") };
        let mut fields = vec![match self.random.below(4) {
            0 => format!("levels: {{ warning: {}, critical: {} }}", self.value(values), self.value(values)),
            _ => format!("{fires}: {}", self.value(values)),
        }];
        if self.random.once_in(4) {
            fields.push(format!("{clears}: {}", self.value(values)));
        }
        fields
    }

    fn words(&mut self) -> Vec<String> {
        let all: [(&str, &[&str]); 5] = [
            ("for", DURATIONS),
            ("keep_firing_for", DURATIONS),
            ("severity", &["critical", "info"]),
            ("summary", SUMMARIES),
            ("runbook", &["https://example.org/runbooks"]),
        ];
        let mut fields = Vec::new();
        for (key, values) in all {
            if self.random.once_in(5) {
                fields.push(format!("{key}: {}", self.value(values)));
            }
        }
        fields
    }

    fn changes(&mut self, _: usize) -> String {
        let mut fields = vec![format!("queue: {}", self.value(GLOBS))];
        if self.random.once_in(2) {
            fields.push(format!("capacity: {}", self.value(&["1", "200", "1e3", "${A:-7}"])));
        }
        if fields.len() == 1 || self.random.once_in(2) {
            let name = *self.random.one_of(&NAMES[..3]);
            let change = match self.random.below(3) {
                0 => "off".to_owned(),
                1 => format!("{{ above: {} }}", self.value(&["0", "1", "5", "90%", "20s"])),
                _ => {
                    let words = self.words();
                    if words.is_empty() { "false".to_owned() } else { format!("{{ {} }}", words.join(", ")) }
                }
            };
            fields.push(format!("alerts: {{ {name}: {change} }}"));
        }
        self.map(&fields)
    }

    fn mute(&mut self, _: usize) -> String {
        let moments = ["2026-11-23T08:00:00Z", "2031-01-01T00:00:00.5+02:00", "1970-01-01T00:00:00Z"];
        let fields = [
            format!("queues: [{}]", self.value(GLOBS)),
            format!("until: {}", self.value(&moments)),
            format!("reason: {}", self.value(&["\"replaying\"", "why: not"])),
        ];
        let count = 2 + self.random.below(2);
        self.map(&fields[..count])
    }

    fn notify(&mut self) -> String {
        let target = "{ url: \"http://127.0.0.1:9093/x?y\", timeout: 5s, headers: { X-A: \"b ${A:-c}\" } }";
        let whole = "{ url: https://example.org, resend: 2m }";
        let fields = [
            format!("log: {}", self.value(&["true", "false"])),
            format!("labels: {{ env: {} }}", self.value(&["prod", "\"a b\"", "\"7\""])),
            format!("alertmanager: {}", self.value(&[whole])),
            format!("webhook: {}", self.value(&[target])),
        ];
        let from = self.random.below(fields.len());
        format!("{{ {} }}", fields[from..].join(", "))
    }

    /// In braces, or one a line.
    fn map(&mut self, fields: &[String]) -> String {
        if self.random.once_in(2) { format!("{{ {} }}", fields.join(", ")) } else { fields.join("\n  ") }
    }
}
