//! What somebody sees who collects traces and metrics of the example with a real receiver of OTLP, and that nobody has to
//! wait for one that is not there.

mod support;

#[path = "support/otlp.rs"]
mod otlp;

use std::collections::BTreeSet;
use std::net::TcpListener;

use otlp::{Received, Receiver, Span};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Kind, MEASURES, Unit};
use support::{ClosedPort, Workplace};

const QUEUES: [&str; 3] = ["crawl.download", "crawl.parse", "crawl.store"];
const PAGES: u32 = 60;

/// Crawls pages, slowly enough for queues to fill, and exports to `endpoint`.
fn crawl(place: &Workplace, endpoint: &str) -> support::Outcome {
    place.write_pages(PAGES as usize);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_METRIC_EXPORT_INTERVAL", "100")];
    place.crawl_with(&variables, &["pages", "--slow-store", "50ms"])
}

#[test]
fn a_receiver_gets_each_items_way_as_one_trace_and_every_instrument() {
    let place = Workplace::new();
    let receiver = Receiver::start(&place.path(""));
    let outcome = crawl(&place, &receiver.endpoint());
    outcome.assert_good();
    assert_eq!(outcome.counts(), (u64::from(PAGES), u64::from(PAGES), 0));
    assert!(!outcome.stderr.contains("telemetry may be incomplete"), "{outcome}");
    let received = receiver.received(|received| {
        let batches = |span: &&Span| span.name() == "process crawl.store";
        let items = |span: &Span| span.links().len().max(1);
        let stored: usize = received.spans.iter().filter(batches).map(items).sum();
        let puts = received.last("queue.put");
        stored == PAGES as usize && puts.len() == QUEUES.len() && puts.iter().all(|(_, put)| *put >= f64::from(PAGES))
    });
    of_spans(&received.spans);
    of_metrics(&received);
}

/// Each page is one trace, from stage to stage; the batches that store them are linked with it.
fn of_spans(spans: &[Span]) {
    let named = |name: String| spans.iter().filter(move |span| span.name() == name).collect::<Vec<_>>();
    let find = |ids| spans.iter().find(|span| span.ids() == ids).unwrap_or_else(|| panic!("{ids:?} is missing"));
    for queue in QUEUES {
        let (puts, works) = (named(format!("put {queue}")), named(format!("process {queue}")));
        assert_eq!(puts.len(), PAGES as usize, "{queue}");
        assert!(puts.iter().all(|put| put.kind() == 4) && works.iter().all(|work| work.kind() == 5), "{queue}");
        let mut worked_on = BTreeSet::new();
        for work in &works {
            let from: Vec<_> = match work.parent() {
                // One item: a child of its put.
                Some(put) => vec![find(put)],
                // A batch: linked with each of its puts.
                None => work.links().into_iter().map(find).collect(),
            };
            for put in &from {
                assert_eq!(put.name(), format!("put {queue}"));
                assert!(worked_on.insert(put.ids()), "{put:?} was worked on twice");
            }
            of_work(work, &from, queue);
        }
        assert_eq!(worked_on.len(), puts.len(), "{queue}: every item was worked on");
    }
    // From stage to stage.
    for (behind, before) in [(1, 0), (2, 1)] {
        for put in named(format!("put {}", QUEUES[behind])) {
            let work = find(put.parent().unwrap_or_else(|| panic!("{put:?} has no parent")));
            assert_eq!((work.name(), work.is_error()), (format!("process {}", QUEUES[before]).as_str(), false));
        }
    }
    // The program's own spans, by way of `tracing`.
    let fetches = named("fetch".to_owned());
    assert_eq!(fetches.len(), PAGES as usize);
    for fetch in fetches {
        assert_eq!(find(fetch.parent().unwrap_or_else(|| panic!("{fetch:?}"))).name(), "process crawl.download");
    }
}

