//! What a request says: its headers, its parameters, its body.

pub(crate) mod body;
pub(crate) mod body_budget;
pub(crate) mod cors;
pub(crate) mod cursor;
mod edge;
pub(crate) mod encoding;
mod gathered;
pub(crate) mod inflate;
pub(crate) mod media;
pub(crate) mod mistaken;
pub(crate) mod origin;
pub(crate) mod parameters;
pub(crate) mod question;
pub(crate) mod rejection_question;
pub(crate) mod tokens;
pub(crate) mod traceparent;

pub use edge::X_PIK_EVENT_ID;
pub(crate) use edge::other_id;
