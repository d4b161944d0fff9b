//! What a release is built for.

use clap::ValueEnum;

/// A machine that a release runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Target {
    #[value(name = "x86_64")]
    X86_64,
    Aarch64,
}

impl Target {
    /// The machine that this tool runs on, if releases run there.
    pub(crate) fn of_this_machine() -> Option<Self> {
        Self::value_variants().iter().copied().find(|target| target.name() == std::env::consts::ARCH)
    }

    /// As `uname -m` and Red Hat's packages name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// As Debian's packages and images name it.
    pub(crate) fn short_name(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    /// As Rust names it: with a C library that is linked into the program.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-musl",
            Self::Aarch64 => "aarch64-unknown-linux-musl",
        }
    }
}
