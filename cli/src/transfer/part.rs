//! Files that are not whole yet.

use std::fs::{File, TryLockError};
use std::io;

use pik_core::EventId;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;

/// The name of an event's file while it is written. `number` tells runs apart.
pub(super) fn name(id: &EventId, number: u32) -> String {
    format!(".{id}.{number}.part")
}

/// Whether a name is one of ours for a file that is not whole.
pub(super) fn is_name(name: &str) -> bool {
    let inside = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part"));
    let Some((id, number)) = inside.and_then(|inside| inside.split_once('.')) else { return false };
    id.parse::<EventId>().is_ok() && number.parse::<u32>().is_ok()
}

/// Removes what killed runs left in a folder. A run that is under way has locked its files.
pub(super) fn clean(folder: &OwnedFd) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_str().is_ok_and(is_name) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(folder, name, flags, Mode::empty()) {
            // Gone, or a link that is not ours.
            Err(Errno::NOENT | Errno::LOOP) => continue,
            opened => File::from(opened?),
        };
        match file.try_lock() {
            Ok(()) => match unlinkat(folder, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            },
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_leftovers() {
        let id: EventId = "0".repeat(64).parse().unwrap();
        assert!(is_name(&name(&id, 7)));
        for other in ["notes.part", ".part", &format!("event_id={id}.json"), &format!(".{id}.part"), ".a.1.part"] {
            assert!(!is_name(other), "{other}");
        }
    }
}
