//! Where a backup goes to or comes from, as the command line names it.

use std::path::PathBuf;
use std::str::FromStr;

/// A file, or a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// `s3://BUCKET/PREFIX`, or the manifest of one backup there.
    Bucket(String),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            None => Ok(Self::File(PathBuf::from(text))),
            Some(("s3", _)) => Ok(Self::Bucket(text.to_owned())),
            // It would make a folder of that name.
            Some((scheme, _)) => {
                Err(format!("`{scheme}://` is no place for backups; name a file, or s3://BUCKET/PREFIX"))
            }
        }
    }
}
