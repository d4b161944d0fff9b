//! Whether the environment asks for traces, in the variables that OpenTelemetry has for it.

/// What the environment asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// No traces.
    Nothing,
    /// Traces, to the collector that this variable names.
    Traces(&'static str),
    /// Traces that this server cannot send, and why.
    Unusable(String),
}

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const COMPRESSIONS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// Reads what `variable` has under a name. An empty value is none. Values are not told: they may hold a password.
pub(super) fn asked(variable: impl Fn(&str) -> Option<String>) -> Asked {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| given(name).map(|value| (name, value)));
    let Some((endpoint, url)) = first(ENDPOINTS) else { return Asked::Nothing };
    if given("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Asked::Nothing;
    }
    match given("OTEL_TRACES_EXPORTER").as_deref() {
        None | Some("otlp") => {}
        Some("none") => return Asked::Nothing,
        Some(_) => return Asked::Unusable("OTEL_TRACES_EXPORTER is neither otlp nor none".to_owned()),
    }
    if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Asked::Unusable(format!("{endpoint} is no URL; write one such as http://127.0.0.1:4318"));
    }
    if let Some((name, value)) = first(PROTOCOLS)
        && value != "http/protobuf"
    {
        let why = "this server sends http/protobuf, which collectors take at port 4318";
        return Asked::Unusable(format!("{name} is not http/protobuf; {why}"));
    }
    if let Some((name, value)) = first(COMPRESSIONS)
        && !["gzip", "none"].contains(&&*value)
    {
        return Asked::Unusable(format!("{name} is neither gzip nor none"));
    }
    if let Some(sampler) = given("OTEL_TRACES_SAMPLER") {
        if !SAMPLERS.contains(&&*sampler) {
            return Asked::Unusable(format!("OTEL_TRACES_SAMPLER is none of {}", SAMPLERS.join(", ")));
        }
        let share = given("OTEL_TRACES_SAMPLER_ARG").and_then(|text| text.parse().ok());
        if sampler.ends_with("traceidratio") && !share.is_some_and(|share: f64| (0.0..=1.0).contains(&share)) {
            return Asked::Unusable("OTEL_TRACES_SAMPLER_ARG is no share of all traces from 0 to 1".to_owned());
        }
    }
    Asked::Traces(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[(&str, &str)]) -> Asked {
        asked(|name| given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:s3cr3t@127.0.0.1:4318");

    #[test]
    fn traces_are_sent_where_a_collector_is_named() {
        assert_eq!(of(&[]), Asked::Nothing);
        assert_eq!(of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), Asked::Nothing);
        assert_eq!(of(&[ENDPOINT]), Asked::Traces("OTEL_EXPORTER_OTLP_ENDPOINT"));
        let of_traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector.example/v1/traces");
        assert_eq!(of(&[ENDPOINT, of_traces]), Asked::Traces("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"));
        for off in [("OTEL_SDK_DISABLED", "True"), ("OTEL_TRACES_EXPORTER", "none")] {
            assert_eq!(of(&[ENDPOINT, off]), Asked::Nothing, "{off:?}");
        }
        for on in [
            ("OTEL_SDK_DISABLED", "false"),
            ("OTEL_SDK_DISABLED", "1"),
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_TRACES_SAMPLER", "parentbased_always_off"),
        ] {
            assert_eq!(of(&[ENDPOINT, on]), Asked::Traces("OTEL_EXPORTER_OTLP_ENDPOINT"), "{on:?}");
        }
        let ratio = [ENDPOINT, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
        assert_eq!(of(&ratio), Asked::Traces("OTEL_EXPORTER_OTLP_ENDPOINT"));
    }

    #[test]
    fn what_cannot_be_done_is_told_without_what_was_given() {
        for (given, told) in [
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "s3cr3t@collector:4317")][..], "write one such as http://"),
            (&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "zipkin")], "neither otlp nor none"),
            (&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "port 4318"),
            (&[ENDPOINT, ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")], "port 4318"),
            (&[ENDPOINT, ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")], "neither gzip nor none"),
            (&[ENDPOINT, ("OTEL_TRACES_SAMPLER", "xray")], "none of always_on"),
            (&[ENDPOINT, ("OTEL_TRACES_SAMPLER", "traceidratio")], "from 0 to 1"),
            (&[ENDPOINT, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "NaN")], "from 0 to 1"),
            (
                &[ENDPOINT, ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "25%")],
                "from 0 to 1",
            ),
        ] {
            let Asked::Unusable(why) = of(given) else { panic!("{given:?}") };
            assert!(why.contains(told) && !why.contains("s3cr3t"), "{given:?}: {why}");
        }
    }
}
