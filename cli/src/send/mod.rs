//! Sending events to a host, until each is settled or there is no hope.

mod batch;
mod client;
mod delivery;
mod pace;
mod report;

pub(crate) use batch::{Batch, Batcher};
pub(crate) use client::{Client, Target};
pub(crate) use delivery::Delivery;
pub(crate) use pace::Pace;
pub(crate) use report::Report;
