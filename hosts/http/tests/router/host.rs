//! What a host answers by itself looks like everything else.

use axum::body::Body;
use axum::http::Method;
use pik_http::{Api, Config, ConfigError, Endpoint, HostFault};

use crate::service::{EXAMPLE, Service, TestHost, TestStore, read, request};

#[test]
fn its_refusals_have_shape_headers_and_observation() {
    let service = Service::new(Config::default());
    for (fault, gist, retry_after) in [
        (HostFault::Timeout, "408 ERROR timeout", ""),
        (HostFault::Overloaded, "503 ERROR overloaded", "1"),
        (HostFault::Unavailable, "503 ERROR unavailable", "1"),
        (HostFault::Internal, "500 ERROR internal", ""),
        (HostFault::Malformed, "400 ERROR invalid_parameter", ""),
        (HostFault::TargetTooLong, "414 ERROR invalid_parameter", ""),
        (HostFault::HeadTooLong, "431 ERROR invalid_parameter", ""),
        (HostFault::NoSingleHost, "400 ERROR invalid_parameter", ""),
        (HostFault::UnknownHost, "400 ERROR invalid_parameter", ""),
    ] {
        let request = request(Method::POST, "/ingest?dry_run=true", &[("x-request-id", "mine")], Body::empty());
        let call = service.api.begin(&request);
        assert_eq!((call.request_id(), call.endpoint(), call.dry_run()), ("mine", Endpoint::Ingest, true));
        let answer = read(service.api.refuse(&call, fault, Some("64 at once".into())));
        assert_eq!((answer.gist().as_str(), answer.header("retry-after")), (gist, retry_after));
        assert_eq!(answer.header("x-request-id"), "mine");
        assert_eq!(answer.json()["dry_run"], true);
        let observed = service.observed();
        assert_eq!(observed.len(), 1);
        assert!(observed[0].contains("64 at once") && observed[0].contains("verdict: Error"), "{observed:?}");
        assert!(!String::from_utf8(answer.body).unwrap().contains("64 at once"));
    }
}

#[test]
fn the_router_goes_on_with_the_call_that_the_host_began() {
    let service = Service::new(Config::default());
    let request = request(Method::POST, "/ingest", &[("content-type", "application/json")], EXAMPLE);
    let call = service.api.begin(&request);
    let answer = read(futures_executor::block_on(service.api.answer(&call, request)));
    assert_eq!(answer.gist(), "200 ACCEPTED");
    assert_eq!(answer.header("x-request-id"), call.request_id());
    // The test clock gains 7 ms each time it is read: once when the host began, once at the end.
    assert!(service.observed()[0].contains("latency: 7ms"));
}

#[test]
fn limits_that_cannot_be_stop_the_start() {
    let made = |config| Api::new(TestStore::default(), TestHost::default(), config).err();
    let default = Config::default;
    let over = pik_core::MAX_BODY_BYTES + 1;
    assert_eq!(made(Config { max_event_bytes: over, ..default() }), Some(ConfigError::MaxEventBytes(over)));
    assert_eq!(made(Config { max_event_bytes: 0, ..default() }), Some(ConfigError::MaxEventBytes(0)));
    assert_eq!(made(Config { max_batch_bytes: 0, ..default() }), Some(ConfigError::BatchLimit));
    assert_eq!(made(Config { max_batch_events: 0, ..default() }), Some(ConfigError::BatchLimit));
    assert_eq!(made(default()), None);
}
