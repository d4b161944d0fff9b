//! The bucket of the raw objects.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, DefaultRetention,
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule,
    PublicAccessBlockConfiguration, VersioningConfiguration,
};
use pik_core::StoreError;

use super::{Check, Provision, is_unsupported};
use crate::AwsStore;
use crate::failure::store_error;

/// Outside of `raw/`, so that no query engine reads it.
const PROBE: &str = "pik/create-only-probe";

pub(super) async fn init(store: &AwsStore, provision: &Provision) -> Result<Vec<Check>, StoreError> {
    let name = format!("bucket `{}`", store.settings.bucket);
    let mut checks = Vec::new();
    if exists(store).await? {
        checks.push(Check::compared(name, "there", "there"));
    } else {
        create(store, provision).await?;
        checks.push(Check::created(name));
        set_up(store, provision, &mut checks).await?;
    }
    compare(store, provision, &mut checks).await?;
    checks.push(create_only(store).await?);
    Ok(checks)
}

async fn exists(store: &AwsStore) -> Result<bool, StoreError> {
    match store.clients.s3.head_bucket().bucket(&store.settings.bucket).send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(HeadBucketError::NotFound(_)) => Ok(false),
            Some(_) | None => Err(store_error("look up bucket", store.on_bucket(), error)),
        },
    }
}

async fn create(store: &AwsStore, provision: &Provision) -> Result<(), StoreError> {
    let mut create = store.clients.s3.create_bucket().bucket(&store.settings.bucket);
    // us-east-1 is where buckets are made that name no place, and may not be named.
    let region = store.clients.s3.config().region().map(|region| region.as_ref().to_owned());
    if let Some(region) = region.filter(|region| region != "us-east-1") {
        let place = BucketLocationConstraint::from(region.as_str());
        create =
            create.create_bucket_configuration(CreateBucketConfiguration::builder().location_constraint(place).build());
    }
    if provision.object_lock_days.is_some() {
        create = create.object_lock_enabled_for_bucket(true);
    }
    match create.send().await {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            // Another `init` at the same time, or our own first attempt whose answer was lost.
            Some(CreateBucketError::BucketAlreadyOwnedByYou(_)) => Ok(()),
            Some(_) | None => Err(store_error("create bucket", store.on_bucket(), error)),
        },
    }
}

/// What a bucket of ours gets right after its creation. What fails as unsupported shows again when it is compared.
async fn set_up(store: &AwsStore, provision: &Provision, checks: &mut Vec<Check>) -> Result<(), StoreError> {
    let (s3, bucket) = (&store.clients.s3, &store.settings.bucket);

    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    match s3.put_bucket_versioning().bucket(bucket).versioning_configuration(enabled).send().await {
        Ok(_) => checks.push(Check::created("bucket versioning")),
        Err(error) if is_unsupported(&error) => {}
        Err(error) => return Err(store_error("enable bucket versioning", store.on_bucket(), error)),
    }

    let blocked = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    match s3.put_public_access_block().bucket(bucket).public_access_block_configuration(blocked).send().await {
        Ok(_) => checks.push(Check::created("bucket public access block")),
        Err(error) if is_unsupported(&error) => {}
        Err(error) => return Err(store_error("block public access", store.on_bucket(), error)),
    }

    if let Some(days) = provision.object_lock_days {
        let retention =
            DefaultRetention::builder().mode(ObjectLockRetentionMode::Governance).days(i32::from(days)).build();
        let lock = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(ObjectLockRule::builder().default_retention(retention).build())
            .build();
        match s3.put_object_lock_configuration().bucket(bucket).object_lock_configuration(lock).send().await {
            Ok(_) => checks.push(Check::created("bucket object lock")),
            Err(error) if is_unsupported(&error) => {}
            Err(error) => return Err(store_error("set object lock", store.on_bucket(), error)),
        }
    }
    Ok(())
}

