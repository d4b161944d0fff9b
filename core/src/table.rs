//! Tables that are taken for events.

/// Whether a line could be the header of a table: two fields or more, with no sign of JSON in them.
///
/// ```
/// use pik_core::is_table_header;
///
/// assert!(is_table_header(b"user_id,created_at") && is_table_header(b"id;time"));
/// assert!(!is_table_header(b"{\"a\":1,\"b\":2}") && !is_table_header(b"broken,"));
/// ```
pub fn is_table_header(line: &[u8]) -> bool {
    let Ok(line) = core::str::from_utf8(line) else { return false };
    !line.contains(['{', '}', '[', ']', ':'])
        && [',', ';', '\t']
            .into_iter()
            .any(|separator| line.contains(separator) && line.split(separator).all(|field| !field.trim().is_empty()))
}
