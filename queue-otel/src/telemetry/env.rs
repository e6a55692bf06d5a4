//! The variables of OpenTelemetry that neither the SDK nor the exporter reads by itself.

use opentelemetry_sdk::trace::Sampler;

use crate::EarlySampler;

/// What the variables say. Which they are is an argument, so that tests need not change the process's own.
pub(super) struct Environment {
    get: Box<Get>,
}

type Get = dyn Fn(&str) -> Option<String>;

/// What becomes of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Export {
    Otlp,
    None,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

const ENDPOINTS: [&str; 3] = [
    opentelemetry_otlp::OTEL_EXPORTER_OTLP_ENDPOINT,
    opentelemetry_otlp::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    opentelemetry_otlp::OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
];

const PROTOCOLS: [&str; 3] = [
    opentelemetry_otlp::OTEL_EXPORTER_OTLP_PROTOCOL,
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
];

impl Environment {
    pub(super) fn of_process() -> Self {
        Self { get: Box::new(|name| std::env::var(name).ok()) }
    }

    /// A variable; one that is empty is not set.
    fn get(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn is_disabled(&self) -> bool {
        self.get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(super) fn asks_for_export(&self) -> bool {
        !self.is_disabled() && ENDPOINTS.iter().any(|name| self.get(name).is_some())
    }

    /// Whether a signal goes over gRPC.
    pub(super) fn is_grpc(&self, signal: Signal) -> bool {
        self.of(signal, PROTOCOLS).as_deref() == Some("grpc")
    }

    /// Whether a signal goes over gRPC to somebody who has to show a certificate: an endpoint without a scheme counts, as
    /// the exporter takes it for one of `https`.
    pub(super) fn is_grpc_over_tls(&self, signal: Signal) -> bool {
        let secure = |endpoint: &str| match endpoint.split_once("://") {
            Some((scheme, _)) => scheme.eq_ignore_ascii_case("https"),
            None => true,
        };
        self.is_grpc(signal) && self.of(signal, ENDPOINTS).is_some_and(|endpoint| secure(&endpoint))
    }

    /// The variable of a signal, or where that is not set the one of both.
    fn of(&self, signal: Signal, [both, traces, metrics]: [&str; 3]) -> Option<String> {
        let own = match signal {
            Signal::Traces => traces,
            Signal::Metrics => metrics,
        };
        self.get(own).or_else(|| self.get(both))
    }

    /// What becomes of traces and of metrics.
    ///
    /// # Errors
    /// If there is an exporter or a protocol that is not known here, or one that takes another feature of this crate.
    pub(super) fn exports(&self) -> Result<(Export, Export), String> {
        let known = if cfg!(feature = "grpc") { &["http/protobuf", "grpc"][..] } else { &["http/protobuf"] };
        for name in PROTOCOLS {
            if let Some(other) = self.get(name).filter(|value| !known.contains(&value.as_str())) {
                let hint = if other == "grpc" { "; grpc takes queue-otel's feature `grpc`" } else { "" };
                return Err(format!("{name} is `{other}`, and {} was expected{hint}", known.join(" or ")));
            }
        }
        let over_tls = [Signal::Traces, Signal::Metrics].into_iter().any(|signal| self.is_grpc_over_tls(signal));
        if over_tls && !cfg!(feature = "grpc-tls") {
            return Err(
                "grpc to an endpoint that does not begin with `http://` goes over TLS, which takes queue-otel's \
                        feature `grpc-tls`; look at OTEL_EXPORTER_OTLP_ENDPOINT"
                    .to_owned(),
            );
        }
        Ok((self.export("OTEL_TRACES_EXPORTER")?, self.export("OTEL_METRICS_EXPORTER")?))
    }

    fn export(&self, name: &str) -> Result<Export, String> {
        if self.is_disabled() {
            return Ok(Export::None);
        }
        match self.get(name).as_deref() {
            None | Some("otlp") => Ok(Export::Otlp),
            Some("none") => Ok(Export::None),
            Some(other) => Err(format!("{name} is `{other}`, and `otlp` or `none` was expected")),
        }
    }

    /// Which traces are recorded; all at first, and those of others as they are.
    ///
    /// # Errors
    /// If there is a sampler or a ratio that is not known here.
    pub(super) fn sampler(&self) -> Result<EarlySampler, String> {
        let ratio = || {
            let Some(text) = self.get("OTEL_TRACES_SAMPLER_ARG") else { return Ok(Sampler::TraceIdRatioBased(1.0)) };
            let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
            share
                .map(Sampler::TraceIdRatioBased)
                .ok_or_else(|| format!("OTEL_TRACES_SAMPLER_ARG is `{text}`, and a share from 0 to 1 was expected"))
        };
        let (by_parent, each) = (EarlySampler::parent_based, EarlySampler::each_by);
        match self.get("OTEL_TRACES_SAMPLER").as_deref() {
            None | Some("parentbased_always_on") => Ok(by_parent(Sampler::AlwaysOn)),
            Some("parentbased_always_off") => Ok(by_parent(Sampler::AlwaysOff)),
            Some("parentbased_traceidratio") => Ok(by_parent(ratio()?)),
            Some("always_on") => Ok(each(Sampler::AlwaysOn)),
            Some("always_off") => Ok(each(Sampler::AlwaysOff)),
            Some("traceidratio") => Ok(each(ratio()?)),
            Some(other) => Err(format!(
                "OTEL_TRACES_SAMPLER is `{other}`, and one of always_on, always_off, traceidratio, or one of these \
                 after `parentbased_` was expected"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&'static str, &'static str)]) -> Environment {
        let variables = variables.to_vec();
        let get = move |asked: &str| variables.iter().find(|(name, _)| *name == asked).map(|(_, is)| (*is).to_owned());
        Environment { get: Box::new(get) }
    }

    #[test]
    fn nothing_said_is_otlp_for_both_and_all_roots_recorded_but_it_is_not_asked_for() {
        let environment = with(&[]);
        assert_eq!(environment.exports(), Ok((Export::Otlp, Export::Otlp)));
        assert!(!environment.asks_for_export());
        assert_eq!(format!("{:?}", environment.sampler()), "Ok(EarlySampler(ParentBased(AlwaysOn)))");
    }

    #[test]
    fn an_endpoint_asks_for_export_unless_all_is_disabled() {
        assert!(with(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://host/v1/traces")]).asks_for_export());
        assert!(!with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]).asks_for_export(), "an empty one is not set");
        let disabled = with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host"), ("OTEL_SDK_DISABLED", "True")]);
        assert!(!disabled.asks_for_export());
        assert_eq!(disabled.exports(), Ok((Export::None, Export::None)));
    }

    #[test]
    fn a_signal_can_be_left_out() {
        assert_eq!(with(&[("OTEL_METRICS_EXPORTER", "none")]).exports(), Ok((Export::Otlp, Export::None)));
    }

    #[test]
    fn what_nobody_knows_is_an_error_that_names_variable_value_and_what_was_expected() {
        let check = |variables: &[(&'static str, &'static str)], expected: &str| {
            let environment = with(variables);
            let told = environment.exports().map(drop).and_then(|()| environment.sampler().map(drop)).unwrap_err();
            let (name, value) = variables[variables.len() - 1];
            for part in [name, value, expected] {
                assert!(told.contains(part), "`{part}` in `{told}`");
            }
        };
        check(&[("OTEL_TRACES_EXPORTER", "console")], "`none`");
        check(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")], "http/protobuf");
        let other = with(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]).exports().unwrap_err();
        assert!(!other.contains("feature"), "no feature helps: {other}");
        check(&[("OTEL_TRACES_SAMPLER", "jaeger_remote")], "traceidratio");
        check(&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "10")], "0 to 1");
    }

    #[test]
    fn a_signal_goes_over_grpc_and_tls_by_its_own_variables_and_else_by_those_of_both() {
        let check = |variables: &[(&'static str, &'static str)], grpc: [bool; 2], over_tls: [bool; 2]| {
            let (environment, signals) = (with(variables), [Signal::Traces, Signal::Metrics]);
            assert_eq!(signals.map(|signal| environment.is_grpc(signal)), grpc, "{variables:?}");
            assert_eq!(signals.map(|signal| environment.is_grpc_over_tls(signal)), over_tls, "{variables:?}");
        };
        let (protocol, endpoint) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_ENDPOINT");
        check(&[], [false; 2], [false; 2]);
        check(&[(endpoint, "https://host:4318")], [false; 2], [false; 2]);
        // The default endpoint is this host, without TLS.
        check(&[(protocol, "grpc")], [true; 2], [false; 2]);
        check(&[(protocol, "grpc"), (endpoint, "http://host:4317")], [true; 2], [false; 2]);
        check(&[(protocol, "grpc"), (endpoint, "unix:///run/otel")], [true; 2], [false; 2]);
        check(&[(protocol, "grpc"), (endpoint, "HTTPS://host:4317")], [true; 2], [true; 2]);
        check(&[(protocol, "grpc"), (endpoint, "host:4317")], [true; 2], [true; 2]);
        let apart = [("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"), (endpoint, "https://host")];
        check(&apart, [true, false], [true, false]);
        let overridden = [
            (protocol, "grpc"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
            (endpoint, "https://host"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other"),
        ];
        check(&overridden, [true, false], [false; 2]);
    }

    #[test]
    fn what_takes_another_feature_is_an_error_that_names_it() {
        let over_tls = [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://host")];
        let expected = match (cfg!(feature = "grpc"), cfg!(feature = "grpc-tls")) {
            (false, _) => Some("feature `grpc`"),
            (true, false) => Some("feature `grpc-tls`"),
            (true, true) => None,
        };
        match (with(&over_tls).exports(), expected) {
            (Err(told), Some(feature)) => assert!(told.contains(feature), "`{feature}` in `{told}`"),
            (told, expected) => assert_eq!((told.is_err(), expected), (false, None)),
        }
    }

    #[test]
    fn samplers_are_those_that_are_named() {
        let debug = |variables: &[(&'static str, &'static str)]| format!("{:?}", with(variables).sampler().unwrap());
        assert_eq!(debug(&[("OTEL_TRACES_SAMPLER", "always_off")]), "EarlySampler(AlwaysOff)");
        let tenth = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.1")];
        assert_eq!(debug(&tenth), "EarlySampler(ParentBased(TraceIdRatioBased(0.1)))");
    }
}
