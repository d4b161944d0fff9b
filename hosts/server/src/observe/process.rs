//! What the kernel knows of this process, under the names that every Prometheus client has for it.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use procfs::process::{LimitValue, Process as Kernel};
use procfs::{ProcResult, page_size, ticks_per_second};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};

/// Looked up at each scrape, under `/proc/self` alone: a hardened unit shows no more of `/proc`.
pub(super) struct Process {
    /// Two scrapes at once would count the same processor time twice.
    looking: Mutex<()>,
    cpu: Counter,
    resident: Gauge,
    open_files: Gauge,
    max_files: Gauge,
    threads: Gauge,
    start: Gauge,
}

impl Process {
    /// It starts now, by its own clock.
    pub(super) fn new() -> prometheus::Result<Self> {
        let start = Gauge::new("process_start_time_seconds", "When the server began, in seconds since 1970")?;
        start.set(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));
        Ok(Self {
            looking: Mutex::default(),
            cpu: Counter::new("process_cpu_seconds_total", "Processor time, of the program and of the kernel for it")?,
            resident: Gauge::new("process_resident_memory_bytes", "Memory that is in use and not swapped out")?,
            open_files: Gauge::new(
                "process_open_fds",
                "Open file descriptors: connections, files, a few of the runtime",
            )?,
            max_files: Gauge::new("process_max_fds", "How many file descriptors may be open")?,
            threads: Gauge::new("process_threads", "Threads")?,
            start,
        })
    }

    fn look(&self) -> ProcResult<()> {
        let kernel = Kernel::myself()?;
        let stat = kernel.stat()?;
        let cpu = (stat.utime + stat.stime) as f64 / ticks_per_second() as f64;
        let _alone = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        self.cpu.inc_by((cpu - self.cpu.get()).max(0.0));
        self.resident.set((stat.rss * page_size()) as f64);
        self.threads.set(stat.num_threads as f64);
        self.open_files.set(kernel.fd_count()? as f64);
        self.max_files.set(match kernel.limits()?.max_open_files.soft_limit {
            LimitValue::Value(most) => most as f64,
            LimitValue::Unlimited => f64::INFINITY,
        });
        Ok(())
    }

    fn parts(&self) -> [&dyn Collector; 6] {
        [&self.cpu, &self.resident, &self.open_files, &self.max_files, &self.threads, &self.start]
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Where the kernel does not tell, there is nothing to tell.
        if self.look().is_err() {
            return self.start.collect();
        }
        self.parts().into_iter().flat_map(Collector::collect).collect()
    }
}
