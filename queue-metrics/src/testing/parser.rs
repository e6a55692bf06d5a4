//! A reader of the text format that shares nothing with the writer: it takes what the format's description allows
//! and refuses everything else.

use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// A page, read.
#[derive(Debug, Default)]
pub(crate) struct Page {
    metrics: BTreeMap<String, Vec<(Labels, f64)>>,
}

impl Page {
    #[cfg(feature = "prometheus")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().map(String::as_str)
    }

    pub(crate) fn value(&self, metric: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.points(metric).iter().find(|(has, _)| *has == labels).map(|(_, value)| *value)
    }

    pub(crate) fn has(&self, metric: &str, label: &str, value: &str) -> bool {
        self.points(metric).iter().any(|(labels, _)| labels.get(label).is_some_and(|has| has == value))
    }

    #[cfg(feature = "prometheus")]
    pub(crate) fn label_sets(&self, metric: &str) -> BTreeSet<Vec<&String>> {
        self.points(metric).iter().map(|(labels, _)| labels.keys().collect()).collect()
    }

    pub(crate) fn points(&self, metric: &str) -> &[(Labels, f64)] {
        self.metrics.get(metric).map_or(&[], Vec::as_slice)
    }
}

/// Reads a page: for each metric one HELP, one TYPE, then its points, at least one, no two with the same labels.
pub(crate) fn parse(text: &str) -> Result<Page, String> {
    let mut page = Page::default();
    let mut seen = BTreeSet::new();
    let mut lines = text.strip_suffix('\n').ok_or("the last line does not end")?.split('\n').peekable();
    while let Some(line) = lines.next() {
        let name = header(line, "# HELP ")?.0;
        let kind = header(lines.next().unwrap_or_default(), "# TYPE ")?;
        let parts: &[&str] = match kind.1 {
            "gauge" | "counter" if kind.0 == name => &[""],
            "histogram" if kind.0 == name => &["_bucket", "_sum", "_count"],
            _ => return Err(format!("HELP of {name} is followed by TYPE of {} {}", kind.0, kind.1)),
        };
        let mut points = vec![Vec::new(); parts.len()];
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (part, (labels, value)) = point_of(name, parts, line).map_err(|error| format!("{error}: {line}"))?;
            if !seen.insert((name, part, labels.clone())) {
                return Err(format!("twice: {line}"));
            }
            points[part].push((labels, value));
        }
        if let [buckets, sums, counts] = &points[..] {
            whole(buckets, sums, counts).map_err(|error| format!("{name}: {error}"))?;
        }
        for (part, points) in parts.iter().zip(points) {
            if points.is_empty() || page.metrics.insert(format!("{name}{part}"), points).is_some() {
                return Err(format!("{name}{part} has no points, or comes twice"));
            }
        }
    }
    Ok(page)
}

/// Which part of a metric a line is a point of, and that point.
fn point_of(name: &str, parts: &[&str], line: &str) -> Result<(usize, (Labels, f64)), String> {
    let rest = line.strip_prefix(name).ok_or_else(|| format!("not a {name}"))?;
    let of_part = |(at, part): (usize, &&str)| {
        let rest = rest.strip_prefix(part)?;
        rest.starts_with(['{', ' ']).then_some((at, rest))
    };
    let (part, rest) = parts.iter().enumerate().find_map(of_part).ok_or_else(|| format!("not a part of {name}"))?;
    Ok((part, point(rest)?))
}

/// Each histogram has buckets that rise to the infinite one, which has all of them, a sum and a count.
fn whole(buckets: &[(Labels, f64)], sums: &[(Labels, f64)], counts: &[(Labels, f64)]) -> Result<(), String> {
    let mut left = buckets;
    for (labels, count) in counts {
        let own = |(bucket, _): &(Labels, f64)| bucket.iter().filter(|(name, _)| *name != "le").eq(labels);
        let (these, others) = left.split_at(left.iter().take_while(|bucket| own(bucket)).count());
        left = others;
        let up_to = |(bucket, up_to): &(Labels, f64)| Some((bucket.get("le")?.parse::<f64>().ok()?, *up_to));
        let these = these.iter().map(up_to).collect::<Option<Vec<_>>>().ok_or("a bucket without a bound")?;
        let rise = these.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        if !rise || these.last() != Some(&(f64::INFINITY, *count)) || !sums.iter().any(|(sum, _)| sum == labels) {
            return Err(format!("the histogram of {labels:?} is not whole: {these:?}"));
        }
    }
    if left.is_empty() && sums.len() == counts.len() { Ok(()) } else { Err("buckets or sums of nobody".to_owned()) }
}

fn header<'a>(line: &'a str, start: &str) -> Result<(&'a str, &'a str), String> {
    let (name, rest) =
        line.strip_prefix(start).and_then(|rest| rest.split_once(' ')).ok_or(format!("no {start}: {line}"))?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') || rest.is_empty() {
        return Err(format!("not a header: {line}"));
    }
    Ok((name, rest))
}

/// `{a="b",c="d"} 1` or ` 1`, after the name.
fn point(rest: &str) -> Result<(Labels, f64), String> {
    let mut labels = Labels::new();
    let mut rest = rest;
    if let Some(mut open) = rest.strip_prefix('{') {
        loop {
            let (name, after) = open.split_once("=\"").ok_or("a label without a value")?;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                return Err(format!("not a label: {name:?}"));
            }
            let (value, after) = quoted(after)?;
            labels.insert(name.to_owned(), value);
            if let Some(after) = after.strip_prefix('}') {
                rest = after;
                break;
            }
            open = after.strip_prefix(',').ok_or("labels end neither with , nor with }")?;
        }
    }
    let value = rest.strip_prefix(' ').ok_or("no space before the value")?;
    Ok((labels, value.parse().map_err(|error| format!("{error}"))?))
}

/// The text up to the closing quote, unescaped, and what comes after it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match chars.next().map(|(_, c)| c) {
                Some('n') => '\n',
                Some(same @ ('"' | '\\')) => same,
                other => return Err(format!("an escape that the format does not know: {other:?}")),
            }),
            plain => value.push(plain),
        }
    }
    Err("a quote that does not close".to_owned())
}

#[test]
fn the_parser_refuses_what_would_break_a_scrape() {
    let header = "# HELP a x\n# TYPE a gauge\n";
    for broken in [
        "a{b=\"c\"d\"} 1\n",
        "a{b=\"c\\d\"} 1\n",
        "a{b=\"c\nd\"} 1",
        "a{b=\"c\"} 1\na{b=\"c\"} 1\n",
        "a{b=\"c\"}1\n",
        "a{b=\"c\"} one\n",
        "b 1\n",
        "\n",
        "",
    ] {
        let page = format!("{header}{broken}");
        parse(&page).expect_err(&page);
    }
    for broken in [
        "a_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n",
        "a_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
        "a_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "a_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\na_bucket{le=\"+Inf\",b=\"c\"} 1\n",
        "a_bucket{le=\"+Inf\"} 1\na_count 1\n",
    ] {
        let page = format!("# HELP a x\n# TYPE a histogram\n{broken}");
        parse(&page).expect_err(&page);
    }
    let good = "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 2\n";
    assert_eq!(parse(good).expect("fine").value("a_count", &[]), Some(2.0));
    parse("a 1\n").expect_err("points without a header");
    assert_eq!(parse(&format!("{header}a{{b=\"c\\n\\\"\\\\\"}} 1\n")).expect("fine").points("a")[0].0["b"], "c\n\"\\");
}
