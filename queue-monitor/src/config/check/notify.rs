//! Where alerts go: addresses, headers that can be sent, labels that name nothing else.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::{Check, HOUR};
use crate::config::Notify;
use crate::config::error::{Mismatch, quoted};
use crate::config::schema::{self, Given, Span, Spot, Table, Text};
use crate::config::target::{Alertmanager, Headers, Target, Webhook};

const RESEND: RangeInclusive<Duration> = Duration::from_secs(1)..=HOUR;
const DEFAULT_RESEND: Duration = Duration::from_secs(60);
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Labels that every alert has.
const OWN_LABELS: [&str; 3] = ["alertname", "queue_name", "severity"];

/// Headers that say what the request is, and so are not the file's to say.
const OWN_HEADERS: [&str; 6] =
    ["content-length", "content-type", "connection", "host", "transfer-encoding", "user-agent"];

impl Check<'_> {
    pub(super) fn notify(&mut self, given: &Given<schema::Notify>) -> Notify {
        let Some((_, notify)) = given.read() else { return Notify::default() };
        Notify {
            log: notify.log.read().is_none_or(|(_, flag)| flag.0),
            labels: self.labels(&notify.labels),
            alertmanager: self.alertmanager(&notify.alertmanager),
            webhook: self.webhook(&notify.webhook),
            inhibit_upstream: notify.inhibit_upstream.read().is_some_and(|(_, flag)| flag.0),
        }
    }

    fn alertmanager(&mut self, given: &Given<schema::Alertmanager>) -> Option<Alertmanager> {
        let (spot, one) = given.read()?;
        let resend = self.within(&one.resend, &RESEND, None).unwrap_or(DEFAULT_RESEND);
        let target = self.target(spot, &one.url, &one.timeout, &one.headers, "`url: \"http://127.0.0.1:9093\"`")?;
        Some(Alertmanager { target, resend })
    }

    fn webhook(&mut self, given: &Given<schema::Webhook>) -> Option<Webhook> {
        let (spot, one) = given.read()?;
        let target = self.target(spot, &one.url, &one.timeout, &one.headers, "`url: \"https://example.org/hook\"`")?;
        Some(Webhook { target })
    }

    fn target(
        &mut self,
        spot: &Spot,
        url: &Given<schema::Url>,
        timeout: &Given<Span>,
        headers: &Given<Table<Text>>,
        example: &str,
    ) -> Option<Target> {
        if url.is_absent() {
            self.missing(spot, "url", example);
        }
        let timeout = self.within(timeout, &TIMEOUT, None).unwrap_or(DEFAULT_TIMEOUT);
        let headers = self.headers(headers);
        let (_, schema::Url(url)) = url.read()?;
        Some(Target { url: url.clone(), timeout, headers })
    }

    fn labels(&mut self, given: &Given<Table<Text>>) -> Vec<(Arc<str>, Arc<str>)> {
        let rows = given.read().map_or(&[][..], |(_, table)| &table.0);
        let mut labels = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let Some((spot, Text(name))) = key.read() else { continue };
            let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !letters || name.is_empty() || name.starts_with("__") || name.starts_with(|c: char| c.is_ascii_digit()) {
                let accepted = "letters of English, digits and `_`, with no digit first and no `__`";
                self.refuse(spot, Mismatch::new("not the name of a label", quoted(name), accepted));
            } else if OWN_LABELS.contains(&name.as_str()) {
                let accepted = format!("any name but {}", OWN_LABELS.join(", "));
                self.refuse(spot, Mismatch::new("every alert has a label of this name", quoted(name), accepted));
            }
            let value = self.line(value, "not the value of a label");
            labels.extend(value.map(|value| (name.as_str().into(), value)));
        }
        // Labels are a set: their order is that of Prometheus.
        labels.sort();
        labels
    }

    fn headers(&mut self, given: &Given<Table<Text>>) -> Headers {
        const SIGNS: &[u8] = b"!#$%&'*+-.^_`|~";
        let rows = given.read().map_or(&[][..], |(_, table)| &table.0);
        let mut headers: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let Some((spot, Text(name))) = key.read() else { continue };
            let lower = name.to_ascii_lowercase();
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || SIGNS.contains(&b)) {
                let accepted = "a name such as Authorization";
                self.refuse(spot, Mismatch::new("not the name of a header", quoted(name), accepted));
            } else if OWN_HEADERS.contains(&lower.as_str()) {
                let accepted = format!("any name but {}", OWN_HEADERS.join(", "));
                self.refuse(spot, Mismatch::new("the request has this header already", quoted(name), accepted));
            } else if headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                let accepted = "each header once; capitals make no difference";
                self.refuse(spot, Mismatch::new("a second header of this name", quoted(name), accepted));
            }
            let Some((spot, Text(value))) = value.read() else { continue };
            if !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') || value.trim() != value {
                // Not what was found: it may be a password.
                let hint = "found what cannot be sent in a header; accepted: visible letters of English, digits and \
                            signs, without spaces around them";
                self.refuse(spot, Mismatch::told("not the value of a header", hint));
            }
            headers.push((name.as_str().into(), value.as_str().into()));
        }
        Headers::new(headers)
    }
}
