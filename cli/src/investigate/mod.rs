//! Asking a host or a store about events, and showing the answers.

mod event;
mod genuine;
mod http_source;
mod lag;
mod selection;
mod source;
mod store_source;
mod table;

pub(crate) use event::EventArgs;
pub(crate) use genuine::genuine;
pub(crate) use lag::Lag;
pub(crate) use selection::{SelectionArgs, event_time};
pub(crate) use source::{Source, SourceArgs, each_page};
pub(crate) use table::{bar, table};
