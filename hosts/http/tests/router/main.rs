//! The Router from outside: a request in, an answer out.
#![allow(clippy::unwrap_used, reason = "all of this is tests, the functions that they share too")]

mod batch;
mod bodies;
mod codes;
mod cors;
mod dry_run;
mod edge;
mod encodings;
mod errors_page;
mod event;
mod events;
mod health;
mod host;
mod ingest;
mod lines;
mod logs;
mod lookup;
mod media_types;
mod openapi;
mod order;
mod parameters;
mod paths;
mod raw;
mod raw_many;
mod rejections;
mod request_ids;
mod service;
mod stats;
mod streams;
mod tokens;
mod waiting;
