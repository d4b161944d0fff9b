//! A column of a Parquet file, value by value as JSON.

use anyhow::{Result, bail, ensure};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::schema::types::ColumnDescriptor;

/// How many values are decoded at once.
const AT_ONCE: usize = 256;

/// The values of a column, in their order.
pub(super) trait Values: Send {
    /// Appends the next value as JSON; says what is wrong with it otherwise.
    fn write_next(&mut self, json: &mut Vec<u8>) -> Result<Result<(), String>>;
}

/// What the numbers and bytes of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    AsItIs,
    Unsigned,
    Decimal {
        scale: usize,
    },
    Date,
    /// Of these so many nanoseconds each, since midnight.
    Time(i64),
    /// Of these so many nanoseconds each, since 1970.
    Instant(i64),
    /// What a clock showed, which is not told where.
    Local(i64),
    Uuid,
}

impl Meaning {
    fn of(column: &ColumnDescriptor) -> Result<Self> {
        let scale = |scale: i32| Ok(Self::Decimal { scale: usize::try_from(scale)? });
        if let Some(logical) = column.logical_type_ref() {
            return match logical {
                LogicalType::String | LogicalType::Enum | LogicalType::Json | LogicalType::Unknown => Ok(Self::AsItIs),
                LogicalType::Decimal(decimal) => scale(decimal.scale),
                LogicalType::Date => Ok(Self::Date),
                LogicalType::Time(time) => Ok(Self::Time(nanoseconds(&time.unit))),
                LogicalType::Timestamp(time) if time.is_adjusted_to_u_t_c => Ok(Self::Instant(nanoseconds(&time.unit))),
                LogicalType::Timestamp(time) => Ok(Self::Local(nanoseconds(&time.unit))),
                LogicalType::Integer(integer) if !integer.is_signed => Ok(Self::Unsigned),
                LogicalType::Integer(_) => Ok(Self::AsItIs),
                LogicalType::Uuid => Ok(Self::Uuid),
                other => bail!("its type, {other:?}, is none that becomes a text or a number"),
            };
        }
        match column.converted_type() {
            ConvertedType::DECIMAL => scale(column.type_scale()),
            ConvertedType::DATE => Ok(Self::Date),
            ConvertedType::TIME_MILLIS => Ok(Self::Time(1_000_000)),
            ConvertedType::TIME_MICROS => Ok(Self::Time(1_000)),
            ConvertedType::TIMESTAMP_MILLIS => Ok(Self::Instant(1_000_000)),
            ConvertedType::TIMESTAMP_MICROS => Ok(Self::Instant(1_000)),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                Ok(Self::Unsigned)
            }
            other @ (ConvertedType::INTERVAL | ConvertedType::BSON) => {
                bail!("its type, {other}, is none that becomes a text or a number")
            }
            _ => Ok(Self::AsItIs),
        }
    }

    /// An integer of this meaning.
    fn write(self, value: i64, json: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::AsItIs | Self::Unsigned | Self::Uuid => put(json, value),
            Self::Decimal { scale } => put(json, decimal(i128::from(value), scale)),
            Self::Date => {
                let days = Span::new().try_days(value).ok();
                let date = days.and_then(|days| Date::constant(1970, 1, 1).checked_add(days).ok());
                put_text(json, date.ok_or_else(outside)?);
            }
            Self::Time(unit) => {
                let since = SignedDuration::from_nanos_i128(i128::from(value) * i128::from(unit));
                let is_of_day = (0..86_400).contains(&since.as_secs());
                let time = is_of_day.then(|| Time::midnight().checked_add(since).ok()).flatten();
                put_text(json, time.ok_or("is outside of a day")?);
            }
            Self::Instant(unit) => put_text(json, instant(i128::from(value) * i128::from(unit))?),
            Self::Local(unit) => put_local(json, i128::from(value) * i128::from(unit))?,
        }
        Ok(())
    }
}

fn nanoseconds(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1_000,
        TimeUnit::NANOS => 1,
    }
}

/// Whether values may be NaN or infinite, which JSON cannot write.
pub(super) fn is_float(column: &ColumnDescriptor) -> bool {
    matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE)
}

/// The values of a column of a group of rows.
pub(super) fn values(column: &ColumnDescriptor, reader: ColumnReader) -> Result<Box<dyn Values>> {
    let is_flat = column.max_rep_level() == 0 && column.path().parts().len() == 1;
    ensure!(is_flat, "it is nested; only columns of single values are read");
    let (meaning, is_optional) = (Meaning::of(column)?, column.max_def_level() > 0);
    Ok(match reader {
        ColumnReader::BoolColumnReader(reader) => typed(reader, is_optional, |value, json| {
            put(json, value);
            Ok(())
        }),
        ColumnReader::Int32ColumnReader(reader) => typed(reader, is_optional, move |value, json| match meaning {
            Meaning::Unsigned => meaning.write(i64::from(value.cast_unsigned()), json),
            _ => meaning.write(i64::from(*value), json),
        }),
        ColumnReader::Int64ColumnReader(reader) => typed(reader, is_optional, move |value, json| match meaning {
            Meaning::Unsigned => {
                put(json, value.cast_unsigned());
                Ok(())
            }
            _ => meaning.write(*value, json),
        }),
        ColumnReader::Int96ColumnReader(reader) => typed(reader, is_optional, |value, json| {
            let [low, high, day] = [0, 1, 2].map(|part| i128::from(value.data()[part]));
            // Days are counted from noon of 24 November in the year 4714 before our era.
            put_local(json, (day - 2_440_588) * 86_400_000_000_000 + (high << 32 | low))
        }),
        ColumnReader::FloatColumnReader(reader) => typed(reader, is_optional, |value, json| {
            match value.is_finite() {
                true => serde_json::to_writer(json, value).expect("a number can be written to memory"),
                false => put_text(json, value),
            }
            Ok(())
        }),
        ColumnReader::DoubleColumnReader(reader) => typed(reader, is_optional, |value, json| {
            match value.is_finite() {
                true => serde_json::to_writer(json, value).expect("a number can be written to memory"),
                false => put_text(json, value),
            }
            Ok(())
        }),
        ColumnReader::ByteArrayColumnReader(reader) => {
            typed(reader, is_optional, move |value, json| put_bytes(value.as_bytes(), meaning, json))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            typed(reader, is_optional, move |value, json| put_bytes(value.as_bytes(), meaning, json))
        }
    })
}

