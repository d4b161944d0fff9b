//! An SQS queue that raw events are sent to.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry,
};
use pik_aws::{On, store_error};
use pik_core::{EventId, StoreError};

/// The most messages of one call.
const BATCH: usize = 10;

/// What every region takes in one call, all messages together.
const BATCH_BYTES: usize = 256 * 1024;

/// A message carries its event's id in an attribute: its name, its type and its value count.
const ATTRIBUTE: &str = "event_id";
const ATTRIBUTE_BYTES: usize = "event_id".len() + "String".len() + 64;

/// All messages of a replay are one group, so that a FIFO queue hands them out in the order they were sent.
const GROUP: &str = "pik-replay";

/// A queue, standard or FIFO.
#[derive(Debug, Clone)]
pub(crate) struct SqsQueue {
    client: Client,
    url: String,
    is_fifo: bool,
    message_bytes: usize,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The queue has it. A FIFO queue that got the event within the last five minutes keeps the one it had.
    Yes,
    /// The queue will never take it.
    Never(String),
    /// It may take it later.
    Later(String),
}

impl SqsQueue {
    /// Looks the queue up: `sqs://NAME`, or `sqs://ACCOUNT/NAME` for another account's.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        let place = url.strip_prefix("sqs://").unwrap_or_default();
        let (account, name) = place.split_once('/').map_or((None, place), |(account, name)| (Some(account), name));
        if name.is_empty() || name.contains('/') {
            return Err(StoreError::Internal(format!(
                "`{url}` names no queue; write sqs://NAME or sqs://ACCOUNT/NAME"
            )));
        }
        let client = client().await?;
        let found = client.get_queue_url().queue_name(name).set_queue_owner_aws_account_id(account.map(str::to_owned));
        let found =
            Box::pin(found.send()).await.map_err(|error| store_error("look up queue", On::Queue(name), error))?;
        let Some(url) = found.queue_url else {
            return Err(StoreError::Internal(format!("the queue `{name}` has no URL")));
        };
        let wanted = QueueAttributeName::MaximumMessageSize;
        let asked = client.get_queue_attributes().queue_url(&url).attribute_names(wanted.clone());
        let asked = Box::pin(asked.send())
            .await
            .map_err(|error| store_error("read queue attributes", On::Queue(name), error))?;
        let told = asked.attributes.as_ref().and_then(|attributes| attributes.get(&wanted)?.parse().ok());
        Ok(Self { client, url, is_fifo: name.ends_with(".fifo"), message_bytes: told.unwrap_or(BATCH_BYTES) })
    }

    /// Sends raw events, in order; one outcome for each. An error means that nothing is known of any.
    pub(crate) async fn send(&self, events: &[(EventId, &str)]) -> Result<Vec<Taken>, StoreError> {
        let mut outcomes: Vec<Taken> =
            events.iter().map(|(_, raw)| self.refusal(raw).map_or(Taken::Yes, Taken::Never)).collect();
        let wanted: Vec<usize> = (0..events.len()).filter(|place| outcomes[*place] == Taken::Yes).collect();
        let mut rest = &wanted[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take(BATCH).take_while(|place| {
                bytes += events[**place].1.len() + ATTRIBUTE_BYTES;
                bytes <= BATCH_BYTES
            });
            let (batch, behind) = rest.split_at(fitting.count().max(1));
            for failed in self.send_batch(batch, events).await? {
                let place = failed.id.parse().ok().filter(|place: &usize| batch.contains(place));
                let Some(place) = place else {
                    return Err(StoreError::Internal(format!(
                        "the queue names a message that was not sent: {}",
                        failed.id
                    )));
                };
                let why = format!("{}: {}", failed.code, failed.message.unwrap_or_default());
                outcomes[place] = if failed.sender_fault { Taken::Never(why) } else { Taken::Later(why) };
            }
            rest = behind;
        }
        Ok(outcomes)
    }

    /// The messages that were not taken.
    async fn send_batch(
        &self,
        batch: &[usize],
        events: &[(EventId, &str)],
    ) -> Result<Vec<BatchResultErrorEntry>, StoreError> {
        let mut entries = Vec::with_capacity(batch.len());
        for place in batch {
            let (event_id, raw) = &events[*place];
            let id = MessageAttributeValue::builder().data_type("String").string_value(event_id.to_string()).build();
            let mut entry = SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(*raw);
            entry = entry.message_attributes(ATTRIBUTE, id.map_err(incomplete)?);
            if self.is_fifo {
                entry = entry.message_group_id(GROUP).message_deduplication_id(event_id.to_string());
            }
            entries.push(entry.build().map_err(incomplete)?);
        }
        let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send();
        Ok(Box::pin(send).await.map_err(|error| store_error("send messages", On::Queue(&self.url), error))?.failed)
    }

    /// Why the queue would not take an event, whatever else is sent.
    fn refusal(&self, raw: &str) -> Option<String> {
        let bytes = raw.len() + ATTRIBUTE_BYTES;
        if bytes > self.message_bytes {
            return Some(format!(
                "{bytes} bytes with its attribute, and the queue takes {}; raise its MaximumMessageSize",
                self.message_bytes
            ));
        }
        // JSON has no other controls than these three outside of its strings, and none in them.
        let refused = raw.chars().find(|char| matches!(char, '\u{fffe}' | '\u{ffff}'));
        refused.map(|char| {
            format!("SQS takes no U+{:04X}, and the event has one; send it to a host or a folder", u32::from(char))
        })
    }
}

/// A person waits for a replay, and no gateway: patience is cheap here.
async fn client() -> Result<Client, StoreError> {
    let shared = Box::pin(pik_aws::shared_config()).await?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(20))
        .operation_timeout(Duration::from_secs(60))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(5)
        .with_initial_backoff(Duration::from_millis(100))
        .with_max_backoff(Duration::from_secs(1));
    let sqs = aws_sdk_sqs::config::Builder::from(&shared).retry_config(retries).timeout_config(timeouts);
    Ok(Client::from_conf(sqs.build()))
}

fn incomplete(error: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(error.to_string())
}
