//! What is answered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use queue_metrics::PrometheusCollector;

use crate::monitor::{MonitorHandle, MonitorStatus, Shared};

/// The monitor's pages as a router to mount into a service: `/metrics` and `/healthz`, by GET and HEAD.
///
/// Limits on connections and headers are the server's to set. It must run on tokio: a page is rendered on the
/// blocking pool, so that a long one delays no other task.
pub fn router(handle: &MonitorHandle) -> Router {
    routes(Arc::clone(handle.shared()))
}

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    let queues = PrometheusCollector::new(&shared.registry);
    Router::new().route("/metrics", get(metrics).with_state(queues)).route("/healthz", get(health).with_state(shared))
}

async fn metrics(State(queues): State<PrometheusCollector>) -> Response {
    let page = tokio::task::spawn_blocking(move || queues.encode()).await;
    match page {
        Ok(page) => ([(header::CONTENT_TYPE, queue_metrics::CONTENT_TYPE)], page).into_response(),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("the registry cannot be read: {error}\n")).into_response()
        }
    }
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let (code, page) = report(shared.status());
    (code, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// Unwell if there has been no good pass for three intervals, and a second for a busy machine.
fn report(status: MonitorStatus) -> (StatusCode, String) {
    let late = status.since_last_pass > status.interval.saturating_mul(3).saturating_add(Duration::from_secs(1));
    let (code, word) = match (status.running, late) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopped"),
        (true, true) => (StatusCode::SERVICE_UNAVAILABLE, "late"),
        (true, false) => (StatusCode::OK, "ok"),
    };
    let page = format!(
        "{{\"status\":\"{word}\",\"last_pass_seconds\":{:.3},\"interval_seconds\":{:.3},\"passes\":{},\"failures\":{}}}\n",
        status.since_last_pass.as_secs_f64(),
        status.interval.as_secs_f64(),
        status.passes,
        status.failures
    );
    (code, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(running: bool, since_last: u64) -> MonitorStatus {
        let (interval, since_last_pass) = (Duration::from_secs(10), Duration::from_secs(since_last));
        MonitorStatus { running, passes: 7, failures: 1, interval, since_last_pass }
    }

    #[test]
    fn health_is_a_recent_pass_of_a_running_monitor() {
        let cases = [(true, 0, 200, "ok"), (true, 31, 200, "ok"), (true, 32, 503, "late"), (false, 0, 503, "stopped")];
        for (running, since_last, code, word) in cases {
            let (answered, page) = report(status(running, since_last));
            assert_eq!(answered.as_u16(), code, "running {running}, {since_last} s ago: {page}");
            assert!(page.contains(&format!("\"status\":\"{word}\"")), "{page}");
        }
    }

    #[test]
    fn the_report_is_one_line_of_json() {
        let page = report(status(true, 2)).1;
        let expected = r#"{"status":"ok","last_pass_seconds":2.000,"interval_seconds":10.000,"passes":7,"failures":1}"#;
        assert_eq!(page, format!("{expected}\n"));
    }
}
