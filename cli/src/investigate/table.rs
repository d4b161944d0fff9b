//! Tables and bars for people.

use comfy_table::{CellAlignment, Table, presets};

/// An empty table; the columns in `right` hold numbers.
pub(crate) fn table(header: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(header);
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The width of the longest bar.
const BAR: u64 = 20;

/// A bar as long, in eighths of a character, as `value` is of `max`. What is not zero can be seen.
pub(crate) fn bar(value: u64, max: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value == 0 || max == 0 {
        return String::new();
    }
    let eighths = (u128::from(value) * u128::from(BAR * 8)).div_ceil(u128::from(max)) as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(bar(0, 10), "");
        assert_eq!(bar(1, 1_000_000), "▏");
        assert_eq!(bar(1, 2), "█".repeat(10));
        assert_eq!(bar(7, 7), "█".repeat(20));
        assert_eq!(bar(u64::MAX, u64::MAX), "█".repeat(20));
    }
}
