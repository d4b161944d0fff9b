//! The two halves with a mistake each, to see that a run with faults would notice.

use std::sync::Arc;

use anyhow::{Result, ensure};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_aws::{Clients, DynamoLedger, S3RawStore, Settings};
use pik_conformance::BenchClock;
use pik_core::{
    Answer, Claim, Clock, Commit, EventId, Ledger, Put, RawStore, Receipt, Record, Status, StoreError, Submission,
};

use crate::faults::{Host, Trouble};
use crate::stand;

/// What is done wrong, and what a run with faults then says.
const MISTAKES: [(Mistake, &[&str]); 8] = [
    (Mistake::ClaimReplaces, &["were ACCEPTED", "and the record names", "objects of"]),
    (Mistake::PendingIsFinished, &["objects of", "still PENDING"]),
    (Mistake::ClaimKeepsOwnKey, &["objects of", "no object at"]),
    (Mistake::PutOverwrites, &["versions of"]),
    (Mistake::ExistsIsAnError, &["never answered"]),
    (Mistake::CommitAlwaysWins, &["were ACCEPTED", "and the record names"]),
    (Mistake::LostCommitIsAnothers, &["one attempt is first and duplicate"]),
    (Mistake::DuplicateIsNotWritten, &["no record of the DUPLICATE"]),
];

/// How many runs may miss a mistake. Most runs notice even the one that shows least.
const ROUNDS: u64 = 8;
/// Mistakes at a time. A slow answer of the stand-ins is a fault too, and not one of the seed's.
const AT_ONCE: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    /// None: the run must be in order.
    None,
    /// A claim takes the place of the record there.
    ClaimReplaces,
    /// A claim that is PENDING is taken for ACCEPTED.
    PendingIsFinished,
    /// The key of a PENDING claim is not taken over.
    ClaimKeepsOwnKey,
    /// An object is put without a condition.
    PutOverwrites,
    /// S3's 412 is an error.
    ExistsIsAnError,
    /// A commit that came too late is taken for done.
    CommitAlwaysWins,
    /// The receipt of the commit there is not compared.
    LostCommitIsAnothers,
    /// A duplicate is answered and not recorded.
    DuplicateIsNotWritten,
}

/// Both halves, one of which does something wrong.
struct Mistaken {
    mistake: Mistake,
    clients: Clients,
    settings: Settings,
    ledger: DynamoLedger,
    raw_store: S3RawStore,
    clock: Clock,
}

impl Mistaken {
    async fn new(mistake: Mistake, settings: &Settings) -> Self {
        let clients = Clients::from_environment(settings).await;
        Self {
            mistake,
            ledger: DynamoLedger::new(&clients, settings),
            raw_store: S3RawStore::new(&clients, settings),
            clock: BenchClock::default().clock(),
            settings: settings.clone(),
            clients,
        }
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }
}

impl Host for Mistaken {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        pik_core::ingest(self, self, &self.clock, &submission).await
    }
}

impl Ledger for Mistaken {
    fn raw_bucket(&self) -> &str {
        self.ledger.raw_bucket()
    }

    async fn claim(&self, record: &Record) -> Result<Claim, StoreError> {
        let found = match self.ledger.claim(record).await? {
            Claim::New => return Ok(Claim::New),
            Claim::Found(found) => found,
        };
        Ok(match (self.mistake, found.status) {
            (Mistake::ClaimReplaces, _) => {
                let delete = self.clients.dynamodb.delete_item().table_name(&self.settings.table);
                let delete = delete
                    .key("event_id", aws_sdk_dynamodb::types::AttributeValue::S(record.event_id.to_string()))
                    .key("kind", aws_sdk_dynamodb::types::AttributeValue::S("EVENT".into()));
                delete.send().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
                self.ledger.claim(record).await?
            }
            (Mistake::PendingIsFinished, Status::Pending) => Claim::Found(Record { status: Status::Accepted, ..found }),
            (Mistake::ClaimKeepsOwnKey, Status::Pending) => {
                Claim::Found(Record { raw_key: record.raw_key.clone(), ..found })
            }
            _ => Claim::Found(found),
        })
    }

    async fn commit(&self, record: &Record) -> Result<Commit, StoreError> {
        let committed = self.ledger.commit(record).await?;
        if self.makes(Mistake::CommitAlwaysWins) {
            return Ok(Commit::Done);
        }
        Ok(match committed {
            Commit::Already(_) if self.makes(Mistake::LostCommitIsAnothers) => {
                Commit::Already(Receipt::new("another", 0, 0))
            }
            Commit::Done | Commit::Already(_) => committed,
        })
    }

    async fn record_duplicate(&self, record: &Record) -> Result<(), StoreError> {
        if self.makes(Mistake::DuplicateIsNotWritten) {
            return Ok(());
        }
        self.ledger.record_duplicate(record).await
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.ledger.find(id).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.ledger.ready().await
    }
}

impl RawStore for Mistaken {
    async fn create(&self, record: &Record, raw: Bytes) -> Result<Put, StoreError> {
        if self.makes(Mistake::PutOverwrites) {
            let put = self.clients.s3.put_object().bucket(&self.settings.bucket).key(record.raw_key.as_str());
            let put = put.body(ByteStream::from(raw)).send().await;
            return put.map(|_| Put::Created).map_err(|error| StoreError::Unavailable(error.to_string()));
        }
        match self.raw_store.create(record, raw).await? {
            Put::Exists if self.makes(Mistake::ExistsIsAnError) => Err(StoreError::Internal("it exists".into())),
            put => Ok(put),
        }
    }

    async fn size(&self, record: &Record) -> Result<Option<u64>, StoreError> {
        self.raw_store.size(record).await
    }

    async fn read(&self, record: &Record) -> Result<Option<Bytes>, StoreError> {
        self.raw_store.read(record).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.raw_store.ready().await
    }
}

/// What a short run says to a mistake.
async fn run(mistake: Mistake, seed: u64) -> Result<Result<()>> {
    let trouble = Trouble::new("mistake").await?;
    let hosts = [
        Arc::new(Mistaken::new(mistake, &trouble.through).await),
        Arc::new(Mistaken::new(mistake, &trouble.through).await),
    ];
    Ok(trouble.short_run(&hosts, seed).await)
}

/// Whether one of a few short runs says what the mistake leads to. One alone may miss it: some need a fault at one
/// certain call, and how calls meet is not the seed's to say.
async fn noticed(mistake: Mistake, signs: &[&str], seed: u64) -> Result<bool> {
    for round in 0..ROUNDS {
        let Err(error) = run(mistake, seed.wrapping_add(round)).await? else {
            println!("{mistake:?}: not noticed in round {round}");
            continue;
        };
        let told = format!("{error:#}");
        println!("{mistake:?}: {told}");
        if signs.iter().any(|sign| told.contains(sign)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn a_run_with_faults_notices_each_mistake() -> Result<()> {
    let seed = stand::seed();
    run(Mistake::None, seed).await??;
    let runs = stream::iter(MISTAKES)
        .map(|(mistake, signs)| async move { anyhow::Ok((mistake, noticed(mistake, signs, seed).await?)) });
    let outcomes: Vec<_> = runs.buffer_unordered(AT_ONCE).try_collect().await?;
    let unnoticed: Vec<_> = outcomes.into_iter().filter(|(_, noticed)| !noticed).collect();
    ensure!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
    Ok(())
}
