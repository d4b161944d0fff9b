//! The lists of checks.

use crate::queries::{
    arrivals, duplicates, entity, ingest_meanwhile, lag, paging, pending, ranges, reopening, settled, stats, streams,
};
use crate::sample::Sample;
use crate::{
    Bench, QueryBench, Report, SplitBench, batch, dry_run, extremes, halves, lookup, occurrence, race, raw_bytes,
    rejections,
};

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
    r.check("lookup_of_many", lookup::of_many(b, s("lookup_of_many"))).await;
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

/// Runs what every store that answers investigators must pass, or the one check that is named.
pub async fn run_queries<B: QueryBench>(bench: &mut B, nonce: u64, only: Option<&str>) -> Report {
    let s = |check| Sample::new(check, nonce);
    let mut r = Report::new(only);
    let b = &*bench;
    r.check("entity_in_order", entity::in_order(b, s("entity_in_order"))).await;
    r.check("entity_one_instant", entity::one_instant(b, s("entity_one_instant"))).await;
    r.check("entity_bounds", entity::bounds(b, s("entity_bounds"))).await;
    r.check("entity_status", entity::status(b, s("entity_status"))).await;
    r.check("entity_odd_names", entity::odd_names(b, s("entity_odd_names"))).await;
    r.check("lag_in_order", lag::in_order(b, s("lag_in_order"))).await;
    r.check("lag_one_day", lag::one_day(b, s("lag_one_day"))).await;
    r.check("lag_odd_names", lag::odd_names(b, s("lag_odd_names"))).await;
    r.check("lag_ties", lag::ties(b, s("lag_ties"))).await;
    r.check("arrivals_in_order", arrivals::in_order(b, s("arrivals_in_order"))).await;
    r.check("arrivals_bounds", arrivals::bounds(b, s("arrivals_bounds"))).await;
    r.check("arrivals_one_moment", arrivals::one_moment(b, s("arrivals_one_moment"))).await;
    r.check("duplicates_by_arrival", duplicates::by_arrival(b, s("duplicates_by_arrival"))).await;
    r.check("duplicates_none", duplicates::none(b, s("duplicates_none"))).await;
    r.check("duplicates_one_moment", duplicates::one_moment(b, s("duplicates_one_moment"))).await;
    r.check("foreign_positions", paging::foreign_positions(b, s("foreign_positions"))).await;
    r.check("broken_positions", paging::broken_positions(b, s("broken_positions"))).await;
    r.check("meanwhile_by_entity", ingest_meanwhile::by_entity(b, s("meanwhile_by_entity"))).await;
    r.check("meanwhile_by_lag", ingest_meanwhile::by_lag(b, s("meanwhile_by_lag"))).await;
    r.check("meanwhile_by_arrival", ingest_meanwhile::by_arrival(b, s("meanwhile_by_arrival"))).await;
    r.check("meanwhile_by_event", ingest_meanwhile::by_event(b, s("meanwhile_by_event"))).await;
    r.check("settled_clock_steps_back", settled::clock_steps_back(b, s("settled_clock_steps_back"))).await;
    r.check("stats_empty", stats::empty(b, s("stats_empty"))).await;
    r.check("stats_edges", stats::edges(b, s("stats_edges"))).await;
    r.check("stats_duplicates", stats::duplicates(b, s("stats_duplicates"))).await;
    r.check("stats_percentiles", stats::percentiles(b, s("stats_percentiles"))).await;
    r.check("stats_apart", stats::apart(b, s("stats_apart"))).await;
    r.check("stats_far_times", stats::far_times(b, s("stats_far_times"))).await;
    r.check("range_scopes", ranges::scopes(b, s("range_scopes"))).await;
    r.check("range_bounds", ranges::bounds(b, s("range_bounds"))).await;
    r.check("range_duplicates", ranges::duplicates(b, s("range_duplicates"))).await;
    r.check("range_meanwhile", ranges::meanwhile(b, s("range_meanwhile"))).await;
    r.check("streams_listed", streams::listed(b, s("streams_listed"))).await;
    r.check("streams_positions", streams::positions(b, s("streams_positions"))).await;
    r.check("answers_after_reopening", reopening::same_answers(bench, s("after_reopening"))).await;
    r
}

/// Runs what a store must pass that answers ranges of event times by an index that it was not given, or the one check that is
/// named. With it, it passes [`run_queries`].
pub async fn run_without_event_times<B: QueryBench>(bench: &B, nonce: u64, only: Option<&str>) -> Report {
    let mut r = Report::new(only);
    r.check("range_without_index", ranges::without_index(bench, Sample::new("range_without_index", nonce))).await;
    r
}

/// Runs what a store must pass besides that keeps its promise of settled arrivals exactly, without a bound on clocks or
/// calls; or the one check that is named.
pub async fn run_exact_queries<B: QueryBench>(bench: &mut B, nonce: u64, only: Option<&str>) -> Report {
    let s = |check| Sample::new(check, nonce);
    let mut r = Report::new(only);
    let b = &*bench;
    r.check("settled_clock_steps_far_back", settled::clock_steps_far_back(b, s("settled_clock_steps_far_back"))).await;
    r.check("settled_readers_beside_writers", settled::readers_beside_writers(b, s("settled_beside_writers"))).await;
    r.check("settled_after_reopening", settled::after_reopening(bench, s("settled_after_reopening"))).await;
    r
}

/// Runs what queries on a store of two halves must pass besides, or the one check that is named.
pub async fn run_split_queries<B: QueryBench + SplitBench>(bench: &B, nonce: u64, only: Option<&str>) -> Report {
    let mut r = Report::new(only);
    let s = |check| Sample::new(check, nonce);
    r.check("pending_never_shown", pending::never_shown(bench, s("pending"))).await;
    r.check("settled_claim_finished_later", settled::claim_finished_later(bench, s("settled_claim"))).await;
    r.check("settled_slow_attempt", settled::slow_attempt(bench, s("settled_slow_attempt"))).await;
    r
}

/// Runs what every store must pass that keeps evidence of what was refused, or the one check that is named.
pub async fn run_rejections<B: QueryBench>(bench: &mut B, nonce: u64, only: Option<&str>) -> Report {
    let s = |check| Sample::new(check, nonce);
    let mut r = Report::new(only);
    let b = &*bench;
    r.check("rejections_complete", rejections::complete(b, s("rejections_complete"))).await;
    r.check("rejections_merged", rejections::merged(b, s("rejections_merged"))).await;
    r.check("rejections_in_order", rejections::in_order(b, s("rejections_in_order"))).await;
    r.check("rejections_filtered", rejections::filtered(b, s("rejections_filtered"))).await;
    r.check("rejections_counted", rejections::counted(b, s("rejections_counted"))).await;
    r.check("rejections_of_stream", rejections::of_stream(b, s("rejections_of_stream"))).await;
    r.check("rejections_bounded_counts", rejections::bounded_counts(b, s("rejections_bounded"))).await;
    r.check("rejections_reopened", rejections::after_reopening(bench, s("rejections_reopened"))).await;
    r
}

/// Runs what a store must pass besides that keeps its bounds on evidence exactly; or the one check that is named.
pub async fn run_bounded_rejections<B: QueryBench>(bench: &B, nonce: u64, only: Option<&str>) -> Report {
    let mut r = Report::new(only);
    r.check("rejections_evicted", rejections::evicted(bench, Sample::new("rejections_evicted", nonce))).await;
    r
}
