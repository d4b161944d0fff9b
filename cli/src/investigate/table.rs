//! Tables and bars for people.

use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};

use crate::terminal::tell;

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

/// Between two columns.
const GAP: usize = 2;
/// A column of text is not made narrower than this.
const NARROWEST: u16 = 8;

/// Prints a table. On a terminal it is made to fit: columns of `spare` are left out, the first of them first, and then what is
/// widest is cut. The first page of several tells it. Elsewhere the table is as wide as it has to be.
pub(crate) fn print_table(out: &mut impl Write, mut table: Table, spare: &[&str], is_first: bool) -> io::Result<()> {
    if let Some(columns) = columns() {
        let (left_out, is_cut) = fit(&mut table, spare, columns);
        if is_first && (is_cut || !left_out.is_empty()) {
            let what = if left_out.is_empty() { "text".to_owned() } else { left_out.join(", ") };
            tell(format_args!("left out for want of width: {what}; --json has all"));
        }
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// The width of the terminal, where there is one: as the variable COLUMNS has it, if that is set.
fn columns() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let stdout = io::stdout();
    let asked = || {
        stdout
            .is_terminal()
            .then(|| rustix::termios::tcgetwinsize(&stdout).ok())
            .flatten()
            .map(|size| size.ws_col.into())
    };
    told.or_else(asked).filter(|columns| *columns > 0)
}

/// Makes a table fit; says which columns it leaves out, and whether it cuts others.
fn fit(table: &mut Table, spare: &[&str], columns: usize) -> (Vec<String>, bool) {
    let names: Vec<String> = match table.header() {
        Some(header) => header.cell_iter().map(comfy_table::Cell::content).collect(),
        None => Vec::new(),
    };
    let mut widths: Vec<usize> = table.column_max_content_widths().into_iter().map(usize::from).collect();
    let whole = widths.clone();
    let over = |widths: &[usize]| {
        let shown = widths.iter().filter(|width| **width > 0).count();
        (widths.iter().sum::<usize>() + GAP * shown.saturating_sub(1)).saturating_sub(columns)
    };
    let mut left_out = Vec::new();
    for name in spare {
        if over(&widths) == 0 {
            break;
        }
        let Some(place) = names.iter().position(|known| known == name) else { continue };
        if let Some(column) = table.column_mut(place) {
            column.set_constraint(ColumnConstraint::Hidden);
            widths[place] = 0;
            left_out.push((*name).to_owned());
        }
    }
    let mut is_cut = false;
    while let over @ 1.. = over(&widths)
        && let Some((place, widest)) = widths.iter().copied().enumerate().max_by_key(|(_, width)| *width)
        && widest > usize::from(NARROWEST)
        && let Some(column) = table.column_mut(place)
    {
        // A step at a time, so that of several wide columns none is cut to nothing.
        let width = (widest - over.min(widest / 4).max(1)).max(usize::from(NARROWEST));
        // A boundary holds what is put between two columns, and counts only below the width of the text.
        let boundary = if width + GAP < whole[place] { width + GAP } else { width };
        let fixed = u16::try_from(boundary).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(fixed)));
        widths[place] = width;
        is_cut = true;
    }
    if is_cut {
        table.set_truncation_indicator("…");
        table.row_iter_mut().for_each(|row| {
            row.max_height(1);
        });
    }
    (left_out, is_cut)
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
    use super::{bar, fit, table};

    fn sample() -> comfy_table::Table {
        let mut table = table(&["TIME", "LAG", "ENTITY", "ID"], &[1]);
        table.add_row(["2025-12-28T12:00:00Z", "1h 02m", "0b6f5c1e-6c61-4f4b-9a55-1d9d2a1a1f5e", &"5".repeat(64)]);
        table.add_row(["2025-12-28T13:00:00Z", "2m 01s", "user_1", &"6".repeat(64)]);
        table
    }

    #[test]
    fn a_table_fits_any_width_that_its_columns_can_be_told_apart_in() {
        for columns in [40, 60, 79, 80, 100, 131, 132, 133, 200] {
            let mut table = sample();
            let (left_out, is_cut) = fit(&mut table, &["LAG", "TIME"], columns);
            let text = table.trim_fmt();
            for line in text.lines() {
                assert!(line.chars().count() <= columns, "{columns} columns, and {}: {line}", line.chars().count());
            }
            assert_eq!(text.lines().count(), 3, "{text}");
            assert_eq!(is_cut, text.contains('…'), "{columns}: {text}");
            assert_eq!(left_out.is_empty() && !is_cut, columns >= 132, "{columns}: {left_out:?}");
        }
    }

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(bar(0, 10), "");
        assert_eq!(bar(1, 1_000_000), "▏");
        assert_eq!(bar(1, 2), "█".repeat(10));
        assert_eq!(bar(7, 7), "█".repeat(20));
        assert_eq!(bar(u64::MAX, u64::MAX), "█".repeat(20));
    }
}
