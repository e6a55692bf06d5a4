//! What went wrong, as spans tell it: errors, panics, work that was given up, puts that came to nothing.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::convert::Infallible;
use std::time::Duration;

use opentelemetry::trace::Status;
use queue_core::{Overflow, PutError, Shutdown};
use queue_otel::{InSpan, Spans};
use support::{Traced, attribute};

#[tokio::test]
async fn an_error_fails_the_item_and_its_span_and_says_why() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let worked = queue.receive().await.unwrap().in_span(async |_: &mut i32| Err::<(), _>("no such page")).await;
    assert_eq!(worked, Err("no such page"));
    let process = traced.span("process jobs");
    assert_eq!(process.status, Status::error("no such page"));
    assert_eq!(attribute(&process, "queue.outcome"), Some("failed".into()));
    let event = &process.events.events[0];
    assert_eq!(support::value(&event.attributes, "exception.message"), Some("no such page".into()));
    assert_eq!(queue.stats().totals.done_failed, 1);
}

#[tokio::test]
async fn a_panic_fails_the_item_and_its_span_and_says_why() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    let worked =
        tokio::spawn(delivery.in_span(async |item: &mut i32| -> Result<(), Infallible> { panic!("cannot do {item}") }));
    assert!(worked.await.unwrap_err().is_panic());
    let process = traced.span("process jobs");
    assert_eq!(process.status, Status::error("panicked: cannot do 1"));
    assert_eq!(attribute(&process, "queue.outcome"), Some("failed".into()));
    assert_eq!(queue.stats().totals.done_failed, 1);
}

#[tokio::test]
async fn work_that_is_dropped_midway_is_abandoned_and_its_span_says_so() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    let never = delivery.in_span(async |_: &mut i32| std::future::pending::<Result<(), Infallible>>().await);
    assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
    let process = traced.span("process jobs");
    assert!(matches!(&process.status, Status::Error { description } if description.starts_with("abandoned")));
    assert_eq!(attribute(&process, "queue.outcome"), Some("abandoned".into()));
    assert_eq!(queue.stats().totals.done_abandoned, 1);
}

#[tokio::test]
async fn what_failed_and_was_dropped_then_has_failed() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    let processing = delivery.processing();
    processing.failed(&"no such page");
    drop(processing);
    delivery.fail();
    let process = traced.span("process jobs");
    assert_eq!(process.status, Status::error("no such page"));
    assert_eq!(attribute(&process, "queue.outcome"), Some("failed".into()));
}

#[tokio::test]
async fn a_put_that_came_to_nothing_is_an_error_of_its_span() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.builder::<i32>("jobs").capacity(1).overflow(Overflow::Reject).build().unwrap();
    queue.put(1).await.unwrap();
    assert_eq!(queue.put(2).await, Err(PutError::Full(2)));
    queue.shutdown(Shutdown::Drain);
    assert_eq!(queue.try_put(3), Err(PutError::ShutDown(3)));
    let puts = traced.named("put jobs");
    let failed: Vec<_> = puts.iter().map(|put| put.status != Status::Unset).collect();
    assert_eq!(failed, [false, true, true]);
}
