//! From a submission to a durable answer.

pub(crate) mod writer;