async fn compare(store: &AwsStore, provision: &Provision, checks: &mut Vec<Check>) -> Result<(), StoreError> {
    let (s3, bucket) = (&store.clients.s3, &store.settings.bucket);

    let what = "bucket versioning";
    checks.push(match s3.get_bucket_versioning().bucket(bucket).send().await {
        Ok(found) => {
            let found = found.status().map_or("never enabled", |status| status.as_str());
            Check::compared(what, BucketVersioningStatus::Enabled.as_str(), found)
        }
        Err(error) if is_unsupported(&error) => Check::unsupported(what),
        Err(error) => return Err(store_error("read bucket versioning", store.on_bucket(), error)),
    });

    let what = "bucket public access block";
    checks.push(match s3.get_public_access_block().bucket(bucket).send().await {
        Ok(found) => Check::compared(what, ALL_BLOCKED, blocks(found.public_access_block_configuration())),
        Err(error) if is_unsupported(&error) => Check::unsupported(what),
        Err(error) if error.code() == Some("NoSuchPublicAccessBlockConfiguration") => {
            Check::compared(what, ALL_BLOCKED, blocks(None))
        }
        Err(error) => return Err(store_error("read public access block", store.on_bucket(), error)),
    });

    if let Some(days) = provision.object_lock_days {
        let what = "bucket object lock";
        let wanted = format!("{} for {days} days", ObjectLockRetentionMode::Governance);
        checks.push(match s3.get_object_lock_configuration().bucket(bucket).send().await {
            Ok(found) => Check::compared(what, wanted, lock(found.object_lock_configuration())),
            Err(error) if is_unsupported(&error) => Check::unsupported(what),
            Err(error) if error.code() == Some("ObjectLockConfigurationNotFoundError") => {
                Check::compared(what, wanted, lock(None))
            }
            Err(error) => return Err(store_error("read object lock", store.on_bucket(), error)),
        });
    }
    Ok(())
}

const ALL_BLOCKED: &str = "BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets";

fn blocks(found: Option<&PublicAccessBlockConfiguration>) -> String {
    let Some(found) = found else { return "none".to_owned() };
    let switches = [
        ("BlockPublicAcls", found.block_public_acls()),
        ("IgnorePublicAcls", found.ignore_public_acls()),
        ("BlockPublicPolicy", found.block_public_policy()),
        ("RestrictPublicBuckets", found.restrict_public_buckets()),
    ];
    let on: Vec<&str> = switches.iter().filter(|(_, on)| *on == Some(true)).map(|(name, _)| *name).collect();
    if on.is_empty() { "none".to_owned() } else { on.join(", ") }
}

fn lock(found: Option<&ObjectLockConfiguration>) -> String {
    let retention = found.and_then(|lock| lock.rule()).and_then(|rule| rule.default_retention());
    match retention {
        None => "without a default retention".to_owned(),
        Some(retention) => {
            let mode = retention.mode().map_or("no mode", |mode| mode.as_str());
            let days = retention.days().unwrap_or(0) + 365 * retention.years().unwrap_or(0);
            format!("{mode} for {days} days")
        }
    }
}

/// An endpoint that takes no notice of `If-None-Match` overwrites raw objects. There are some; so it is tried out, on
/// one small object that stays.
async fn create_only(store: &AwsStore) -> Result<Check, StoreError> {
    let mut outcome = "overwrites what is there";
    for _ in 0..2 {
        let put = store.clients.s3.put_object().bucket(&store.settings.bucket).key(PROBE);
        match put.if_none_match("*").body(ByteStream::from_static(b"{}")).send().await {
            Ok(_) => {}
            Err(error) if error.code() == Some("PreconditionFailed") => outcome = "refused when the object exists",
            Err(error) if is_unsupported(&error) => outcome = "unknown to the endpoint",
            Err(error) => return Err(store_error("try a create-only put", store.on_bucket(), error)),
        }
    }
    Ok(Check::compared("bucket create-only put", "refused when the object exists", outcome))
}