/// Values of one type.
struct Typed<T: DataType, W> {
    reader: ColumnReaderImpl<T>,
    /// Those that are not null.
    values: Vec<T::T>,
    next_value: usize,
    /// For each row, whether its value is there; of a column that may be null.
    levels: Vec<i16>,
    is_optional: bool,
    rows: usize,
    next_row: usize,
    write: W,
}

fn typed<T: DataType, W>(reader: ColumnReaderImpl<T>, is_optional: bool, write: W) -> Box<dyn Values>
where
    W: Fn(&T::T, &mut Vec<u8>) -> Result<(), String> + Send + 'static,
    T::T: Send,
{
    let (values, levels) = (Vec::new(), Vec::new());
    Box::new(Typed { reader, values, next_value: 0, levels, is_optional, rows: 0, next_row: 0, write })
}

impl<T: DataType, W> Values for Typed<T, W>
where
    W: Fn(&T::T, &mut Vec<u8>) -> Result<(), String> + Send,
    T::T: Send,
{
    fn write_next(&mut self, json: &mut Vec<u8>) -> Result<Result<(), String>> {
        if self.next_row == self.rows {
            self.values.clear();
            self.levels.clear();
            let levels = self.is_optional.then_some(&mut self.levels);
            (self.rows, _, _) = self.reader.read_records(AT_ONCE, levels, None, &mut self.values)?;
            ensure!(self.rows > 0, "a column has fewer values than its file has rows");
            (self.next_row, self.next_value) = (0, 0);
        }
        let is_there = !self.is_optional || self.levels.get(self.next_row).is_some_and(|level| *level > 0);
        self.next_row += 1;
        if !is_there {
            json.extend_from_slice(b"null");
            return Ok(Ok(()));
        }
        let Some(value) = self.values.get(self.next_value) else { bail!("a column has fewer values than it says") };
        self.next_value += 1;
        Ok((self.write)(value, json))
    }
}

fn put_bytes(bytes: &[u8], meaning: Meaning, json: &mut Vec<u8>) -> Result<(), String> {
    match meaning {
        Meaning::Decimal { scale } => {
            let first = bytes.first().copied().unwrap_or_default();
            let filler = if first >= 0x80 { 0xff } else { 0 };
            let mut wide = [filler; 16];
            let spare = bytes.len().saturating_sub(16);
            if bytes[..spare].iter().any(|byte| *byte != filler) {
                return Err("is a decimal of more than 38 digits".to_owned());
            }
            let bytes = &bytes[spare..];
            wide[16 - bytes.len()..].copy_from_slice(bytes);
            put(json, decimal(i128::from_be_bytes(wide), scale));
        }
        Meaning::Uuid if bytes.len() == 16 => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            put_text(json, parts.join("-"));
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => serde_json::to_writer(json, text).expect("a text can be written to memory"),
            Err(_) => return Err("has bytes that are no text in UTF-8".to_owned()),
        },
    }
    Ok(())
}

/// All digits, with the point before the last `scale` of them.
fn decimal(unscaled: i128, scale: usize) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>1$}", unscaled.unsigned_abs(), scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

fn instant(nanoseconds: i128) -> Result<Timestamp, String> {
    Timestamp::from_nanosecond(nanoseconds).map_err(|_| outside())
}

fn put_local(json: &mut Vec<u8>, nanoseconds: i128) -> Result<(), String> {
    put_text(json, TimeZone::UTC.to_datetime(instant(nanoseconds)?));
    Ok(())
}

fn outside() -> String {
    "is outside the years that can be written".to_owned()
}

fn put(json: &mut Vec<u8>, value: impl ToString) {
    json.extend_from_slice(value.to_string().as_bytes());
}

/// A text that needs no escapes.
fn put_text(json: &mut Vec<u8>, text: impl ToString) {
    json.push(b'"');
    put(json, text);
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_digit_by_digit() {
        for (unscaled, scale, text) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (1250, 2, "12.50"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
            (99_999_999_999_999_999_999_999_999_999_999_999_999, 38, "0.99999999999999999999999999999999999999"),
        ] {
            assert_eq!(decimal(unscaled, scale), text);
        }
        let write = |bytes: &[u8]| {
            let mut json = Vec::new();
            put_bytes(bytes, Meaning::Decimal { scale: 1 }, &mut json).map(|()| String::from_utf8(json).unwrap())
        };
        assert_eq!(write(&[0xff, 0x85]).unwrap(), "-12.3");
        assert_eq!(write(&[0x7b]).unwrap(), "12.3");
        assert_eq!(write(&[[0; 16].as_slice(), &[0x7b]].concat()).unwrap(), "12.3");
        assert!(write(&[1; 17]).unwrap_err().contains("more than 38 digits"));
    }
}
