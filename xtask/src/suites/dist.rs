//! What a release hands out: made in a cheap profile, unpacked, installed, and run where nothing else is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Suite;
use crate::command::{Run, cargo, program, tell};
use crate::dist::{self, Order, Target, VERSION, image};
use crate::setup::{self, apt};
use crate::workspace;

/// What Prometheus and Grafana are given, beside a program that is installed.
const WATCHED_BY: [&str; 2] = ["alerts.yml", "grafana-dashboard.json"];

pub(crate) const SUITE: Suite = Suite {
    name: "dist",
    about: "a static program with its archive, packages, installer and image, run in a chroot with nothing else in it",
    packages: || packages().into_iter().filter(|package| apt::version(package).is_none()).collect(),
    run,
};

fn packages() -> Vec<&'static str> {
    image::PACKAGES.into_iter().chain(["curl", "rpm", "umoci"]).collect()
}

fn run() -> Result<String> {
    let Some(target) = Target::of_this_machine() else {
        bail!("there is no release for machines like this one");
    };
    apt::install("dist", &packages())?;
    // The program is the same in both profiles, and this one is built in a fraction of the time.
    let order = Order {
        targets: vec![target],
        profile: "dev".to_owned(),
        features: String::new(),
        releases: "https://releases.example".to_owned(),
    };
    let first = fs::read(dist::make(&order)?.join("SHA256SUMS"))?;
    let out = dist::make(&order)?;
    if fs::read(out.join("SHA256SUMS"))? != first {
        bail!("packed twice, the same program gives other bytes; compare the sums above");
    }
    program("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&out).run()?;

    let folder = workspace::target().join("dist/check");
    // What root and the server wrote there.
    apt::root("rm")?.arg("-rf").arg(&folder).run()?;
    fs::create_dir_all(&folder)?;
    let name = format!("pik-{VERSION}-{}", target.triple());
    let archive = out.join(format!("{name}.tar.gz"));
    program("tar").arg("-xzf").arg(&archive).arg("-C").arg(&folder).run()?;
    let tree = folder.join(&name);
    let files = ["LICENSE-MIT", "THIRD-PARTY.txt", "pik.service", "pik.socket", "man/pik-serve.1", "completions/_pik"];
    for file in files.into_iter().chain(WATCHED_BY) {
        if fs::metadata(tree.join(file)).with_context(|| format!("{name}.tar.gz has no {file}"))?.len() == 0 {
            bail!("{file} is empty");
        }
    }
    binstall(&name)?;
    parts(&out)?;
    alone(&folder.join("alone"), &tree.join("pik"))?;
    debian(&out, target, &folder.join("deb"))?;
    red_hat(&out, target)?;
    install(&out, &name, &folder)?;
    unpacked_image(target, &folder)?;
    // What crates.io would be given; that it builds there is tried by the release itself.
    cargo().args(["publish", "--workspace", "--dry-run", "--no-verify", "--allow-dirty", "--locked"]).run()?;
    Ok(format!("one static program for {}: archive, .deb, .rpm, installer, image, list of parts", target.name()))
}

/// `cargo binstall` looks for the archive and the program under the names that they have.
fn binstall(name: &str) -> Result<()> {
    let metadata = cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo names no packages")?;
    let pik = packages.iter().find(|package| package["name"] == "pik").context("there is no package pik")?;
    let triple = Target::of_this_machine().context("this machine has releases")?.triple();
    let filled = |field: &str| {
        let text = pik["metadata"]["binstall"][field].as_str().unwrap_or_default();
        text.replace("{ version }", VERSION).replace("{ target }", triple)
    };
    if !filled("pkg-url").ends_with(&format!("/v{VERSION}/{name}.tar.gz"))
        || filled("bin-dir") != format!("{name}/{{ bin }}{{ binary-ext }}")
    {
        bail!("cli/Cargo.toml tells cargo binstall another name than {name}");
    }
    Ok(())
}

/// The list of parts is CycloneDX, by its schema.
fn parts(out: &Path) -> Result<()> {
    const CHECK: &str = "import sys; from cyclonedx.validation.json import JsonStrictValidator as V; \
         from cyclonedx.schema import SchemaVersion as S; \
         sys.exit(str(V(S.V1_5).validate_str(open(sys.argv[1]).read()) or '') or None)";
    let python = setup::python::packages()?.join("python");
    let file = out.join(format!("pik-{VERSION}.cdx.json"));
    program(python).args(["-c", CHECK]).arg(&file).run()?;
    let text = fs::read_to_string(file)?;
    for part in ["pkg:cargo/pik-core@", "pkg:cargo/libsqlite3-sys@", "pkg:cargo/tokio@"] {
        if !text.contains(part) {
            bail!("the list of parts has no {part}");
        }
    }
    Ok(())
}

/// The program serves in a folder with nothing but itself and a place for its data.
fn alone(folder: &Path, pik: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("data"))?;
    fs::copy(pik, folder.join("pik"))?;
    apt::root("chown")?.arg("65532:65532").arg(folder.join("data")).run()?;
    serve_in(folder, "/pik")
}

fn serve_in(folder: &Path, pik: &str) -> Result<()> {
    apt::root("sh")?.arg("xtask/src/suites/dist.sh").arg(folder).arg(pik).run()
}

