//! Rows of a table become events.

mod cell;
mod moment;
mod plan;
mod row;

pub(crate) use cell::{Cell, OnEmpty};
pub(crate) use moment::{Moments, OnAmbiguous, TimeFormat, zone};
pub(crate) use plan::{ColumnName, Members, PayloadFrom, Plan};
