//! A browser for tests.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{Step, apt, say};
use crate::command::{Run, found, program};

pub(crate) const STEP: Step =
    Step { name: "chromium", about: "Chromium with its driver, or Chrome where that is there", run };

fn run() -> Result<()> {
    browser()?;
    driver().map(|_| ())
}

/// The browser's program: `PIK_CHROMIUM`, or what is installed under one of the usual names.
pub(crate) fn browser() -> Result<PathBuf> {
    let browser = match installed() {
        Some(browser) => browser,
        None => {
            if !apt::usable() {
                bail!("there is no Chromium here; install it, or set PIK_CHROMIUM to the program of one");
            }
            apt::install(STEP.name, &["chromium"])?;
            installed().context("apt-get succeeded, but there is no program `chromium`")?
        }
    };
    let version = program(&browser).arg("--version").read()?;
    say(STEP.name, format_args!("{}, {}", browser.display(), version.trim()));
    Ok(browser)
}

/// The program through which a test runner commands the browser.
pub(crate) fn driver() -> Result<PathBuf> {
    if let Some(driver) = found("chromedriver") {
        return Ok(driver);
    }
    if !apt::usable() {
        bail!("there is no chromedriver here; install the one that fits the browser");
    }
    apt::install(STEP.name, &["chromium-driver"])?;
    found("chromedriver").context("apt-get succeeded, but there is no program `chromedriver`")
}

/// The system packages that [`browser`] and [`driver`] would install.
pub(crate) fn packages() -> Vec<&'static str> {
    let mut packages = Vec::new();
    if installed().is_none() {
        packages.push("chromium");
    }
    if found("chromedriver").is_none() {
        packages.push("chromium-driver");
    }
    packages
}

fn installed() -> Option<PathBuf> {
    let chosen = std::env::var_os("PIK_CHROMIUM").map(PathBuf::from);
    let usual = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    chosen.or_else(|| usual.into_iter().find_map(found))
}
