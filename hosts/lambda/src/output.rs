//! Standard output, which Lambda hands on to CloudWatch.

use std::io::Write;

/// Writes a line in one piece; there is nobody to tell when that cannot be.
pub(crate) fn line(mut text: String) {
    text.push('\n');
    let _ = std::io::stdout().write_all(text.as_bytes());
}
