//! One data point a request to ingest, for Workers Analytics Engine. No value of a client's is in it.
//!
//! | | |
//! |---|---|
//! | `index1` | the Worker's name |
//! | `blob1`, `blob2`, `blob3` | endpoint, HTTP status, `dry_run` or nothing |
//! | `double1` | events of the request, or 1 |
//! | `double2` to `double5` | of these ACCEPTED, DUPLICATE, REJECTED, ERROR |
//! | `double6` | latency in milliseconds |
//! | `double7` | the greatest lag in milliseconds; 0 without one |

use pik_http::{Exchange, Verdict};
use worker::{AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset};

/// Takes note of a request.
pub(crate) fn note(dataset: &AnalyticsEngineDataset, name: &str, exchange: &Exchange<'_>) {
    if !exchange.endpoint.takes_events() {
        return;
    }
    let count = |verdict| {
        let such = exchange.observations.iter().filter(|observation| observation.verdict == verdict);
        such.map(|observation| observation.count).sum::<usize>()
    };
    let events: usize = exchange.observations.iter().map(|observation| observation.count).sum();
    let lag = exchange.observations.iter().filter_map(|observation| observation.ingest_lag_ms).max();
    let doubles = [
        events.max(1) as f64,
        count(Verdict::Accepted) as f64,
        count(Verdict::Duplicate) as f64,
        count(Verdict::Rejected) as f64,
        count(Verdict::Error) as f64,
        exchange.latency.as_secs_f64() * 1000.0,
        lag.unwrap_or(0) as f64,
    ];
    let status = exchange.http_status.to_string();
    let blobs = [exchange.endpoint.path(), &status, if exchange.dry_run { "dry_run" } else { "" }];
    let point = AnalyticsEngineDataPointBuilder::new().indexes([name]).doubles(doubles).blobs(blobs).build();
    // Events matter more than their count; the log has the same.
    let _ = dataset.write_data_point(&point);
}
