//! The signals that end the server, and the one that must not.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::TokensFile;
use crate::tokens_file::LOOK_EVERY;

/// SIGTERM and SIGINT end the server. SIGHUP, which a closing terminal sends, does not; it has the
/// tokens read again.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From here on none of them kills the process by itself.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one that ends the server, and looks after the file of tokens meanwhile.
    pub(crate) async fn next(&mut self, tokens: Option<&TokensFile>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = looks.tick(), if tokens.is_some() => if let Some(tokens) = tokens { tokens.look() },
                _ = self.hang_up.recv() => match tokens {
                    Some(tokens) => tokens.reread(),
                    None => tracing::info!(
                        "SIGHUP is ignored: settings are read at the start alone; SIGTERM ends the server"
                    ),
                },
            }
        }
    }
}
