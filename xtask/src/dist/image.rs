//! `cargo xtask image`: images of what `cargo xtask dist` built, without a daemon.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::{Target, VERSION, archive, epoch, out};
use crate::command::Run;
use crate::setup::apt;
use crate::workspace;

/// The system packages that images are made with.
pub(crate) const PACKAGES: [&str; 2] = ["buildah", "ca-certificates"];

/// Where Debian and Ubuntu keep the certificates of the authorities that they trust.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Put each program that `cargo xtask dist` built into an image, as an archive for `docker load`.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    let targets: Vec<Target> =
        Target::value_variants().iter().copied().filter(|target| context(*target).join("pik").is_file()).collect();
    if targets.is_empty() {
        bail!("there is no program to put into an image; run `cargo xtask dist` first");
    }
    for target in targets {
        let name = build(target)?;
        let tar = out().join(format!("pik-{VERSION}-image-{}.tar", target.short_name()));
        if tar.exists() {
            fs::remove_file(&tar)?;
        }
        let archive = format!("docker-archive:{}:pik:{VERSION}", tar.display());
        buildah()?.args(["push", &name, &archive]).run()?;
        remove(&name)?;
        // Root wrote it for itself.
        fs::copy(&tar, tar.with_extension("copy"))?;
        fs::rename(tar.with_extension("copy"), &tar)?;
        archive::gzip(&tar)?;
    }
    archive::sum_all(&out())
}

/// The folder that a target's image is built from.
fn context(target: Target) -> PathBuf {
    workspace::target().join("dist/image").join(target.short_name())
}

/// Lays a program where `deploy/Dockerfile` expects it.
pub(super) fn lay_out(target: Target, program: &Path) -> Result<()> {
    let folder = context(target);
    fs::create_dir_all(&folder)?;
    fs::copy(program, folder.join("pik"))?;
    let all = folder.parent().context("a target's folder lies in another")?;
    fs::create_dir_all(all.join("empty"))?;
    Ok(())
}

/// Builds the image of a target in this machine's own storage, and returns its name there.
pub(crate) fn build(target: Target) -> Result<String> {
    apt::install("image", &PACKAGES)?;
    let folder = workspace::target().join("dist/image");
    fs::copy(CERTIFICATES, folder.join("ca-certificates.crt"))
        .with_context(|| format!("{CERTIFICATES} is what the image trusts"))?;
    let name = format!("localhost/pik:{VERSION}-{}", target.short_name());
    let platform = format!("linux/{}", target.short_name());
    // The format that knows HEALTHCHECK. Nothing runs while it is built, so any machine's image can be.
    buildah()?
        .args(["build", "--isolation", "chroot", "--format", "docker", "--timestamp"])
        .args([&epoch()?, "--platform", &platform, "--build-arg", &format!("VERSION={VERSION}"), "--tag", &name])
        .args(["--file", "deploy/Dockerfile"])
        .arg(&folder)
        .run()?;
    Ok(name)
}

/// buildah, with a storage that works within containers and virtual machines too.
pub(crate) fn buildah() -> Result<Command> {
    let mut buildah = apt::root("buildah")?;
    buildah.args(["--storage-driver", "vfs"]);
    Ok(buildah)
}

/// Removes an image from this machine's storage.
pub(crate) fn remove(name: &str) -> Result<()> {
    buildah()?.args(["rmi", name]).run()
}
