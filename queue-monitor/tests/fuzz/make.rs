//! Files that the loader is tried with: by a grammar, from the corpus with damage, and from the pieces of YAML.

use super::Random;

const GOOD: &str = include_str!("../config_good.yaml");
const SHIPPED: &str = include_str!("../../../examples/src/bin/crawl/queues.yaml");
const CORPUS: &str = include_str!("../config_errors.txt");

/// Of these, YAML is made.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "\n",
    "\n  ",
    "\n- ",
    "\t",
    "\r",
    "\r\n",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "#",
    " # ",
    "&a ",
    "*a",
    "!t ",
    "!!str ",
    "|",
    "|-\n",
    ">",
    ">\n",
    "? ",
    "%",
    "%YAML 1.2\n",
    "<<: ",
    "---\n",
    "...\n",
    "~",
    "0",
    "0x10",
    "0o7",
    "1e3",
    ".nan",
    "-.inf",
    "é",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{0}",
    "\u{1b}",
    "${",
    "${A:-5s}",
    "$$",
    "\\",
    "\\u0041",
    "\\x00",
    "@",
    "`",
];

/// Values right and wrong, of every type.
const VALUES: &[&str] = &[
    "5ms",
    "10s",
    "1m30s",
    "1h",
    "0s",
    "366d",
    "-1s",
    "1s1s",
    "1.5s",
    "5 s",
    "5S",
    "99999999999999999999d",
    "80%",
    "0.8",
    "0%",
    "100%",
    "101%",
    "90",
    "-5%",
    "1e-9",
    "1e400",
    ".inf",
    ".nan",
    "0",
    "1",
    "5",
    "-3",
    "18446744073709551616",
    "3.5",
    "007",
    "0x1f",
    "1_000",
    "true",
    "false",
    "off",
    "on",
    "yes",
    "no",
    "~",
    "null",
    "",
    "\"\"",
    "''",
    "\"5s\"",
    "'80%'",
    "utilization",
    "utilization_peak",
    "depth",
    "depth_peak",
    "unfinished",
    "oldest_age",
    "longest_put_wait",
    "dwell",
    "stalled",
    "put_rate",
    "get_rate",
    "drop_rate",
    "reject_rate",
    "growth",
    "blocked_ratio",
    "failed_ratio",
    "time_to_full",
    "time_to_empty",
    "utilisation",
    "Depth",
    "warning",
    "critical",
    "two words",
    "\"{queue} is {value}\"",
    "\"{queu}\"",
    "\"{\"",
    "\"}}{{\"",
    "\"*\"",
    "\"crawl.*\"",
    "\"[a-z]*\"",
    "\"[z-a]\"",
    "\"[\"",
    "\"?\"",
    "a",
    "b",
    "'é'",
    "127.0.0.1:9464",
    "\"[::1]:80\"",
    "localhost:80",
    "127.0.0.1",
    "\"0.0.0.0:0\"",
    "http://a",
    "https://a:1/b?c=d",
    "ftp://a",
    "http://user@a",
    "http://a#b",
    "\"http://[::1]:9\"",
    "2026-11-23T08:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-23T08:00:00+01:00",
    "2026-11-23",
    "samples.jsonl",
    "a/",
    "\"a\\u0000b\"",
    "\"\\n\"",
    "${A}",
    "${A:-5s}",
    "${A:-5}",
    "\"${A:-80%}\"",
    "\"$${A}\"",
    "${",
    "{}",
    "[]",
    "[a]",
    "{ a: 1 }",
    "[[[[]]]]",
    "&x 5s",
    "*x",
    "!!str 5",
    "|\n    text",
    ">-\n    folded\n    text",
];

/// The keys of the file: where each stands, and what it takes. `$` is an indented map of more of them, `@` a list.
const TOP: &[(&str, &[&str])] = &[
    ("tick", DURATIONS),
    ("interval", DURATIONS),
    ("saturation", SHARES),
    ("peak_window", DURATIONS),
    ("alerts", &["@alert"]),
    ("overrides", &["@override"]),
    ("mute", &["@mute"]),
    ("notify", &["$notify"]),
    ("record", &["samples.jsonl", "\"a b\""]),
    ("prometheus", &["{ scrape_interval: 15s }", "{ scrape_interval: 1h }"]),
    ("http", &["{ listen: 127.0.0.1:9464 }", "{ listen: \"[::]:0\" }"]),
];
const DURATIONS: &[&str] = &["5ms", "50ms", "1s", "10s", "1m", "1m30s", "20m", "${A:-2s}"];
const SHARES: &[&str] = &["80%", "0.8", "99.5%", "0", "1", "${A:-7%}"];
const GLOBS: &[&str] = &["\"*\"", "\"crawl.*\"", "crawl.parse", "\"[!a-c]?*\"", "\"*.*.x\"", "a", "\"é*\""];
const SUMMARIES: &[&str] = &[
    "\"{queue} is {value} full\"",
    "plain",
    "'{{{depth}/{capacity}}} {eta} {oldest}'",
    "\"$${x: {threshold}\"",
    "\"\\\"\\u00e9 🦀\"",
];
const SIGNALS: &[(&str, &[&str])] = &[
    ("utilization", SHARES),
    ("utilization_peak", SHARES),
    ("blocked_ratio", SHARES),
    ("failed_ratio", SHARES),
    ("depth", NUMBERS),
    ("growth", &["-5", "0", "3.5", "1e3"]),
    ("drop_rate", NUMBERS),
    ("put_rate", NUMBERS),
    ("unfinished", NUMBERS),
    ("oldest_age", DURATIONS),
    ("stalled", DURATIONS),
    ("dwell", DURATIONS),
    ("time_to_full", DURATIONS),
    ("time_to_empty", DURATIONS),
];
const NUMBERS: &[&str] = &["0", "1", "2.5", "100", "1e6", "${A:-12}"];
const NAMES: &[&str] = &["A", "B", "\"Full: 'x'\"", "Überfüllt", "C1", "\"$5\""];

