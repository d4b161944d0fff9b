//! The installer for shells, which knows the sums of the archives.

use std::fs;

use anyhow::{Result, bail};

use super::{Release, Target};
use crate::workspace;

pub(super) fn write(release: &Release, releases: &str, sums: &[(Target, String)]) -> Result<()> {
    let mut script = fs::read_to_string(workspace::root().join("deploy/install.sh"))?;
    let mut fill = |name: &str, value: &str| {
        if !script.contains(name) {
            bail!("deploy/install.sh has no {name}");
        }
        script = script.replace(name, value);
        Ok(())
    };
    fill("@VERSION@", release.version)?;
    fill("@RELEASES@", releases)?;
    for (target, name) in [(Target::X86_64, "@SUM_X86_64@"), (Target::Aarch64, "@SUM_AARCH64@")] {
        let sum = sums.iter().find(|(summed, _)| *summed == target);
        fill(name, sum.map_or("", |(_, sum)| sum))?;
    }
    Ok(fs::write(release.out.join("install.sh"), script)?)
}
