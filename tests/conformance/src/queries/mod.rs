//! What an investigator is answered.

pub(crate) mod arrivals;
pub(crate) mod duplicates;
pub(crate) mod entity;
pub(crate) mod ingest_meanwhile;
pub(crate) mod lag;
pub(crate) mod paging;
pub(crate) mod pending;
pub(crate) mod ranges;
pub(crate) mod reopening;
pub(crate) mod scene;
pub(crate) mod settled;
pub(crate) mod stats;
pub(crate) mod streams;
pub(crate) mod walk;
