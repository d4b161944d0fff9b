//! Text of events, hosts and files on its way to a terminal.
//!
//! A control character could move the cursor, rename the window or run what the terminal binds to it; a bidi mark could
//! show a line in another order than it has. Both are shown as escapes. JSON output does not pass here.

use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::process::ExitCode;

/// The text with everything escaped that is not shown as itself.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            char if is_unsafe(char) => write!(plain, "\\u{{{:x}}}", u32::from(char)).expect("a String takes text"),
            char => plain.push(char),
        }
    }
    Cow::Owned(plain)
}

/// JSON for a terminal: the same value, with escapes of JSON inside its strings.
pub(crate) fn plain_json(json: &str) -> Cow<'_, str> {
    // Line ends and tabs between tokens are harmless, and inside strings JSON allows none.
    let is_unsafe = |char: char| is_unsafe(char) && !matches!(char, '\n' | '\r' | '\t');
    if !json.chars().any(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut plain = String::with_capacity(json.len() + 8);
    for char in json.chars() {
        if is_unsafe(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(plain, "\\u{unit:04x}").expect("a String takes text");
            }
        } else {
            plain.push(char);
        }
    }
    Cow::Owned(plain)
}

/// Prints a line on standard error.
pub(crate) fn tell(line: impl Display) {
    eprintln!("{}", plain(&line.to_string()));
}

/// Says what is wrong with the arguments, or prints the help that was asked for. Values of arguments and variables stand in
/// the text as they came.
pub(crate) fn refuse_arguments(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if !text.chars().any(|char| char != '\n' && is_unsafe(char)) {
        error.exit();
    }
    text.lines().for_each(tell);
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            // Bidi marks, embeddings, overrides and isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Separators of lines and paragraphs, and what cannot be seen at all.
            | '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        let cases = [
            ("ü=日本 a\"b\\", "ü=日本 a\"b\\"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("user\u{202e}gpj.exe", "user\\u{202e}gpj.exe"),
            ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
            ("\u{7f}\u{feff}\u{2067}", "\\u{7f}\\u{feff}\\u{2067}"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn json_keeps_its_value() {
        let json = "{\n\t\"a\":\"\u{9b}31m \u{202e} \u{e0041} \u{7f} ü\"}";
        let shown = plain_json(json);
        assert!(!shown.chars().any(|char| is_unsafe(char) && char != '\n' && char != '\t'), "{shown}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(json), value(&shown));
    }
}
