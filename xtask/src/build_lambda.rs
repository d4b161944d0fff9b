//! The function as Lambda takes it: `target/lambda/pik-lambda/bootstrap.zip`, where `deploy/template.yaml` looks for it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::command::{Run, program};
use crate::{setup, workspace};

/// Build the Lambda function and pack it into target/lambda/pik-lambda/bootstrap.zip.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What the function runs on; the template says arm64
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    arch: Architecture,
}

/// What a function runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    Arm64,
    X86_64,
}

impl Architecture {
    /// What a function must be built for to run here.
    pub(crate) fn of_this_machine() -> Result<Self> {
        match std::env::consts::ARCH {
            "aarch64" => Ok(Self::Arm64),
            "x86_64" => Ok(Self::X86_64),
            other => bail!("functions do not run on {other}"),
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let zip = build(args.arch)?;
    println!("{}: {} bytes for {}", zip.display(), zip.metadata()?.len(), args.arch.target());
    Ok(())
}

/// Builds the function and returns where its zip is.
pub(crate) fn build(arch: Architecture) -> Result<PathBuf> {
    let tools = setup::python::lambda_build()?;
    let target = arch.target();
    setup::standard_library::install(target)?;
    // The linker is found through the Python that it is installed in.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools.clone()].into_iter().chain(std::env::split_paths(&path)))?;
    let folder = workspace::root().join("target/lambda");
    program(tools.join("cargo-lambda"))
        .args(["lambda", "build", "--profile", "lambda", "--locked", "--package", "pik-lambda", "--target", target])
        .args(["--output-format", "zip", "--lambda-dir"])
        .arg(&folder)
        .env("PATH", path)
        .run()?;
    let zip = folder.join("pik-lambda/bootstrap.zip");
    if !zip.is_file() {
        bail!("{} is missing", zip.display());
    }
    Ok(zip)
}
