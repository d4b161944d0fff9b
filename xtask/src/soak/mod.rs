//! Mixed load for a long time, with restarts, backups, questions, SIGKILLs and a full disk in between.
//!
//! Each client sends an event until it is answered, so what was answered is known without a list. At the end all of it must
//! be in the store, and in the last backup what was answered before that. In calm times no request may fail.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use pik_test_support::{Server, Signal, free_ports, wait_until};

use crate::command::{Run, cargo, program, tell};
use crate::workspace;

mod calm;
mod connection;
mod disk;
mod load;
mod size;

use calm::Calm;
use disk::Disk;
use load::Load;
use size::Size;

/// How long anything may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// The share of the time that goes by without a disturbance: memory and descriptors must stay flat then.
const STEADY: f64 = 0.4;

/// Keep a server under mixed load, disturb it, and look for what is lost.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, in minutes
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,

    /// The port that the server listens at; a free one if nothing is said
    #[arg(long)]
    port: Option<u16>,

    /// Where clients connect, if a proxy stands before the server
    #[arg(long, value_name = "ADDRESS:PORT", requires = "port")]
    through: Option<SocketAddr>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    cargo().args(["build", "--release", "--quiet", "--package", "pik"]).run()?;
    let time = Duration::try_from_secs_f64(args.minutes * 60.0)?;
    let port = match args.port {
        Some(port) => port,
        None => free_ports::<1>()?[0],
    };
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    soak(&workspace::target().join("release/pik"), server, args.through.unwrap_or(server), time).map(tell)
}

/// Soaks a server for so long, and tells what it took. Anything lost or failed is an error.
pub(crate) fn soak(pik: &Path, address: SocketAddr, through: SocketAddr, time: Duration) -> Result<String> {
    let folder = workspace::target().join("soak");
    let disk = Disk::new(&folder, time)?;
    let calm = Calm::default();
    let load = Load::new(through, &calm);
    let mut soak = Soak {
        pik,
        address,
        data: disk.data(),
        server: None,
        calm: &calm,
        load: &load,
        disk: &disk,
        done: Done::default(),
    };
    soak.start()?;
    let start = Instant::now();
    thread::scope(|scope| {
        load.start(scope);
        let disturbed = soak.steady(time.mul_f64(STEADY)).and_then(|()| soak.disturb(start, time, &folder));
        load.stop();
        disturbed
    })?;
    soak.check(&folder)?;
    Ok(format!("{}, {}", load.told(), soak.done.told()))
}

/// What was done to the server.
#[derive(Default)]
struct Done {
    restarts: usize,
    kills: usize,
    backups: usize,
    full_disks: usize,
    memory: String,
}

impl Done {
    fn told(&self) -> String {
        let Self { restarts, kills, backups, full_disks, memory } = self;
        format!("{restarts} restarts, {kills} SIGKILLs, {backups} backups, {full_disks} full disks; {memory}")
    }
}

struct Soak<'a> {
    pik: &'a Path,
    address: SocketAddr,
    data: std::path::PathBuf,
    server: Option<Server>,
    calm: &'a Calm,
    load: &'a Load<'a>,
    disk: &'a Disk,
    done: Done,
}

impl Soak<'_> {
    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program(self.pik);
        command.args(arguments).arg("--data").arg(&self.data);
        command
    }

    fn start(&mut self) -> Result<()> {
        let listen = self.address.to_string();
        // The disk is to be full to its last byte.
        let arguments = ["serve", "--listen", &listen, "--min-free-bytes", "0", "--log-level", "error"];
        self.server = Some(Server::start(self.command(&arguments).stderr(Stdio::null()))?);
        Ok(())
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("a server runs between the disturbances")
    }

    /// Nothing but load. Memory and descriptors are looked at once they have settled.
    fn steady(&mut self, time: Duration) -> Result<()> {
        tell(format_args!("steady load for {} s", time.as_secs()));
        thread::sleep(time / 4);
        let early = Size::most_within(self.server().id(), time / 4)?;
        thread::sleep(time / 4);
        let late = Size::most_within(self.server().id(), time / 4)?;
        self.done.memory = format!("{early} early in the steady load, {late} late");
        if late.grew_since(&early) {
            bail!("memory or descriptors grow under steady load: {}", self.done.memory);
        }
        self.calm.verdict()
    }

    fn disturb(&mut self, start: Instant, time: Duration, folder: &Path) -> Result<()> {
        while start.elapsed() < time || self.done.kills == 0 {
            for _ in 0..3 {
                let mut idle = connection::idle(self.address)?;
                self.server().signal(Signal::USR2)?;
                anyhow::ensure!(idle.read(&mut [0])? == 0, "an idle connection hears something");
                self.load.goes_on()?;
                self.done.restarts += 1;
            }
            self.back_up(folder)?;
            if self.disk.can_be_filled() {
                self.fill_the_disk()?;
            }
            self.kill()?;
            self.calm.verdict()?;
            tell(format_args!("{} s: {}, {}", start.elapsed().as_secs(), self.load.told(), self.done.told()));
        }
        Ok(())
    }

    fn back_up(&mut self, folder: &Path) -> Result<()> {
        let file = folder.join("backup.sqlite");
        if file.exists() {
            std::fs::remove_file(&file)?;
        }
        self.load.mark();
        self.command(&["backup"]).arg(&file).stderr(Stdio::null()).run()?;
        self.done.backups += 1;
        Ok(())
    }

    fn fill_the_disk(&mut self) -> Result<()> {
        let rough = self.calm.disturb();
        self.disk.fill()?;
        wait_until("the server does not notice the full disk", PATIENCE, || Ok(!self.load.is_ready()))?;
        self.disk.make_room()?;
        wait_until("the server is not ready again", PATIENCE, || Ok(self.load.is_ready()))?;
        self.load.goes_on()?;
        drop(rough);
        self.done.full_disks += 1;
        Ok(())
    }

    fn kill(&mut self) -> Result<()> {
        let rough = self.calm.disturb();
        self.server().signal(Signal::KILL)?;
        if let Some(server) = self.server.take() {
            server.end()?;
        }
        self.start()?;
        self.load.goes_on()?;
        drop(rough);
        self.done.kills += 1;
        Ok(())
    }

    /// The store has every event that was answered, and the last backup those that were answered before it.
    fn check(&mut self, folder: &Path) -> Result<()> {
        self.calm.verdict()?;
        self.server().signal(Signal::TERM)?;
        if let Some(server) = self.server.take() {
            let (status, _) = server.end()?;
            if !status.success() {
                bail!("the server ended with {status}");
            }
        }
        self.command(&["verify"]).run()?;
        let answered = folder.join("answered.ndjson");
        self.load.write_answered(&answered)?;
        self.command(&["compare"]).arg(&answered).stdout(Stdio::null()).run()?;
        let marked = folder.join("marked.ndjson");
        self.load.write_marked(&marked)?;
        let restored = folder.join("restored");
        program(self.pik).arg("restore").arg("--data").arg(&restored).arg(folder.join("backup.sqlite")).run()?;
        program(self.pik).arg("compare").arg(&marked).arg("--data").arg(&restored).stdout(Stdio::null()).run()
    }
}
