//! Raw objects in S3 and SQS.

mod bucket;
mod listing;
mod queue;
mod s3;
mod sqs;

pub(crate) use bucket::Bucket;
pub(crate) use listing::Listing;
pub(crate) use queue::Queue;
pub(crate) use s3::{Copied, S3Folder};
