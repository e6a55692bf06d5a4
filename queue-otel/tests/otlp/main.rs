//! `Telemetry` with a real receiver behind it: over HTTP and gRPC, with TLS and without. What it does
//! is in the variables of its process, so that each test runs itself in one of its own.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod receiver;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use opentelemetry::trace::Tracer;
use queue_core::Queue;
use queue_otel::{InSpan, Telemetry};
use receiver::Receiver;
use serde_json::Value;

/// Set where a test runs itself.
const INNER: &str = "QUEUE_OTEL_TEST_RUNS_ITSELF";

/// More than anything takes; what is not sent at all ends much earlier.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a service ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Shutdown,
    Drop,
}

/// Puts an item and works on it, has a span and a counter of its own, and sends what there is to tell of that.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn service(end: End) -> Result<(), String> {
    assert!(Telemetry::is_asked_for(), "a variable names an endpoint");
    let telemetry = Telemetry::start("service").map_err(|error| error.to_string())?;
    let jobs = Queue::bounded("jobs", 4);
    jobs.put(1).await.unwrap();
    jobs.receive().await.unwrap().in_span(async |_: &mut i32| Ok::<_, String>(())).await.unwrap();
    drop(telemetry.tracer("own").expect("traces are exported").start("own span"));
    telemetry.meter("own").f64_counter("own.counter").build().add(2.0, &[]);
    let end = move || match end {
        End::Shutdown => telemetry.shutdown(PATIENCE).map_err(|error| error.to_string()),
        End::Drop => {
            drop(telemetry);
            Ok(())
        }
    };
    tokio::task::spawn_blocking(end).await.unwrap()
}

/// Runs the test `name` in a process with these variables.
fn run_again(name: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (inherited, _) in std::env::vars_os() {
        if ["OTEL_", "SSL_CERT_"].iter().any(|begin| inherited.to_string_lossy().starts_with(begin)) {
            command.env_remove(inherited);
        }
    }
    command.args(["--exact", name, "--nocapture"]).env(INNER, "1").envs(variables.iter().copied()).output().unwrap()
}

fn runs_itself() -> bool {
    std::env::var_os(INNER).is_some()
}

/// Certificate and key of a server called `localhost`, which whoever trusts the certificate trusts.
struct Identity {
    folder: tempfile::TempDir,
}

impl Identity {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { folder }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}

/// Runs a service that exports to `receiver`, with `scheme`, and trusts what is in the file.
fn export(test: &str, protocol: &str, scheme: &str, receiver: &Receiver, trusted: Option<&Path>) {
    let trusted = trusted.map(|file| ("SSL_CERT_FILE", file.to_str().unwrap()));
    export_with(test, protocol, scheme, receiver, trusted.as_slice());
}

/// The same with more variables.
fn export_with(test: &str, protocol: &str, scheme: &str, receiver: &Receiver, more: &[(&str, &str)]) {
    let endpoint = format!("{scheme}://localhost:{}", receiver.port);
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        // How long each attempt may take, in milliseconds: what is not trusted is tried again for so long.
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "5000"),
    ];
    variables.extend(more);
    let output = run_again(test, &variables);
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Put and work are of one trace, and the queue was measured; so was what the service has of its own. All of it is `whose`.
fn has_arrived(receiver: &Receiver, whose: &str) {
    const ALL: [&str; 5] = ["put jobs", "process jobs", "own span", "queue.put", "own.counter"];
    let named = |received: &[Value], name: &str| received.iter().find(|one| one["name"] == name).cloned();
    let received = receiver.until(|received| ALL.iter().all(|name| named(received, name).is_some()));
    let [put, process, _, counted, own] = ALL.map(|name| named(&received, name).unwrap());
    assert_eq!((&process["traceId"], &process["parentSpanId"]), (&put["traceId"], &put["spanId"]));
    for (metric, value) in [(counted, 1.0), (own, 2.0)] {
        assert_eq!(metric["sum"]["dataPoints"][0]["asDouble"], value, "{metric:#}");
    }
    let attributes = |one: &Value| one["attributes"].as_array().cloned().unwrap_or_default();
    let services: Vec<_> = received.iter().flat_map(attributes).filter(|it| it["key"] == "service.name").collect();
    assert!(services.len() >= 2 && services.iter().all(|it| it["value"]["stringValue"] == whose), "{services:?}");
}

#[test]
fn over_grpc_a_receiver_gets_spans_and_metrics() {
    if runs_itself() {
        return service(End::Shutdown).unwrap();
    }
    let receiver = Receiver::start("grpc", None);
    export("over_grpc_a_receiver_gets_spans_and_metrics", "grpc", "http", &receiver, None);
    has_arrived(&receiver, "service");
}

