//! The page itself, written straight from the table.
//!
//! With thousands of queues the types of the `prometheus` crate are most of the cost of a page: an object for each
//! point and three allocations for each of its labels, to be thrown away as soon as they are text. Here a point is
//! copied to the end of the page, and nothing is made for it. That both ways give the same page is tested.

use std::fmt::Write;

use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution, Kind, Labels, MEASURES, Measure, QUEUE, View};

use super::escaped::{Escaped, escape};
use crate::distributions::{Counted, Reading};

/// Writes the page into a buffer that has room for `guess` bytes at first.
pub(super) fn page(view: &View<'_>, counted: Option<&Counted>, guess: usize) -> String {
    let (mut page, mut names) = (String::with_capacity(guess), Escaped::of(view.families));
    MEASURES.iter().for_each(|measure| write_measure(&mut page, measure, view, &mut names));
    if let Some(counted) = counted {
        (0..DISTRIBUTIONS.len()).for_each(|place| write_distribution(&mut page, place, view, counted, &names));
    }
    page
}

fn write_measure(page: &mut String, measure: &Measure, view: &View<'_>, names: &mut Escaped<'_>) {
    let kind = match measure.kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
    };
    let (name, before) = (measure.prometheus_name(), page.len());
    header(page, &name, measure.help, kind);
    let after = page.len();
    measure.read(view, &mut |labels, value| {
        page.push_str(&name);
        write_labels(page, labels, names);
        page.push(' ');
        write_number(page, value);
        page.push('\n');
    });
    if page.len() == after {
        // A metric without points has no header: the format knows no empty one.
        page.truncate(before);
    }
}

fn write_distribution(page: &mut String, place: usize, view: &View<'_>, counted: &Counted, names: &Escaped<'_>) {
    let (row, lines) = (&DISTRIBUTIONS[place], Lines::of(&DISTRIBUTIONS[place], counted.bounds(place)));
    let before = page.len();
    header(page, &lines.name, row.help, "histogram");
    let after = page.len();
    for (at, family) in view.families.iter().enumerate() {
        if let Some(reading) = counted.read(place, family) {
            lines.write(page, names.at(at), &reading);
        }
    }
    if page.len() == after {
        page.truncate(before);
    }
}

/// What is alike in the lines of all histograms of a row.
struct Lines {
    name: String,
    /// The start of each bucket's line, up to the queue's name.
    start: String,
    /// The rest of it up to the number, for each bound.
    bounds: Vec<String>,
    sum: String,
    count: String,
}

impl Lines {
    fn of(row: &Distribution, bounds: &[f64]) -> Self {
        let (name, label) = (row.prometheus_name(), QUEUE);
        let start_of = |part| format!("{name}_{part}{{{label}=\"");
        let bound = |bound: String| format!("\",le=\"{bound}\"}} ");
        let infinite = "+Inf".to_owned();
        Self {
            start: start_of("bucket"),
            bounds: bounds.iter().map(ToString::to_string).chain([infinite]).map(bound).collect(),
            sum: start_of("sum"),
            count: start_of("count"),
            name,
        }
    }

    /// Writes the histogram of the queue whose escaped name is `queue`.
    fn write(&self, page: &mut String, queue: &str, reading: &Reading) {
        for (bound, up_to) in self.bounds.iter().zip(&reading.up_to) {
            page.push_str(&self.start);
            page.push_str(queue);
            page.push_str(bound);
            write_whole(page, *up_to);
            page.push('\n');
        }
        page.push_str(&self.sum);
        page.push_str(queue);
        page.push_str("\"} ");
        write_number(page, reading.sum);
        page.push('\n');
        page.push_str(&self.count);
        page.push_str(queue);
        page.push_str("\"} ");
        write_whole(page, reading.count());
        page.push('\n');
    }
}

/// The help texts of the table are plain: nothing in them has to be escaped.
fn header(page: &mut String, name: &str, help: &str, kind: &str) {
    for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"] {
        page.push_str(part);
    }
}

fn write_labels(page: &mut String, labels: &Labels<'_>, names: &mut Escaped<'_>) {
    let mut separator = '{';
    for (name, value) in labels {
        page.push(separator);
        page.push_str(name);
        page.push_str("=\"");
        if *name == QUEUE {
            names.write(page, value);
        } else {
            escape(page, value);
        }
        page.push('"');
        separator = ',';
    }
    if !labels.is_empty() {
        page.push('}');
    }
}

/// Nearly all numbers are whole, and those are written several times faster.
fn write_number(page: &mut String, value: f64) {
    /// Below it every whole number is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "asked for below")]
    #[allow(clippy::cast_precision_loss, reason = "below that bound there is none")]
    let whole = Some(value as u64).filter(|whole| value < EXACT && *whole as f64 == value);
    if let Some(whole) = whole {
        write_whole(page, whole);
    } else if value.is_finite() || value.is_nan() {
        write!(page, "{value}").expect("a String takes all");
    } else {
        page.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
}

fn write_whole(page: &mut String, number: u64) {
    if number < 10 {
        page.push(char::from(b'0' + u8::try_from(number).expect("a digit")));
    } else {
        write!(page, "{number}").expect("a String takes all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_so_that_they_are_read_back_as_they_were() {
        let numbers = [
            0.0,
            9.0,
            10.0,
            123_456_789.0,
            9_007_199_254_740_991.0,
            9_007_199_254_740_992.0,
            1e21,
            1e300,
            0.5,
            1e-9,
            0.1 + 0.2,
            -3.0,
            -0.25,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        for number in numbers {
            let mut page = String::new();
            write_number(&mut page, number);
            assert_eq!(page.parse(), Ok(number), "{page}");
        }
        let mut page = String::new();
        write_number(&mut page, f64::NAN);
        assert_eq!(page, "NaN");
    }

    #[test]
    fn the_tables_help_texts_need_no_escaping() {
        let helps = MEASURES.iter().map(|row| row.help).chain(DISTRIBUTIONS.iter().map(|row| row.help));
        for help in helps {
            assert!(!help.contains(['\\', '\n']), "{help:?}");
        }
    }
}
