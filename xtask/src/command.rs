//! Running other programs: shown before they run, streamed while they run, named when they fail.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace;

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
    /// Runs to the end with our own input and output; anything but success is an error.
    fn run(&mut self) -> Result<()>;

    /// Like [`run`](Run::run), and ends the program when the time is over.
    fn run_within(&mut self, limit: Duration) -> Result<()>;

    /// Like [`run`](Run::run), handing each line of standard output on after printing it.
    fn run_reading(&mut self, line: impl FnMut(&str)) -> Result<()>;

    /// Runs silently and returns what was printed on standard output.
    fn read(&mut self) -> Result<String>;

    /// The command as one would type it.
    fn shown(&self) -> String;
}

impl Run for Command {
    fn run(&mut self) -> Result<()> {
        eprintln!("$ {}", self.shown());
        let status = self.status().with_context(|| cannot_start(self))?;
        finished(self, status)
    }

    fn run_within(&mut self, limit: Duration) -> Result<()> {
        eprintln!("$ {}", self.shown());
        let start = Instant::now();
        let mut child = self.spawn().with_context(|| cannot_start(self))?;
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
        eprintln!("$ {}", self.shown());
        let mut child = self.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(self))?;
        if let Some(stdout) = child.stdout.take() {
            for bytes in BufReader::new(stdout).split(b'\n') {
                let bytes = bytes?;
                let text = String::from_utf8_lossy(&bytes);
                println!("{text}");
                line(&text);
            }
        }
        let status = child.wait()?;
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

fn cannot_start(command: &Command) -> String {
    format!("`{}` could not be started; is it installed?", command.get_program().to_string_lossy())
}

fn finished(command: &Command, status: std::process::ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` ended with {status}", command.shown());
    }
    Ok(())
}
