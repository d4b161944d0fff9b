//! What is done with refused bodies that were kept.

mod export;
mod fix;
mod resend;

pub(crate) use export::Export;
pub(crate) use resend::Resend;
