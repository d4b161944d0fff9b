//! wasm32 from Debian's packages, where rustup's server cannot be reached.
//!
//! Debian ships a compiler and the source of its standard library, but no standard library for
//! wasm32-unknown-unknown. It is built once, into a sysroot of its own beside the compiler's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::wasm_target::{TARGET, has_target};
use super::{apt, cache, say};
use crate::command::{Run, program};

/// Debian only recommends the linker, and the compiler's link to it dangles without it.
const PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];

/// The folder of the toolchain's programs, if it was built before from the packages there are now.
pub(super) fn ready() -> Result<Option<PathBuf>> {
    let sysroot = sysroot()?;
    let stamp = fs::read_to_string(sysroot.join("stamp")).unwrap_or_default();
    let bin = sysroot.join("bin");
    let ready = Some(stamp) == versions().map(|versions| stamp_of(&versions)) && has_target(&bin.join("rustc"));
    Ok(ready.then_some(bin))
}

/// Installs the packages, builds the standard library, and returns the folder of the programs.
pub(super) fn build() -> Result<PathBuf> {
    apt::install("wasm", &PACKAGES)?;
    let Some(versions) = versions() else {
        bail!("apt-get succeeded, but {} are not all there", PACKAGES.join(", "));
    };
    let sysroot = sysroot()?;
    // Built beside its place and renamed, so that a build that dies leaves nothing that looks whole.
    let work = sysroot.with_extension(format!("build-{}", std::process::id()));
    let built = build_in(&work, &sysroot).and_then(|made| {
        fs::write(made.join("stamp"), stamp_of(&versions))?;
        if sysroot.exists() {
            fs::remove_dir_all(&sysroot)?;
        }
        fs::rename(made, &sysroot)?;
        Ok(())
    });
    let cleaned = fs::remove_dir_all(&work);
    built?;
    cleaned?;
    let bin = sysroot.join("bin");
    if !has_target(&bin.join("rustc")) {
        bail!("{} was built but does not work; remove it", sysroot.display());
    }
    Ok(bin)
}

fn build_in(work: &Path, sysroot: &Path) -> Result<PathBuf> {
    say("wasm", "building the standard library, once, about a minute");
    let host = rustc_line("host: ")?;
    let release = rustc_line("release: ")?;
    let commit = rustc_line("commit-hash: ")?;
    let project = work.join("empty");
    fs::create_dir_all(project.join("src"))?;
    fs::write(project.join("Cargo.toml"), "[package]\nname = \"empty\"\nedition = \"2024\"\n[workspace]\n")?;
    fs::write(project.join("src/lib.rs"), "#![no_std]\n")?;
    let mut cargo = program("/usr/bin/cargo");
    cargo
        .current_dir(&project)
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .arg("-Zbuild-std=core,alloc,std,panic_abort,panic_unwind,proc_macro,test")
        // Without bitcode, `lto = true` fails later, at the link. The remapped path is the one that
        // the compiler itself gives the library's source.
        .env("RUSTFLAGS", format!("-Cembed-bitcode=yes --remap-path-prefix=/usr/src/rustc-{release}=/rustc/{commit}"))
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        // Keeps rustup's proxies out.
        .env("PATH", "/usr/bin:/bin");
    for name in [
        "CARGO",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "LD_LIBRARY_PATH",
        "RUSTC_WRAPPER",
        "RUSTUP_TOOLCHAIN",
    ] {
        cargo.env_remove(name);
    }
    cargo.run()?;

    let made = work.join("sysroot");
    let libraries = made.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries)?;
    let deps = work.join("target").join(TARGET).join("release/deps");
    for file in fs::read_dir(deps)? {
        let file = file?;
        let name = file.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libempty-") {
            fs::copy(file.path(), libraries.join(&name))?;
        }
    }
    // Build scripts and procedural macros run on the host and want its libraries.
    for folder in [host.as_str(), "etc"] {
        symlink(Path::new("/usr/lib/rustlib").join(folder), made.join("lib/rustlib").join(folder))?;
    }
    write_programs(&made.join("bin"), sysroot)?;
    Ok(made)
}

/// Debian's compiler takes /usr for its sysroot wherever it is called from, so it must be told. But
/// once only: rustdoc names the sysroot itself for doctests, and rustc refuses a second one.
fn write_programs(bin: &Path, sysroot: &Path) -> Result<()> {
    fs::create_dir_all(bin)?;
    for name in ["rustc", "rustdoc"] {
        let path = bin.join(name);
        fs::write(
            &path,
            format!(
                "#!/bin/sh\n\
                 for word; do case \"$word\" in --sysroot|--sysroot=*) exec /usr/bin/{name} \"$@\" ;; esac; done\n\
                 exec /usr/bin/{name} --sysroot '{}' \"$@\"\n",
                sysroot.display()
            ),
        )?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    symlink("/usr/bin/cargo", bin.join("cargo"))?;
    Ok(())
}

fn rustc_line(prefix: &str) -> Result<String> {
    let shown = program("/usr/bin/rustc").arg("-vV").read()?;
    shown
        .lines()
        .find_map(|line| line.strip_prefix(prefix))
        .map(str::to_owned)
        .with_context(|| format!("/usr/bin/rustc -vV shows no `{prefix}`"))
}

/// Those of the packages that are not installed.
pub(super) fn missing() -> Vec<&'static str> {
    PACKAGES.into_iter().filter(|package| apt::version(package).is_none()).collect()
}

/// The packages' versions: a sysroot built from others does not fit the compiler.
fn versions() -> Option<Vec<String>> {
    PACKAGES.iter().map(|package| apt::version(package)).collect()
}

fn stamp_of(versions: &[String]) -> String {
    format!("1 {}", versions.join(" "))
}

fn sysroot() -> Result<PathBuf> {
    Ok(cache::folder()?.join("wasm-debian"))
}
