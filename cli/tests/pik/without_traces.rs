//! A build without OTLP.

use crate::events::EXAMPLE;
use crate::server::Server;

#[test]
fn says_so_where_traces_are_asked_for() {
    for endpoint in ["http://127.0.0.1:1", ""] {
        let server = Server::start_with(|command| command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));
        assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
        let (status, log, _) = server.stop();
        assert!(status.success());
        let told = log.contains("OTEL_EXPORTER_OTLP_ENDPOINT is set, and this build has no OTLP");
        assert_eq!(told, !endpoint.is_empty(), "{log}");
    }
}
