//! Telemetry of a service, set up in one call: providers by `OTEL_*`, exporters over OTLP, and a flush at the end.
//!
//! Deliberately absent: logs, and a subscriber for `tracing`, of which a program has one that it composes itself.

mod env;
mod exporter;
mod shut;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Stream};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use queue_core::Registry;

use crate::{FollowLinks, Instruments, Spans, SpansBuilder};
use env::{Environment, Export};

/// The name of everything that this crate measures.
const SCOPE: &str = "queue-otel";

/// Series that are kept apart of each instrument: two of every name that a registry keeps by default, and room for more.
const MOST_SERIES: usize = 10_000;

/// How long a service waits at its end for what is not sent yet, unless it says so itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Traces and metrics of a service, exported over OTLP until it is shut down.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// let telemetry = queue_otel::Telemetry::start("my-service")?;
/// // The service runs. What it puts and works on is traced, and its queues are measured.
/// telemetry.shutdown(Duration::from_secs(2))?;
/// # Ok::<(), queue_otel::TelemetryError>(())
/// ```
#[derive(Debug)]
#[must_use = "what is not sent yet is lost, or waited for, when this is dropped"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    _instruments: Option<Instruments>,
}

impl Telemetry {
    /// Starts exporting for the service `name`: the queues of the process's registry get [`Spans`] and [`Instruments`], and
    /// the process gets its tracer provider, meter provider and the propagator of W3C's trace context.
    ///
    /// The variables of OpenTelemetry hold: `OTEL_SDK_DISABLED`; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, which go
    /// before `name`; `OTEL_TRACES_EXPORTER` and `OTEL_METRICS_EXPORTER` (`otlp` or `none`);
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, `_PROTOCOL`, `_HEADERS`, `_TIMEOUT` and those of a single signal; `OTEL_TRACES_SAMPLER`
    /// and `_ARG`; `OTEL_BSP_*`; `OTEL_METRIC_EXPORT_INTERVAL`; the limits of spans.
    ///
    /// Sending is done on threads of its own, over HTTP with a blocking client, so it needs no runtime and works with any.
    /// With the feature `grpc` and that protocol it is tokio that sends: start it in a runtime with several threads, and shut it
    /// down while that runs. A receiver that cannot be reached
    /// costs what it is sent, never an item: 2,048 spans are kept (`OTEL_BSP_MAX_QUEUE_SIZE`).
    ///
    /// # Errors
    /// [`TelemetryError`] if a variable has a value that nobody knows, or the exporter cannot be made; over gRPC also outside
    /// of a runtime of tokio.
    pub fn start(name: &str) -> Result<Self, TelemetryError> {
        Self::builder(name).start()
    }

    /// Whether a variable says where to export to, and none that nothing is to be exported: for programs that export
    /// where somebody asked for it, and not to the receiver that OpenTelemetry expects on this host.
    #[must_use]
    pub fn is_asked_for() -> bool {
        Environment::of_process().asks_for_export()
    }

    /// The same for another registry, or with other spans.
    pub fn builder(name: &str) -> TelemetryBuilder {
        TelemetryBuilder { name: name.to_owned(), registry: Registry::global(), spans: Spans::builder() }
    }

    /// A tracer for spans of the service's own, such as those of the `tracing-opentelemetry` layer; none where traces
    /// are not exported.
    #[must_use]
    pub fn tracer(&self, name: &'static str) -> Option<SdkTracer> {
        self.traces.as_ref().map(|provider| provider.tracer(name))
    }

    /// A meter for instruments of the service's own; one that does nothing where metrics are not exported.
    #[must_use]
    pub fn meter(&self, name: &'static str) -> Meter {
        match &self.metrics {
            Some(provider) => provider.meter(name),
            None => opentelemetry::metrics::noop::NoopMeterProvider::new().meter(name),
        }
    }

    /// Sends what is not sent yet, and ends. It blocks for `within` at most: from async code call it where that does no
    /// harm: by `spawn_blocking`, or after the runtime (not over gRPC, which needs the runtime to send).
    ///
    /// # Errors
    /// [`TelemetryError`] if something could not be sent, or not in time.
    pub fn shutdown(mut self, within: Duration) -> Result<(), TelemetryError> {
        self.end(within)
    }

