//! Asking a host or a store about events, and showing the answers.

mod genuine;
mod host_source;
mod lag;
mod left_out;
mod settled;
mod source;
mod store_source;
mod table;
mod unknown;

pub(crate) use genuine::{genuine, genuine_with_payload};
pub(crate) use host_source::HostSource;
pub(crate) use lag::Lag;
pub(crate) use left_out::LeftOut;
pub(crate) use settled::Settled;
pub(crate) use source::{Source, each_page};
pub(crate) use store_source::StoreSource;
pub(crate) use table::{bar, print_table, table};
pub(crate) use unknown::refuse_unknown;
