//! The query.

use pik_http::Config;

use crate::service::{EXAMPLE, Service};

#[test]
fn dry_run_is_true_or_false_once_and_nothing_else_is_known() {
    for (query, gist) in [
        ("?", "200 ACCEPTED"),
        ("?&", "200 ACCEPTED"),
        ("?dry_run=false", "200 ACCEPTED"),
        ("?dry_run=true", "200 ACCEPTED"),
        ("?dry%5Frun=tru%65", "200 ACCEPTED"),
        ("?dry_run=1", "400 ERROR invalid_parameter"),
        ("?dry_run=True", "400 ERROR invalid_parameter"),
        ("?dry_run=", "400 ERROR invalid_parameter"),
        ("?dry_run", "400 ERROR invalid_parameter"),
        ("?dry_run=true&dry_run=true", "400 ERROR invalid_parameter"),
        ("?dry_run=false&dry_run=true", "400 ERROR invalid_parameter"),
        ("?dryrun=true", "400 ERROR invalid_parameter"),
        ("?DRY_RUN=true", "400 ERROR invalid_parameter"),
        ("?dry_run=true&x", "400 ERROR invalid_parameter"),
        ("?dry_run=true;x=1", "400 ERROR invalid_parameter"),
    ] {
        let service = Service::new(Config::default());
        assert_eq!(service.post(&format!("/ingest{query}"), EXAMPLE).gist(), gist, "{query}");
    }
}

#[test]
fn an_answer_to_a_dry_run_says_so_even_when_it_is_an_error() {
    let service = Service::new(Config::default());
    let answer = service.post("/ingest?dry_run=true&x=1", EXAMPLE);
    assert_eq!(answer.gist(), "400 ERROR invalid_parameter");
    assert_eq!(answer.json()["dry_run"], true);
}

#[test]
fn probes_take_no_parameters() {
    let service = Service::new(Config::default());
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(service.get(&format!("{path}?dry_run=true")).gist(), "400 ERROR invalid_parameter");
        assert_eq!(service.get(&format!("{path}?")).status, 200);
    }
}
