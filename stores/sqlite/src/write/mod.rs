//! From a submission to a durable answer.

pub(crate) mod evidence;
pub(crate) mod job;
mod streams;
mod transaction;
pub(crate) mod watermark;
pub(crate) mod writer;
