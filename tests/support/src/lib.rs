#![doc = include_str!("../README.md")]

mod patience;
mod port;
mod program;
mod server;
mod terminal;

pub use patience::{PATIENCE, wait_until};
pub use port::free_ports;
pub use program::{Program, bound_to_us};
pub use rustix::process::Signal;
pub use server::Server;
pub use terminal::{shown_on_a_terminal, told_on_a_terminal};
