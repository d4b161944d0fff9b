//! Which store a subcommand works on.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use pik_sqlite::{Options, Progress, SqliteStore};

use crate::progress::{self, Unit};

/// What is missing here, and how to have it.
#[cfg(not(feature = "aws"))]
pub(crate) const WITHOUT_AWS: &str =
    "this pik was built without AWS; build it with `cargo build --release --package pik --features aws`";

/// The database in the data folder.
pub(crate) const DATABASE: &str = "pik.sqlite";

/// Where events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// One SQLite file
    Sqlite,
    /// S3 and DynamoDB; in builds with the feature `aws`
    Aws,
}

/// Which store, and where.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StoreArgs {
    /// What keeps the events
    #[arg(long = "store", env = "PIK_STORE", value_enum, default_value_t = Kind::Sqlite)]
    kind: Kind,

    /// The folder of the SQLite database; made if it is missing
    #[arg(long, env = "PIK_DATA", value_name = "FOLDER", default_value = "./data")]
    data: PathBuf,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    aws: aws::AwsArgs,
}

/// A store that was opened.
#[allow(clippy::large_enum_variant, reason = "a process opens one or two of them")]
pub(crate) enum Opened {
    Sqlite(SqliteStore),
    #[cfg(feature = "aws")]
    Aws(Box<pik_aws::AwsStore>),
}

impl StoreArgs {
    /// Opens the store; one on S3 and DynamoDB is not asked anything yet. If the indexes of a SQLite file must be made first,
    /// standard error shows how far they have come.
    pub(crate) fn open(&self) -> Result<Opened> {
        self.open_with(Options::default(), indexing())
    }

    /// [`StoreArgs::open`] with options for a SQLite file, and the progress told to `report`.
    pub(crate) fn open_with(&self, options: Options, report: impl FnMut(Progress)) -> Result<Opened> {
        match self.kind {
            Kind::Sqlite => Ok(Opened::Sqlite(SqliteStore::open_reporting(self.database(), options, report)?)),
            #[cfg(feature = "aws")]
            Kind::Aws => Ok(Opened::Aws(Box::new(self.aws.open()?))),
            #[cfg(not(feature = "aws"))]
            Kind::Aws => anyhow::bail!(WITHOUT_AWS),
        }
    }

    /// Whether it is one SQLite file.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.kind == Kind::Sqlite
    }

    /// Which store it is, as text.
    pub(crate) fn name(&self) -> String {
        match self.kind {
            Kind::Sqlite => self.database().display().to_string(),
            #[cfg(feature = "aws")]
            Kind::Aws => self.aws.name(),
            #[cfg(not(feature = "aws"))]
            Kind::Aws => String::new(),
        }
    }

    /// The SQLite file.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join(DATABASE)
    }
}

/// Shows how far the indexes of a SQLite file have come, if they are made.
pub(crate) fn indexing() -> impl FnMut(Progress) {
    let mut shown = None;
    move |Progress { indexed, records }| {
        let unit = Unit::Count("records indexed");
        shown.get_or_insert_with(|| progress::Progress::new(unit, Some(records))).reach(indexed, records);
    }
}

#[cfg(feature = "aws")]
mod aws {
    use std::num::NonZeroU16;

    use anyhow::{Context, Result};
    use pik_aws::{AwsStore, MAX_SHARDS, Settings};

    /// The heading of each option: one of the whole group would stand above the options behind it, too.
    const HEADING: &str = "S3 and DynamoDB";

    /// What `--store aws` needs. Region, credentials and endpoints are the AWS SDK's own variables.
    #[derive(Debug, Clone, clap::Args)]
    pub(crate) struct AwsArgs {
        /// The bucket of the raw objects
        #[arg(long, env = "RAW_BUCKET", help_heading = HEADING, value_name = "NAME")]
        raw_bucket: Option<String>,

        /// The table of the records
        #[arg(long, env = "EVENTS_TABLE", help_heading = HEADING, value_name = "NAME")]
        events_table: Option<String>,

        /// The KMS key that encrypts raw objects, instead of the bucket's default
        #[arg(long, env = "RAW_KMS_KEY", help_heading = HEADING, value_name = "KEY")]
        kms_key: Option<String>,

        /// How many partitions an index value is spread over; may be raised later, never lowered
        #[arg(long, env = "PIK_INDEX_SHARDS", help_heading = HEADING, value_name = "COUNT", default_value = "16", value_parser = shards)]
        index_shards: NonZeroU16,
    }

    fn shards(text: &str) -> Result<NonZeroU16, String> {
        let count = text.parse().ok().filter(|count: &NonZeroU16| count.get() <= MAX_SHARDS);
        count.ok_or_else(|| format!("write a number from 1 to {MAX_SHARDS}"))
    }

    impl AwsArgs {
        pub(super) fn name(&self) -> String {
            let named = |name: &Option<String>| name.clone().unwrap_or_default();
            format!("{} and {}", named(&self.raw_bucket), named(&self.events_table))
        }

        pub(super) fn open(&self) -> Result<AwsStore> {
            let bucket = self.raw_bucket.clone().context("no bucket is named; set RAW_BUCKET")?;
            let table = self.events_table.clone().context("no table is named; set EVENTS_TABLE")?;
            let settings =
                Settings { kms_key: self.kms_key.clone(), shards: self.index_shards, ..Settings::new(bucket, table) };
            Ok(crate::runtime::block_on(AwsStore::connect(settings))??)
        }
    }
}