/// What a process span says is what can be told from the times of the spans around it.
fn of_work(work: &Span, from: &[&Span], queue: &str) {
    assert_eq!(work.attribute("queue.name").as_deref(), Some(queue));
    assert_eq!(work.attribute("queue.kind").as_deref(), Some("fifo"));
    assert_eq!(work.attribute("queue.outcome").as_deref(), Some("ok"));
    if from.len() > 1 {
        assert_eq!(work.attribute("queue.batch.size"), Some(from.len().to_string()));
    }
    for put in from {
        assert!(put.attribute("queue.depth").is_some() && put.attribute("queue.handoff").is_some(), "{put:?}");
    }
    // The item came in after its put began, and was got before its work did. The clocks are two; they differ by little.
    let longest = from.iter().map(|put| work.times().0 - put.times().0).fold(0.0, f64::max);
    let dwell: f64 = work.attribute("queue.dwell").unwrap_or_else(|| panic!("{work:?}")).parse().expect("a number");
    assert!(dwell > 0.0 && dwell <= longest + 0.01, "it dwelt {dwell} of {longest} s");
}

/// Every row of the table, as it is described there.
fn of_metrics(received: &Received) {
    let metrics = &received.metrics;
    for row in MEASURES {
        let received = metrics.get(row.name).unwrap_or_else(|| panic!("{} was not received", row.name));
        for metric in received {
            let kind = if row.kind == Kind::Counter { "sum" } else { "gauge" };
            assert_eq!((metric.kind(), &metric.0["unit"]), (kind, &unit(row.unit).into()), "{}", row.name);
            assert_eq!(metric.0["description"], row.help);
            assert!(kind == "gauge" || metric.0["sum"]["isMonotonic"] == true, "{}", row.name);
        }
    }
    for row in DISTRIBUTIONS {
        let received = metrics.get(row.name).unwrap_or_else(|| panic!("{} was not received", row.name));
        let last = &received[received.len() - 1];
        assert_eq!((last.kind(), &last.0["unit"]), ("histogram", &unit(row.unit).into()), "{}", row.name);
        assert_eq!(last.0["histogram"]["dataPoints"][0]["explicitBounds"], serde_json::json!(row.bounds));
    }
    let values = |name: &str, key: &str| {
        received
            .last(name)
            .into_iter()
            .filter_map(|(attributes, _)| attributes.get(key).cloned())
            .collect::<BTreeSet<_>>()
    };
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    for name in ["queue.put", "queue.depth_time", "queue.waits", "queue.dropped", "queue.done", "queue.dwell"] {
        assert_eq!(values(name, "queue.name"), set(&QUEUES), "{name}");
    }
    assert_eq!(values("queue.waits", "side"), set(&["put", "get"]));
    assert_eq!(values("queue.dropped", "reason"), set(&["oldest", "newest", "shutdown"]));
    assert_eq!(values("queue.done", "outcome"), set(&["ok", "failed", "abandoned"]));
    assert_eq!(values("queue.stage", "state"), set(&["starved", "busy", "blocked"]));
    for (attributes, put) in received.last("queue.put") {
        assert!((put - f64::from(PAGES)).abs() < 0.5, "{attributes:?}: {put}");
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "{count}",
        Unit::Seconds => "s",
        Unit::Ratio => "1",
    }
}

#[test]
fn a_receiver_that_cannot_be_reached_loses_no_item_and_is_told_of() {
    let place = Workplace::new();
    let nobody = ClosedPort::new();
    let outcome = crawl(&place, &format!("http://{nobody}"));
    outcome.assert_good();
    assert_eq!(outcome.counts(), (u64::from(PAGES), u64::from(PAGES), 0));
    assert!(outcome.stderr.contains("telemetry may be incomplete"), "{outcome}");
}

#[test]
fn a_receiver_that_never_answers_loses_no_item_and_is_told_of() {
    let place = Workplace::new();
    // The system takes the connections, and nobody ever reads what comes.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let address = silent.local_addr().expect("it is bound");
    let outcome = crawl(&place, &format!("http://{address}"));
    outcome.assert_good();
    assert_eq!(outcome.counts(), (u64::from(PAGES), u64::from(PAGES), 0));
    assert!(outcome.stderr.contains("telemetry may be incomplete"), "{outcome}");
}

#[test]
fn a_variable_that_nobody_understands_is_an_error_that_names_it() {
    let place = Workplace::new();
    place.write_pages(1);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_TRACES_SAMPLER", "sometimes")];
    place.crawl_with(&variables, &["pages"]).assert_bad(&["OTEL_TRACES_SAMPLER", "`sometimes`", "always_on"]);
}
