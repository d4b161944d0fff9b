//! Batches of rows become events, on several threads and in their order.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};
use pik_core::Event;

use super::plan::Plan;
use super::record::Record;
use super::row::Line;
use super::rows::{Batch, Rows};
use super::table_cells::Cells;
use crate::output::{Place, print_problems};
use crate::terminal::plain;

/// What came of a batch of rows.
#[derive(Default)]
pub(crate) struct Converted {
    /// Events, one a line.
    pub(crate) events: Vec<u8>,
    pub(crate) converted: u64,
    /// What is wrong with the refused rows, one a line.
    pub(crate) problems: Vec<u8>,
    /// The refused rows as they were, each with a line end.
    pub(crate) rejected: Vec<u8>,
    pub(crate) refused: u64,
    /// How much of the file this was.
    pub(crate) bytes_read: u64,
}

/// The batches in their order, as they become ready.
pub(crate) struct Conversion {
    workers: Vec<Receiver<Result<Converted>>>,
    turn: usize,
    threads: Vec<JoinHandle<()>>,
}

impl Conversion {
    /// Starts to read and convert; `file` is its name in messages. Threads end by themselves when this is dropped.
    pub(crate) fn start(mut rows: Rows, plan: &Arc<Plan>, file: &Arc<str>) -> Self {
        let delimiter = rows.delimiter();
        let count = thread::available_parallelism().map_or(1, usize::from);
        let (mut inputs, mut workers, mut threads) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let (input, batches) = sync_channel(1);
            let (output, converted) = sync_channel(1);
            let worker = Worker { plan: Arc::clone(plan), file: Arc::clone(file), cells: delimiter.map(Cells::new) };
            threads.push(thread::spawn(move || worker.run(&batches, &output)));
            inputs.push(input);
            workers.push(converted);
        }
        threads.push(thread::spawn(move || {
            for input in inputs.iter().cycle() {
                let batch = rows.next();
                let is_last = matches!(batch, Err(_) | Ok(None));
                let Some(batch) = batch.transpose() else { return };
                if input.send(batch).is_err() || is_last {
                    return;
                }
            }
        }));
        Self { workers, turn: 0, threads }
    }

    /// What came of the next rows; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Converted>> {
        let next = self.workers[self.turn].recv();
        self.turn = (self.turn + 1) % self.workers.len();
        let Ok(converted) = next else {
            // None of them waits for us now.
            self.workers.clear();
            let mut threads = self.threads.drain(..);
            return match threads.any(|thread| thread.join().is_err()) {
                true => Err(anyhow!("a thread that converts has failed; this is a fault of the program")),
                false => Ok(None),
            };
        };
        converted.map(Some)
    }
}

struct Worker {
    plan: Arc<Plan>,
    file: Arc<str>,
    /// Of a table.
    cells: Option<Cells>,
}

impl Worker {
    fn run(mut self, batches: &Receiver<Result<Batch>>, output: &SyncSender<Result<Converted>>) {
        for batch in batches {
            if output.send(batch.map(|batch| self.convert(&batch))).is_err() {
                return;
            }
        }
    }

    fn convert(&mut self, batch: &Batch) -> Converted {
        let mut done = Converted { bytes_read: batch.bytes_read, ..Converted::default() };
        done.events.reserve(batch.bytes.len() * 4);
        for row in &batch.rows {
            let raw = &batch.bytes[row.range.clone()];
            let start = done.events.len();
            let written = match &row.problem {
                Some(problem) => Err(problem.clone()),
                None => self.write(raw, &mut done.events),
            };
            let place = || Place { file: Arc::clone(&self.file), line: row.line };
            let checked = written.map(|line| match line {
                Line::Sound => {
                    debug_assert_eq!(Event::check(&done.events[start..]), Ok(()), "a line was taken for sound");
                    Ok(())
                }
                Line::Unchecked => Event::check(&done.events[start..]),
            });
            match checked {
                Ok(Ok(())) => {
                    done.events.push(b'\n');
                    done.converted += 1;
                    continue;
                }
                Ok(Err(rejection)) => {
                    print_problems(&mut done.problems, &place(), &rejection).expect("memory takes text");
                }
                Err(problem) => {
                    done.problems.extend_from_slice(plain(&place().problem(&problem)).as_bytes());
                    done.problems.push(b'\n');
                }
            }
            done.events.truncate(start);
            done.refused += 1;
            done.rejected.extend_from_slice(raw);
            done.rejected.push(b'\n');
        }
        done
    }

    fn write(&mut self, row: &[u8], line: &mut Vec<u8>) -> Result<Line, String> {
        let record = match &mut self.cells {
            Some(cells) => cells.read(row),
            None => Record::object(row)?,
        };
        if let (Some(cells), Record::Cells { spans, .. }) = (self.plan.cells, &record)
            && cells != spans.len()
        {
            return Err(format!("the row has {} cells, the header {cells}", spans.len()));
        }
        self.plan.note(&record);
        self.plan.write(&record, line)
    }
}