/// The package has what it should, where Debian wants it, and a program that runs.
fn debian(out: &Path, target: Target, folder: &Path) -> Result<()> {
    let package = out.join(format!("pik_{VERSION}_{}.deb", target.short_name()));
    let field = |name: &str| program("dpkg-deb").arg("--field").arg(&package).arg(name).read();
    if (field("Version")?.trim(), field("Depends")?.trim()) != (VERSION, "") {
        bail!("the Debian package has another version, or needs others");
    }
    program("dpkg-deb").arg("--extract").arg(&package).arg(folder).run()?;
    for file in ["usr/lib/systemd/system/pik.service", "etc/pik/pik.env", "usr/share/man/man1/pik.1"] {
        fs::metadata(folder.join(file)).with_context(|| format!("the Debian package has no /{file}"))?;
    }
    for file in WATCHED_BY {
        if fs::read(folder.join("usr/share/pik").join(file))? != fs::read(workspace::root().join("deploy").join(file))?
        {
            bail!("the Debian package has another {file}");
        }
    }
    program(folder.join("usr/bin/pik")).arg("--version").run()
}

fn red_hat(out: &Path, target: Target) -> Result<()> {
    let package = out.join(format!("pik-{VERSION}-1.{}.rpm", target.name()));
    let listed = program("rpm").args(["--query", "--package", "--list", "--nosignature"]).arg(&package).read()?;
    let watched_by = WATCHED_BY.map(|file| format!("/usr/share/pik/{file}"));
    let files = ["/usr/bin/pik", "/usr/lib/systemd/system/pik.service", "/etc/pik/pik.env"];
    for file in files.into_iter().chain(watched_by.iter().map(String::as_str)) {
        if !listed.lines().any(|line| line == file) {
            bail!("the package for Red Hat has no {file}");
        }
    }
    Ok(())
}

/// The installer installs what it knows the sum of, and nothing else.
fn install(out: &Path, name: &str, folder: &Path) -> Result<()> {
    let prefix = folder.join("prefix");
    let installer = |releases: &Path| -> Command {
        let mut command = program("sh");
        command.arg(out.join("install.sh")).env("PIK_PREFIX", &prefix);
        command.env("PIK_RELEASES", format!("file://{}", releases.display()));
        command
    };
    // One bit of the archive is another.
    let bad = folder.join("mirror");
    fs::create_dir_all(&bad)?;
    let archive = format!("{name}.tar.gz");
    let mut bytes = fs::read(out.join(&archive))?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(bad.join(&archive), bytes)?;
    for (releases, reason) in [(bad, "nothing was installed"), (folder.join("nowhere"), "cannot fetch")] {
        let output = installer(&releases).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        tell(&said);
        if output.status.success() || !said.contains(reason) || prefix.exists() {
            bail!("the installer takes an archive that it should refuse");
        }
    }
    installer(out).run()?;
    // Over one that is there, as an upgrade does.
    installer(out).run()?;
    let shown = program(prefix.join("bin/pik")).arg("--version").read()?;
    if shown.trim() != format!("pik {VERSION}") || !prefix.join("share/man/man1/pik-send.1").is_file() {
        bail!("the installer installed something else");
    }
    for file in WATCHED_BY {
        fs::metadata(prefix.join("share/pik").join(file)).with_context(|| format!("the installer left {file} away"))?;
    }
    Ok(())
}

/// The image is built without a daemon, says what it should, and its files alone are enough to serve.
fn unpacked_image(target: Target, folder: &Path) -> Result<()> {
    let name = image::build(target)?;
    let checked = config_and_files(&name, folder);
    image::remove(&name)?;
    let files = checked?;
    // What a container's engine makes of VOLUME, with the owner that the image names.
    serve_in(&files, "/usr/bin/pik")
}

fn config_and_files(name: &str, folder: &Path) -> Result<PathBuf> {
    let shown = image::buildah()?.args(["inspect", "--type", "image", name]).read()?;
    let shown: serde_json::Value = serde_json::from_str(&shown)?;
    let config = &shown["Docker"]["config"];
    tell(format_args!("{config:#}"));
    let variables = config["Env"].to_string();
    if config["User"] != "65532:65532"
        || config["Healthcheck"]["Test"] != serde_json::json!(["CMD", "/usr/bin/pik", "health"])
        || !variables.contains("PIK_LISTEN=0.0.0.0:8080")
        || variables.contains("PIK_DATA")
    {
        bail!("the image's settings are not those of deploy/Dockerfile");
    }
    let layout = folder.join("oci");
    image::buildah()?.args(["push", "--format", "oci", name, &format!("oci:{}:pik", layout.display())]).run()?;
    let bundle = folder.join("image");
    apt::root("umoci")?.args(["unpack", "--image", &format!("{}:pik", layout.display())]).arg(&bundle).run()?;
    let files = bundle.join("rootfs");
    let listed = apt::root("find")?.arg(&files).args(["-type", "f", "-printf", "/%P\\n"]).read()?;
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    if listed != ["/etc/ssl/certs/ca-certificates.crt", "/usr/bin/pik"] {
        bail!("the image has other files than it should: {listed:?}");
    }
    Ok(files)
}
