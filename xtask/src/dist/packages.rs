//! Packages for Debian's and Red Hat's package managers.

use std::path::Path;

use anyhow::Result;

use super::{Release, Target};
use crate::command::{Run, program};
use crate::setup;

/// Makes a `.deb` and a `.rpm` of a target's folder, as `deploy/packages/nfpm.yaml` says.
pub(super) fn make(release: &Release, target: Target, tree: &Path) -> Result<()> {
    let nfpm = setup::python::packages()?.join("nfpm");
    for format in ["deb", "rpm"] {
        program(&nfpm)
            .args(["package", "--packager", format, "--config"])
            .arg("deploy/packages/nfpm.yaml")
            .arg("--target")
            .arg(&release.out)
            .env("PIK_TREE", tree)
            .env("PIK_VERSION", release.version)
            .env("PIK_ARCHITECTURE", target.short_name())
            .env("SOURCE_DATE_EPOCH", &release.epoch)
            .run()?;
    }
    Ok(())
}
