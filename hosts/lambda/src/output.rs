//! Standard output, which Lambda hands on to CloudWatch.

use std::io::Write;

/// Writes a line in one piece. A failure cannot be reported: this is where failures are reported.
pub(crate) fn line(mut text: String) {
    text.push('\n');
    let _ = std::io::stdout().write_all(text.as_bytes());
}
