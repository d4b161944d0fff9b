//! Running other programs: shown before they run, named when they fail.
//!
//! What a thread's programs print goes to the terminal, or to the file that [`log_to`] named: suites that run beside
//! each other have a log each.

use std::cell::RefCell;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace;

thread_local! {
    static LOG: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// From now on, what this thread and its programs print goes into this file.
pub(crate) fn log_to(file: File) {
    LOG.set(Some(file));
}

/// Prints a line.
pub(crate) fn tell(line: impl Display) {
    LOG.with_borrow_mut(|log| match log {
        // A full disk fails the suite soon enough.
        Some(log) => drop(writeln!(log, "{line}")),
        None => println!("{line}"),
    });
}

/// A program that will run in the workspace's root.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    command
}

/// The cargo that runs this tool, with the toolchain that was chosen for it.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where a program lies that would be found by its name.
pub(crate) fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// What is wanted of a [`Command`] here.
pub(crate) trait Run {
    /// Runs to the end; anything but success is an error.
    fn run(&mut self) -> Result<()>;

    /// Like [`run`](Run::run), and ends the program when the time is over.
    fn run_within(&mut self, limit: Duration) -> Result<()>;

    /// Like [`run`](Run::run), handing each line of standard output on after printing it.
    fn run_reading(&mut self, line: impl FnMut(&str)) -> Result<()>;

    /// Like [`run`](Run::run), with standard output in a file.
    fn run_into(&mut self, file: &Path) -> Result<()>;

    /// Runs silently and returns what was printed on standard output.
    fn read(&mut self) -> Result<String>;

    /// The command as one would type it.
    fn shown(&self) -> String;
}

impl Run for Command {
    fn run(&mut self) -> Result<()> {
        self.run_within(Duration::MAX)
    }

    fn run_within(&mut self, limit: Duration) -> Result<()> {
        tell(format_args!("$ {}", self.shown()));
        if let Some(log) = log()? {
            self.stdout(log);
        }
        let mut child = start(self)?;
        if limit == Duration::MAX {
            return finished(self, child.wait()?);
        }
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return finished(self, status);
            }
            if start.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                bail!("`{}` took over {} s", self.shown(), limit.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn run_reading(&mut self, mut line: impl FnMut(&str)) -> Result<()> {
        tell(format_args!("$ {}", self.shown()));
        let mut child = start(self.stdout(Stdio::piped()))?;
        if let Some(stdout) = child.stdout.take() {
            for bytes in BufReader::new(stdout).split(b'\n') {
                let bytes = bytes?;
                let text = String::from_utf8_lossy(&bytes);
                tell(&text);
                line(&text);
            }
        }
        let status = child.wait()?;
        finished(self, status)
    }

    fn run_into(&mut self, file: &Path) -> Result<()> {
        tell(format_args!("$ {} > {}", self.shown(), file.display()));
        let out = File::create(file).with_context(|| file.display().to_string())?;
        let status = start(self.stdout(out))?.wait()?;
        finished(self, status)
    }

    fn read(&mut self) -> Result<String> {
        let output = self.output().with_context(|| cannot_start(self))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` ended with {}: {}", self.shown(), output.status, stderr.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn shown(&self) -> String {
        let name = Path::new(self.get_program()).file_name();
        let mut words = vec![name.unwrap_or(self.get_program()).to_string_lossy()];
        words.extend(self.get_args().map(|arg| arg.to_string_lossy()));
        words.join(" ")
    }
}

fn log() -> Result<Option<File>> {
    Ok(LOG.with_borrow(|log| log.as_ref().map(File::try_clone).transpose())?)
}

/// Starts a command, with its standard error where this thread's lines go.
fn start(command: &mut Command) -> Result<std::process::Child> {
    if let Some(log) = log()? {
        command.stderr(log).stdin(Stdio::null());
    }
    command.spawn().with_context(|| cannot_start(command))
}

fn cannot_start(command: &Command) -> String {
    format!("`{}` could not be started; is it installed?", command.get_program().to_string_lossy())
}

fn finished(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` ended with {status}", command.shown());
    }
    Ok(())
}
