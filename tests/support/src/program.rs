//! A child process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::patience::{PATIENCE, wait_until};

/// A running program, killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    /// Reads standard error to its end, so that the program never waits for a reader.
    stderr: Option<JoinHandle<String>>,
}

impl Program {
    /// Starts a program without standard input. Its output goes where the command says.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child =
            command.stdin(Stdio::null()).spawn().with_context(|| format!("`{name}` could not be started"))?;
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // A broken pipe ends the text, as the end of the program does.
                let _ = stderr.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        Ok(Self { name, child, stdout, stderr })
    }

    /// The next line of standard output, which the command must have piped.
    pub fn line(&mut self) -> Result<String> {
        let stdout = self.stdout.as_mut().context("standard output is not piped")?;
        let mut line = String::new();
        if stdout.read_line(&mut line)? == 0 {
            let _ = self.child.kill();
            let (status, stderr) = self.ended()?;
            bail!("`{}` ended early with {status}: {stderr}", self.name);
        }
        Ok(line.trim_end().to_owned())
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits for the process to end. Returns how it ended, and its standard error if that was piped.
    pub fn end(mut self) -> Result<(ExitStatus, String)> {
        let what = format!("`{}` did not end", self.name);
        wait_until(&what, PATIENCE, || self.has_ended())?;
        self.ended()
    }

    fn ended(&mut self) -> Result<(ExitStatus, String)> {
        let status = self.child.wait()?;
        let stderr = self.stderr.take().map(|reader| reader.join().expect("the reader of standard error panicked"));
        Ok((status, stderr.unwrap_or_default()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that ends with this process, even if this process is killed. Needs `setpriv`; without it, the command
/// ends when its [`Program`] is dropped.
#[must_use]
pub fn bound_to_us(program: impl AsRef<OsStr>) -> Command {
    let has_setpriv = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|at| at.join("setpriv").is_file()));
    if !has_setpriv {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
