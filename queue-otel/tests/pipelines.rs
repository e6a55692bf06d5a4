//! Pipelines: an item's way through the stages is one trace, although the pipeline knows nothing of OpenTelemetry.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::time::Duration;

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;
use queue_otel::Spans;
use queue_pipeline::{Batch, CancellationToken, Capacity, Pipeline, Skip, Workers};
use support::{Traced, attribute, ids, linked};

const BATCH: Batch = Batch { max: 4, linger: Duration::from_millis(1) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_items_way_through_the_stages_is_one_trace_and_a_batch_is_linked_with_it() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    Pipeline::named("p")
        .registry(&traced.registry)
        .source(0..20)
        .stage("load", Workers(3), Capacity(4), |number: u32| async move {
            if number == 13 { Err(format!("no page {number}")) } else { Ok(number) }
        })
        .on_error(Skip)
        .stage("read", Workers(2), Capacity(4), |number| async move { Ok(number) })
        .on_threads()
        .sink_batch("keep", Workers(1), Capacity(4), BATCH, |_: Vec<u32>| async { Ok(()) })
        .run(CancellationToken::new())
        .await
        .unwrap();
    let (loads, works) = (traced.named("put p.load"), traced.named("process p.load"));
    assert_eq!((loads.len(), works.len()), (20, 20));
    let failed: Vec<_> = works.iter().filter(|work| work.status != Status::Unset).collect();
    assert_eq!(failed.iter().map(|work| work.status.clone()).collect::<Vec<_>>(), [Status::error("no page 13")]);
    let batches = traced.named("process p.keep");
    for put in traced.named("put p.keep") {
        let read = traced.named("process p.read").into_iter().find(|read| ids(read).1 == put.parent_span_id).unwrap();
        let handed = traced.named("put p.read").into_iter().find(|put| ids(put).1 == read.parent_span_id).unwrap();
        let load = works.iter().find(|load| ids(load).1 == handed.parent_span_id).unwrap();
        let first = loads.iter().find(|put| ids(put).1 == load.parent_span_id).unwrap();
        assert_eq!(first.parent_span_id, SpanId::INVALID);
        for span in [&read, &handed, load, first] {
            assert_eq!(ids(span).0, ids(&put).0, "one trace");
        }
        // A batch of one is a single item: a child of its put.
        let has = |batch: &&SpanData| batch.parent_span_id == ids(&put).1 || linked(batch).contains(&ids(&put));
        assert_eq!(batches.iter().filter(has).count(), 1);
    }
    let sizes = batches.iter().map(|batch| match attribute(batch, "queue.batch.size") {
        Some(opentelemetry::Value::I64(size)) => size,
        _ => 1,
    });
    assert_eq!(sizes.sum::<i64>(), 19);
}
