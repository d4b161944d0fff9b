//! Rows of a table, or objects, become events.

mod cell;
mod conversion;
mod header;
mod kind;
mod moment;
#[cfg(feature = "parquet")]
mod parquet_column;
#[cfg(feature = "parquet")]
mod parquet_rows;
#[cfg(not(feature = "parquet"))]
#[path = "without_parquet.rs"]
mod parquet_rows;
mod plan;
mod record;
mod row;
mod rows;
mod serial;
mod table_cells;
mod table_row;
mod time_format;

pub(crate) use cell::{Cell, OnEmpty, OnNan};
pub(crate) use conversion::Conversion;
pub(crate) use kind::Kind;
pub(crate) use moment::{Moments, OnAmbiguous, zone};
pub(crate) use plan::{ColumnName, Members, PayloadFrom, Plan};
pub(crate) use rows::Rows;
pub(crate) use time_format::TimeFormat;