    fn end(&mut self, within: Duration) -> Result<(), TelemetryError> {
        shut::down(self.traces.take(), self.metrics.take(), within).map_err(TelemetryError)
    }
}

impl Drop for Telemetry {
    /// Sends what is not sent yet, for five seconds at most.
    fn drop(&mut self) {
        // Whoever wants to know calls shutdown.
        let _ = self.end(PATIENCE);
    }
}

/// Settings of [`Telemetry`] that are not the environment's.
///
/// # Examples
/// ```no_run
/// use queue_otel::{Correlation, Spans, Telemetry};
/// let spans = Spans::builder().correlation(Correlation::Link);
/// let telemetry = Telemetry::builder("my-service").spans(spans).start()?;
/// # Ok::<(), queue_otel::TelemetryError>(())
/// ```
#[derive(Debug)]
#[must_use = "settings do nothing until start() is called"]
pub struct TelemetryBuilder {
    name: String,
    registry: Registry,
    spans: SpansBuilder,
}

impl TelemetryBuilder {
    /// Whose queues are exported; those of the process's registry at first.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = registry.clone();
        self
    }

    /// How spans are made.
    pub fn spans(mut self, spans: SpansBuilder) -> Self {
        self.spans = spans;
        self
    }

    /// As [`Telemetry::start`].
    ///
    /// # Errors
    /// As [`Telemetry::start`].
    pub fn start(self) -> Result<Telemetry, TelemetryError> {
        let environment = Environment::of_process();
        let (traces, metrics) = environment.exports().map_err(TelemetryError)?;
        let resource = resource(&self.name);
        prepare_tls();
        let traces = match traces {
            Export::Otlp => Some(self.traces(&environment, resource.clone())?),
            Export::None => None,
        };
        let metrics = match metrics {
            Export::Otlp => Some(self.metrics(&environment, resource)?),
            Export::None => None,
        };
        global::set_text_map_propagator(TraceContextPropagator::new());
        let instruments = metrics.as_ref().map(|provider| {
            global::set_meter_provider(provider.clone());
            Instruments::register(&self.registry, &provider.meter(SCOPE))
        });
        if let Some(provider) = &traces {
            global::set_tracer_provider(provider.clone());
            self.spans.install(&self.registry, provider.tracer(SCOPE));
        }
        Ok(Telemetry { traces, metrics, _instruments: instruments })
    }

    fn traces(&self, environment: &Environment, resource: Resource) -> Result<SdkTracerProvider, TelemetryError> {
        let exporter = exporter::of_spans(environment).map_err(TelemetryError)?;
        // A batch is a root with links: without following them it would be drawn afresh whether it is recorded.
        let sampler = environment.sampler().map_err(TelemetryError)?;
        let provider = sampler.clone().provider().with_sampler(FollowLinks::or(sampler)).with_resource(resource);
        Ok(provider.with_batch_exporter(exporter).build())
    }

    fn metrics(&self, environment: &Environment, resource: Resource) -> Result<SdkMeterProvider, TelemetryError> {
        let exporter = exporter::of_metrics(environment).map_err(TelemetryError)?;
        let provider = SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter);
        let roomy = |instrument: &opentelemetry_sdk::metrics::Instrument| {
            let ours = instrument.scope().name() == SCOPE;
            ours.then(|| Stream::builder().with_cardinality_limit(MOST_SERIES).build().ok()).flatten()
        };
        Ok(provider.with_view(roomy).build())
    }
}

/// Who is it that exports: what the environment says goes before the name that the program has.
fn resource(name: &str) -> Resource {
    let told = Resource::builder().build();
    let key = opentelemetry::Key::from_static_str("service.name");
    let nameless = told.get(&key).is_none_or(|name| name.as_str().starts_with("unknown_service"));
    if nameless { Resource::builder().with_service_name(name.to_owned()).build() } else { told }
}

/// TLS without a system library: by ring, unless the service has chosen for itself.
fn prepare_tls() {
    #[cfg(feature = "tls")]
    {
        // It fails where there is one already, and that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Why telemetry does not start, or was not all sent.
#[derive(Debug)]
pub struct TelemetryError(String);

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for TelemetryError {}
