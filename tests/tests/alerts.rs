//! The alerts ask for metrics that the server has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_metric_of_an_alert_is_one_of_the_server() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the project");
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    let metrics = read("hosts/server/src/observe/metrics.rs");
    let alerts = read("deploy/alerts.yml");
    let words = alerts.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("pik_")).collect();
    assert!(named.len() > 5, "{named:?}");
    for name in named {
        let family = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(metrics.contains(&format!("\"{family}\"")), "no metric is called `{name}`");
    }
}
