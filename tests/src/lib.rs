#![doc = include_str!("../README.md")]

pub mod event_value;
pub mod json;
pub mod opinion;
pub mod random_event;
pub mod spelling;
pub mod split_mix;
pub mod vector;