/// Makes one file after the other.
pub(crate) struct Maker {
    random: Random,
    seeds: Vec<String>,
    /// How far a value of the grammar is likely to be one that does not belong there: once in so many.
    fault: usize,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        let cases = CORPUS.split("\n----\n").filter(|case| !case.is_empty()).map(|case| {
            let case = if case.starts_with("#### ") { case.split_once('\n').unwrap().1 } else { case };
            let written = &case[..case.find("\n=> ").unwrap()];
            let signs = [("<TAB>", "\t"), ("<CR>", "\r"), ("<BOM>", "\u{feff}"), ("<BEL>", "\u{7}")];
            signs.iter().fold(written.to_owned(), |text, (sign, c)| text.replace(sign, c))
        });
        let seeds = [GOOD.to_owned(), SHIPPED.to_owned()].into_iter().chain(cases).collect();
        Self { random: Random::new(seed), seeds, fault: 30 }
    }

    pub(crate) fn next(&mut self) -> String {
        match self.random.below(16) {
            0 => self.soup(),
            1..=3 => {
                let text = self.seed();
                self.damaged(text)
            }
            4..=5 => {
                let text = self.seed();
                self.rearranged(&text)
            }
            6..=7 => {
                let text = self.seed();
                self.revalued(&text)
            }
            8..=9 => {
                let text = self.grown();
                self.damaged(text)
            }
            10 => {
                let text = self.grown();
                let text = self.revalued(&text);
                self.rearranged(&text)
            }
            _ => self.grown(),
        }
    }

    /// One of the corpus; the long ones are not the only ones worth it.
    fn seed(&mut self) -> String {
        let at = if self.random.once_in(8) { self.random.below(2) } else { self.random.below(self.seeds.len()) };
        self.seeds[at].clone()
    }

    /// What YAML is made of, in no order.
    fn soup(&mut self) -> String {
        (0..=self.random.below(12)).map(|_| *self.random.one_of(PIECES)).collect()
    }

    /// One to four places are damaged: a character is gone, pieces are put in, the end is gone, a part is there twice.
    fn damaged(&mut self, text: String) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.random.below(4) {
            if chars.is_empty() {
                break;
            }
            let at = self.random.below(chars.len());
            match self.random.below(6) {
                0 => drop(chars.remove(at)),
                1 => drop(chars.splice(at..at, self.random.one_of(PIECES).chars())),
                2 if self.random.once_in(3) => chars.truncate(at + 1),
                3 => chars[at] = char::from(b' ' + u8::try_from(self.random.below(95)).unwrap()),
                4 => {
                    let other = self.random.below(chars.len());
                    chars.swap(at, other);
                }
                _ => {
                    let (from, length) = (self.random.below(chars.len()), self.random.below(40));
                    let copied: Vec<char> = chars.iter().skip(from).take(length).copied().collect();
                    chars.splice(at..at, copied);
                }
            }
        }
        chars.into_iter().collect()
    }

    /// Lines are left out, doubled, moved, indented otherwise, or come from another file.
    fn rearranged(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for _ in 0..=self.random.below(3) {
            if lines.is_empty() {
                break;
            }
            let at = self.random.below(lines.len());
            match self.random.below(5) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => {
                    let other = self.random.below(lines.len());
                    lines.swap(at, other);
                }
                3 if self.random.once_in(2) => lines[at].insert_str(0, "  "),
                3 => lines[at] = lines[at].trim_start().to_owned(),
                _ => {
                    let other = self.seed();
                    let others: Vec<&str> = other.lines().collect();
                    if !others.is_empty() {
                        let from = self.random.below(others.len());
                        let taken = others[from..].iter().take(1 + self.random.below(6)).map(|&line| line.to_owned());
                        lines.splice(at..at, taken.collect::<Vec<_>>());
                    }
                }
            }
        }
        lines.join("\n")
    }

    /// A value behind a `: ` is another one.
    fn revalued(&mut self, text: &str) -> String {
        let values: Vec<usize> = text.match_indices(": ").map(|(at, _)| at + 2).collect();
        if values.is_empty() {
            return self.soup();
        }
        let begin = *self.random.one_of(&values);
        let end = text[begin..].find(['\n', ',', '}', ']']).map_or(text.len(), |length| begin + length);
        format!("{}{}{}", &text[..begin], self.random.one_of(VALUES), &text[end..])
    }

    /// By the grammar, with a fault now and then.
    fn grown(&mut self) -> String {
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
