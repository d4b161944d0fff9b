//! What a commit changes of a claim's item, as DynamoDB's expressions.

use std::num::NonZeroU16;

use aws_sdk_dynamodb::types::AttributeValue;
use pik_core::{Record, Status};

use crate::{item, schema};

/// The claim must be PENDING still.
pub(crate) const CONDITION: &str = "#status = :pending";

/// An update and the names and values in it. Every attribute has an alias: DynamoDB reserves hundreds of words, and tells
/// so only when the update runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Update {
    pub(crate) expression: String,
    pub(crate) names: Vec<(String, String)>,
    pub(crate) values: Vec<(String, AttributeValue)>,
}

/// The update that turns the claim of `record` into it.
pub(crate) fn update(record: &Record, shards: NonZeroU16) -> Update {
    let mut sets = vec![
        ("status", item::text(record.status.as_str())),
        ("receipt", item::text(&record.receipt)),
        ("raw_size", item::number(record.raw_size)),
    ];
    if let Some(time) = record.finished_time {
        sets.push((schema::FINISHED_TIME, item::text(time)));
    }
    let index = schema::index_attributes(record, shards);
    sets.extend(index.into_iter().map(|(name, value)| (name, AttributeValue::S(value))));
    let assignments: Vec<String> = sets.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
    let names = sets.iter().map(|(name, _)| (format!("#{name}"), (*name).to_owned())).collect();
    let mut values: Vec<_> = sets.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
    values.push((":pending".to_owned(), item::text(Status::Pending.as_str())));
    Update { expression: format!("SET {}", assignments.join(", ")), names, values }
}

#[cfg(test)]
mod tests {
    use pik_core::{Event, Receipt, Submission};

    use super::*;

    fn accepted(finished_time: Option<&str>) -> Record {
        let event = Event::parse(
            br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":1}"#,
        )
        .unwrap();
        let arrived = "2025-12-29T20:15:35.580Z".parse().unwrap();
        let claim = Submission::new(&event, arrived, Receipt::new("r", 1, 0)).claim("bucket");
        let finished_time = finished_time.map(|time| time.parse().unwrap());
        Record { status: Status::Accepted, finished_time, ..claim }
    }

    #[test]
    fn every_name_and_value_is_an_alias_that_is_given() {
        for record in [accepted(None), accepted(Some("2025-12-30T00:00:00.000Z"))] {
            let update = update(&record, NonZeroU16::MIN);
            let text = format!("{} {CONDITION}", update.expression);
            let words: Vec<&str> =
                text.split([' ', ',', '=']).filter(|word| !word.is_empty() && *word != "SET").collect();
            for word in &words {
                let given = update.names.iter().map(|(name, _)| name).chain(update.values.iter().map(|(name, _)| name));
                assert!(given.into_iter().any(|name| name == word), "{word} in {text}");
            }
            // DynamoDB refuses names and values that the expressions do not use.
            for name in update.names.iter().map(|(name, _)| name).chain(update.values.iter().map(|(name, _)| name)) {
                assert!(words.contains(&name.as_str()), "{name} is not used in {text}");
            }
        }
    }

    #[test]
    fn arrivals_list_what_was_finished_later_under_that_time() {
        let order = |record: &Record| {
            let update = update(record, NonZeroU16::MIN);
            let value = |name: &str| {
                let value = update.values.iter().find(|(given, _)| given == name);
                value.and_then(|(_, value)| value.as_s().ok()).cloned().unwrap_or_default()
            };
            (value(":ingest_partition"), value(":ingest_order")[..24].to_owned(), value(":finished_time"))
        };
        let text = |parts: [&str; 3]| (parts[0].to_owned(), parts[1].to_owned(), parts[2].to_owned());
        assert_eq!(order(&accepted(None)), text(["2025-12-29#0", "2025-12-29T20:15:35.580Z", ""]));
        let later = "2025-12-30T00:00:00.000Z";
        assert_eq!(order(&accepted(Some(later))), text(["2025-12-30#0", later, later]));
    }
}
