//! A disk of its own for the data, which can be filled.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::command::{Run, tell};
use crate::setup::apt;

/// The size of the disk in MiB, and for each second of load. It is memory, as far as it is used.
const SIZE: u64 = 512;
const SIZE_A_SECOND: u64 = 2;

/// A disk in memory, or a folder where this user may mount none.
pub(super) struct Disk {
    root: PathBuf,
    is_mounted: bool,
}

impl Disk {
    /// An empty folder, and a disk in it.
    pub(super) fn new(folder: &Path, time: Duration) -> Result<Self> {
        let root = folder.join("disk");
        if folder.exists() {
            // Of a run that was killed.
            let _ =
                apt::root("umount").and_then(|mut umount| umount.arg(&root).stderr(std::process::Stdio::null()).run());
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(&root)?;
        let options = format!("size={}m,mode=0777", SIZE + SIZE_A_SECOND * time.as_secs());
        let mount = apt::root("mount")?.args(["-t", "tmpfs", "-o", &options, "none"]).arg(&root).run();
        if let Err(error) = &mount {
            tell(format_args!("no disk that could be full: {error:#}"));
        }
        Ok(Self { root, is_mounted: mount.is_ok() })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn can_be_filled(&self) -> bool {
        self.is_mounted
    }

    /// Writes until there is no room.
    pub(super) fn fill(&self) -> Result<()> {
        let mut file = File::create(self.ballast())?;
        let zeros = vec![0; 1 << 20];
        for piece in [&zeros[..], &zeros[..512]] {
            loop {
                match file.write_all(piece) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    pub(super) fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.root.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_mounted {
            // It stays mounted, which the next run mends.
            let _ = apt::root("umount").and_then(|mut umount| umount.arg(&self.root).run());
        }
    }
}
