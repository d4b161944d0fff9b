//! The Router from outside: a request in, an answer out.

mod ingest;
mod service;
