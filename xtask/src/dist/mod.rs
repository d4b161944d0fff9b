//! `cargo xtask dist`: what a release hands out, in `target/dist/out/`.
//!
//! The same sources make the same bytes, wherever they lie: paths are remapped, and times are that of the commit.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{Run, program};
use crate::workspace;

mod archive;
pub(crate) mod image;
mod installer;
mod linked;
mod notices;
mod packages;
mod sbom;
mod static_program;
mod target;
mod tree;

pub(crate) use target::Target;

/// Build what a release hands out: static programs, packages, sums, a list of parts.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) order: Order,
}

/// What is to be made.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Order {
    /// What to build for; this machine must be among them, as its program writes the manual pages
    #[arg(long = "target", value_enum, default_values_t = [Target::X86_64, Target::Aarch64])]
    pub(crate) targets: Vec<Target>,

    /// The profile of Cargo.toml
    #[arg(long, default_value = "release")]
    pub(crate) profile: String,

    /// The features of `pik`
    #[arg(long, default_value = "aws,otlp,parquet")]
    pub(crate) features: String,

    /// Where the files will be found, for the installer
    #[arg(long, default_value = "", value_name = "URL")]
    pub(crate) releases: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let out = make(&args.order)?;
    for file in files(&out)? {
        println!("{:>10} {}", file.metadata()?.len(), file.display());
    }
    Ok(())
}

/// What all parts of a release have in common.
pub(crate) struct Release {
    version: &'static str,
    /// The time of everything in it, in seconds since 1970.
    epoch: String,
    folder: PathBuf,
    out: PathBuf,
}

/// Makes everything anew and returns its folder.
pub(crate) fn make(order: &Order) -> Result<PathBuf> {
    let Some(own) = Target::of_this_machine().filter(|own| order.targets.contains(own)) else {
        bail!("the program that writes the manual pages would not run here; add this machine's own --target");
    };
    let (folder, out) = (workspace::target().join("dist"), out());
    for folder in [&out, &folder.join("trees"), &folder.join("image")] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
    }
    let release = Release { version: VERSION, epoch: epoch()?, folder, out };
    let mut programs = Vec::new();
    for target in &order.targets {
        let program = static_program::build(*target, order, &release)?;
        programs.push((*target, program));
    }
    let (_, writer) = programs.iter().find(|(target, _)| *target == own).context("it was just built")?;
    let pages = tree::pages(&release, writer)?;
    let linked = linked::packages(order)?;
    sbom::write(&release, &linked)?;
    let notices = notices::text(&linked)?;
    let mut sums = Vec::new();
    for (target, program) in &programs {
        let tree = tree::assemble(&release, *target, program, &pages, &notices)?;
        let archive = archive::pack(&release, &tree)?;
        sums.push((*target, archive::sum(&archive)?));
        packages::make(&release, *target, &tree)?;
        image::lay_out(*target, program)?;
    }
    installer::write(&release, &order.releases, &sums)?;
    archive::sum_all(&release.out)?;
    Ok(release.out)
}

/// The number that Cargo.toml has for all crates, this one too.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where everything is.
pub(crate) fn out() -> PathBuf {
    workspace::target().join("dist/out")
}

fn epoch() -> Result<String> {
    if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(epoch);
    }
    let epoch = program("git").args(["log", "-1", "--format=%ct"]).read();
    Ok(epoch.context("set SOURCE_DATE_EPOCH where there is no commit to take the time of")?.trim().to_owned())
}

/// The files of a folder by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.sort();
    Ok(files)
}
