//! How many bytes, as people write it.

/// Reads `1000000`, `64KiB`, `128MiB`, `1GiB`, `100MB`; at least one byte.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let unit: usize = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err("write a number of bytes, or a number with KiB, MiB or GiB, such as 128MiB".to_owned()),
    };
    let bytes = count.parse::<usize>().ok().and_then(|count| count.checked_mul(unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "write a number of bytes from 1 on, such as 128MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in
            [("1", 1), ("64KiB", 65_536), ("128MiB", 134_217_728), ("1g", 1 << 30), ("100 MB", 100_000_000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "MiB", "-1", "1.5GiB", "1TiB", "99999999999999999999", "99999999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