#[test]
fn over_tls_a_receiver_that_the_system_trusts_gets_spans_and_metrics_by_either_protocol() {
    if runs_itself() {
        return service(End::Shutdown).unwrap();
    }
    let identity = Identity::new();
    for (protocol, spoken) in [("grpc", "grpc"), ("http/protobuf", "http")] {
        let receiver = Receiver::start(spoken, Some([&identity.certificate(), &identity.key()]));
        let name = "over_tls_a_receiver_that_the_system_trusts_gets_spans_and_metrics_by_either_protocol";
        export(name, protocol, "https", &receiver, Some(&identity.certificate()));
        has_arrived(&receiver, "service");
    }
}

#[test]
fn over_tls_a_receiver_that_nobody_trusts_gets_nothing_and_the_end_says_so() {
    if runs_itself() {
        let told = service(End::Shutdown).expect_err("nothing can be sent");
        assert!(told.contains("telemetry may be incomplete"), "{told}");
        return;
    }
    let (identity, other) = (Identity::new(), Identity::new());
    for (protocol, spoken) in [("grpc", "grpc"), ("http/protobuf", "http")] {
        let receiver = Receiver::start(spoken, Some([&identity.certificate(), &identity.key()]));
        let name = "over_tls_a_receiver_that_nobody_trusts_gets_nothing_and_the_end_says_so";
        export(name, protocol, "https", &receiver, Some(&other.certificate()));
        assert!(receiver.is_idle(), "over {protocol}");
    }
}

#[test]
fn what_is_dropped_without_a_shutdown_sends_what_is_left_and_the_name_is_the_environments() {
    if runs_itself() {
        return service(End::Drop).unwrap();
    }
    let receiver = Receiver::start("http", None);
    let name = "what_is_dropped_without_a_shutdown_sends_what_is_left_and_the_name_is_the_environments";
    export_with(name, "http/protobuf", "http", &receiver, &[("OTEL_SERVICE_NAME", "renamed")]);
    has_arrived(&receiver, "renamed");
}

#[test]
fn more_series_are_kept_apart_than_an_sdk_does_by_itself() {
    if runs_itself() {
        let telemetry = Telemetry::start("service").unwrap();
        let _queues: Vec<_> = (0..1_100).map(|number| Queue::<u8>::bounded(format!("queue.{number}"), 1)).collect();
        return telemetry.shutdown(PATIENCE).unwrap();
    }
    let receiver = Receiver::start("http", None);
    export("more_series_are_kept_apart_than_an_sdk_does_by_itself", "http/protobuf", "http", &receiver, None);
    let waiters = |received: &[Value]| received.iter().find(|one| one["name"] == "queue.waiters").cloned();
    let received = receiver.until(|received| waiters(received).is_some());
    // Two of each queue.
    assert_eq!(waiters(&received).unwrap()["gauge"]["dataPoints"].as_array().unwrap().len(), 2_200);
}

#[test]
fn where_all_is_disabled_nothing_is_asked_for_or_sent() {
    if runs_itself() {
        assert!(!Telemetry::is_asked_for());
        let telemetry = Telemetry::start("service").unwrap();
        assert!(telemetry.tracer("own").is_none());
        telemetry.meter("own").f64_counter("own.counter").build().add(1.0, &[]);
        return telemetry.shutdown(PATIENCE).unwrap();
    }
    let receiver = Receiver::start("http", None);
    let name = "where_all_is_disabled_nothing_is_asked_for_or_sent";
    export_with(name, "http/protobuf", "http", &receiver, &[("OTEL_SDK_DISABLED", "true")]);
    assert!(receiver.is_idle());
}

#[test]
fn an_endpoint_that_is_none_is_an_error_that_says_where_to_look() {
    if runs_itself() {
        let told = Telemetry::start("service").expect_err("nothing can be sent there").to_string();
        assert!(told.contains("spans cannot be exported") && told.contains("look at OTEL_EXPORTER_OTLP_"), "{told}");
        return;
    }
    let name = "an_endpoint_that_is_none_is_an_error_that_says_where_to_look";
    let output = run_again(name, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[")]);
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn grpc_outside_of_a_runtime_is_an_error_that_says_what_to_do() {
    let name = "grpc_outside_of_a_runtime_is_an_error_that_says_what_to_do";
    if runs_itself() {
        let told = Telemetry::start("service").expect_err("nobody could send").to_string();
        assert!(told.contains("runtime") && told.contains("http/protobuf"), "{told}");
        return;
    }
    let output = run_again(name, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
