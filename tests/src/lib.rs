//! What the suites that cross crates or targets share: the vectors, events from a seed, and second opinions.

pub mod event_value;
pub mod json;
pub mod opinion;
pub mod random_event;
pub mod spelling;
pub mod split_mix;
pub mod vector;
