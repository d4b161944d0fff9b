//! The lists of checks.

use crate::sample::Sample;
use crate::{Bench, Report, SplitBench, batch, dry_run, extremes, halves, occurrence, race, raw_bytes};

/// Runs what every store must pass, or the one check that is named.
pub async fn run<B: Bench>(bench: &mut B, nonce: u64, only: Option<&str>) -> Report {
    let s = |check| Sample::new(check, nonce);
    let mut r = Report::new(only);
    let b = &*bench;
    r.check("ready", occurrence::ready(b)).await;
    r.check("first_then_duplicate", occurrence::first_then_duplicate(b, s("first_then_duplicate"))).await;
    r.check("records_complete", occurrence::records_complete(b, s("records_complete"))).await;
    r.check("same_request_and_instant", occurrence::same_request_and_instant(b, s("same_request"))).await;
    r.check("other_day_keeps_key", occurrence::other_day_keeps_key(b, s("other_day"))).await;
    r.check("other_events_stay_apart", occurrence::other_events_stay_apart(b, s("stay_apart"))).await;
    r.check("unknown", occurrence::unknown(b, s("unknown"))).await;
    r.check("other_spelling", raw_bytes::other_spelling(b, s("other_spelling"))).await;
    r.check("odd_bytes", raw_bytes::odd_bytes(b, s("odd_bytes"))).await;
    r.check("largest_body", raw_bytes::largest_body(b, s("largest_body"))).await;
    r.check("race", race::one_event(b, s("race"))).await;
    r.check("race_of_several_events", race::several_events(b, s("race_of_several"))).await;
    r.check("race_of_batches", race::batches(b, s("race_of_batches"))).await;
    r.check("batch_mixed", batch::mixed(b, s("batch_mixed"))).await;
    r.check("batch_of_none", batch::of_none(b)).await;
    r.check("batch_of_one", batch::of_one(b, s("batch_of_one"))).await;
    r.check("batch_of_1000", batch::of_1000(b, s("batch_of_1000"))).await;
    r.check("dry_run", dry_run::writes_nothing(b, s("dry_run"))).await;
    r.check("far_times", extremes::far_times(b, s("far_times"))).await;
    r.check("negative_lags", extremes::negative_lags(b, s("negative_lags"))).await;
    r.check("odd_keys", extremes::odd_keys(b, s("odd_keys"))).await;
    r.check("longest_members", extremes::longest_members(b, s("longest_members"))).await;
    r.check("reopen", occurrence::survive_reopening(bench, s("reopen"))).await;
    r
}

/// Runs what each half of a split store must pass, or the one check that is named: that the calls are what the
/// exhaustive check of [`pik_core::ingest`] takes them to be.
pub async fn run_split<B: SplitBench>(bench: &B, nonce: u64, only: Option<&str>) -> Report {
    let s = |check| Sample::new(check, nonce);
    let mut r = Report::new(only);
    r.check("claim", halves::claim(bench, s("claim"))).await;
    r.check("create", halves::create(bench, s("create"))).await;
    r.check("commit", halves::commit(bench, s("commit"))).await;
    r.check("commit_without_claim", halves::commit_without_claim(bench, s("commit_without_claim"))).await;
    r.check("duplicate_repeated", halves::duplicate_repeated(bench, s("duplicate_repeated"))).await;
    r.check("race_of_claims", halves::race_of_claims(bench, s("race_of_claims"))).await;
    r.check("race_of_creates", halves::race_of_creates(bench, s("race_of_creates"))).await;
    r.check("race_of_commits", halves::race_of_commits(bench, s("race_of_commits"))).await;
    r.check("died_after_claim", halves::died_after_claim(bench, s("died_after_claim"))).await;
    r.check("died_after_create", halves::died_after_create(bench, s("died_after_create"))).await;
    r
}
