//! What is sent back: answers, refusals, and the JSON of both.

pub(crate) mod answer;
pub(crate) mod batch_answer;
mod host_fault;
pub(crate) mod json;
pub(crate) mod refusal;
pub(crate) mod rejection_schemas;
mod reply;
pub(crate) mod schemas;

pub use host_fault::HostFault;
pub(crate) use refusal::Refusal;
pub(crate) use reply::Reply;
