//! The events of the benchmarks, and what they cost.

use std::collections::BTreeMap;

use pik_core::{Event, IngestTime, Receipt, Submission};

const FIRST_MS: u64 = 1_767_000_000_000;

// SplitMix64: distinct numbers in, well-mixed numbers out.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An event of 100,000 entities, ten types and the ten days before it arrives.
pub(crate) fn submission(number: u64) -> Submission {
    let random = mix(number);
    let ingest_ms = FIRST_MS + number / 50;
    let event_ms = ingest_ms - random % 864_000_000;
    let event_time = IngestTime::from_unix_ms(event_ms as i64).unwrap();
    let body = format!(
        concat!(
            r#"{{"source":"bench","event_type":"type_{}","entity_id":"user_{}","event_time":"{}","payload":"#,
            r#"{{"number":{},"trace":"{:016x}","page":"/products/chairs/oak","browser":"Firefox 145","locale":"de-CH","#,
            r#""viewport":{{"width":1440,"height":900}},"experiment":"b","latency_ms":12.25}}}}"#
        ),
        random % 10,
        (random >> 8) % 100_000,
        event_time,
        number,
        random
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    let ingest_time = IngestTime::from_unix_ms(ingest_ms as i64).unwrap();
    let request_id = format!("{:016x}{:016x}", random, mix(random));
    Submission::new(&event, ingest_time, Receipt::new(&request_id, random, 0))
}

pub(crate) fn submissions(from: u64, count: u64) -> Vec<Submission> {
    (from..from + count).map(submission).collect()
}

/// The most memory that was resident so far, in KiB, the events that are made beforehand included; 0 where there is no /proc.
#[allow(dead_code, reason = "not every benchmark asks")]
pub(crate) fn resident() -> u64 {
    memory("VmHWM:")
}

/// How much memory is resident now, in KiB; 0 where there is no /proc.
#[allow(dead_code, reason = "not every benchmark asks")]
pub(crate) fn resident_now() -> u64 {
    memory("VmRSS:")
}

fn memory(label: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The processor time of this process so far by thread, in ticks of 10 ms as proc(5) has it; none where there is no
/// /proc.
pub(crate) fn cpu_time() -> BTreeMap<String, u64> {
    let mut threads = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')) else { continue };
        let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        *threads.entry(name.to_owned()).or_default() += ticks;
    }
    threads
}
