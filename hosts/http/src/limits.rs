//! Limits of answers. They are part of the API: the OpenAPI document states them.

/// The records of a page when the request does not say.
pub(crate) const DEFAULT_LIMIT: usize = 100;
/// The most records of a page.
pub(crate) const MAX_LIMIT: usize = 1_000;
/// The most ids of one lookup, which an answer has records for.
pub(crate) const MAX_LOOKUP_IDS: usize = 1_000;
/// The most bytes of a body with ids: so many ids, with room for spaces.
pub(crate) const MAX_IDS_BYTES: usize = 128 * 1024;
/// The most ids whose raw objects one request asks for. A Worker may ask its services a thousand times in a request, and
/// asks twice for each.
pub(crate) const MAX_RAW_IDS: usize = 250;
/// The bytes of raw objects behind which an answer takes none more. In JSON they may be twice as many, and one of a MiB may be
/// the last of them: a function's answer has at most 6 MB.
pub(crate) const ENOUGH_RAW_BYTES: usize = 1024 * 1024;
/// The longest that a question about arrivals waits for some, in seconds. Load balancers give up after 30 or 60.
pub(crate) const MAX_WAIT: u64 = 30;
/// The most buckets of an answer: a year of hours, or 27 years of days.
pub(crate) const MAX_BUCKETS: usize = 10_000;
/// The most problems that one answer lists. After these, a rejected event lists its first problem alone: a batch of
/// nothing but mistakes would otherwise take some hundred megabytes to answer.
pub(crate) const MAX_LISTED_PROBLEMS: usize = 10_000;
