//! The signals that end the server or have it start again, and the one that must not.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::sockets::can_start;
use crate::watched::{LOOK_EVERY, Watched};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The end.
    Stop,
    /// The end, and a new process in the place of this one.
    Restart,
}

/// SIGTERM and SIGINT end the server, and SIGUSR2 has another one take its place. SIGHUP, which a closing terminal sends,
/// does not end it; it has the files read again.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    user_2: Signal,
}

/// Has the signals that must not end a server that is only starting change nothing, until it listens for them.
pub fn while_starting() -> io::Result<()> {
    for kind in [SignalKind::hangup(), SignalKind::user_defined2()] {
        // Nobody looks at what it notes: the start reads everything anew.
        signal_hook::flag::register(kind.as_raw_value(), Arc::default())?;
    }
    Ok(())
}

impl Signals {
    /// From here on none of them kills the process by itself.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            user_2: signal(SignalKind::user_defined2())?,
        })
    }

    /// Waits for the next one that ends the server, and looks after the files meanwhile.
    pub(crate) async fn next(&mut self, files: &[Arc<dyn Watched>]) -> Asked {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Asked::Stop,
                _ = self.interrupt.recv() => return Asked::Stop,
                _ = self.user_2.recv() => match can_restart(files).await {
                    Ok(()) => return Asked::Restart,
                    Err(error) => tracing::error!(reason = format!("{error:#}"), "no restart"),
                },
                _ = looks.tick(), if !files.is_empty() => {
                    files.iter().filter(|file| file.changed()).for_each(|file| file.reread());
                }
                _ = self.hang_up.recv() => {
                    if files.is_empty() {
                        tracing::info!(
                            "SIGHUP is ignored: settings are read at the start alone; SIGTERM ends the server"
                        );
                    }
                    files.iter().for_each(|file| file.reread());
                }
            }
        }
    }
}

/// What a process that starts now would fail for, this one goes on with.
async fn can_restart(files: &[Arc<dyn Watched>]) -> anyhow::Result<()> {
    files.iter().try_for_each(|file| file.check())?;
    can_start().await
}
