//! `arrived FILE.sqlite < LINES`: stores events as if they had arrived in the past. A line is an ingest time, a space and an
//! event. Whoever shows lags needs some that were not made within a second.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

use std::io::{self, BufRead};

use futures_executor::block_on;
use pik_core::{Event, Receipt, Store, Submission};
use pik_sqlite::{Options, SqliteStore};

/// What is written at once.
const BATCH: usize = 1_000;

fn main() {
    let store = SqliteStore::open(std::env::args_os().nth(1).unwrap(), Options::default()).unwrap();
    let mut batch = Vec::with_capacity(BATCH);
    for (number, line) in io::stdin().lock().lines().map(Result::unwrap).enumerate() {
        let (ingest_time, event) = line.split_once(' ').unwrap();
        let receipt = Receipt::new("arrived", number as u64, 0);
        batch.push(Submission::new(&Event::parse(event.as_bytes()).unwrap(), ingest_time.parse().unwrap(), receipt));
        if batch.len() == BATCH {
            store_all(&store, std::mem::take(&mut batch));
        }
    }
    store_all(&store, batch);
}

fn store_all(store: &SqliteStore, batch: Vec<Submission>) {
    for answer in block_on(store.ingest_batch(batch)) {
        answer.unwrap();
    }
}
