//! Memory in small pages.

/// Asks the kernel for no huge pages. The allocator advises them for all it takes, and then a few live bytes keep two
/// megabytes resident: under load that is half of the server's memory. A kernel that refuses changes nothing else.
#[cfg(target_os = "linux")]
pub fn keep_small() {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Elsewhere the allocator advises no huge pages.
#[cfg(not(target_os = "linux"))]
pub fn keep_small() {}
