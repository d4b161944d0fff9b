//! The table that the template makes is the table that the store expects.

use pik_aws::{BY_ENTITY, BY_EVENT_TIME, BY_INGEST, BY_LAG};

#[test]
fn the_template_has_the_same_indexes() {
    let template = include_str!("../../../../deploy/template.yaml");
    let (_, indexes) = template.split_once("GlobalSecondaryIndexes:").unwrap();
    let (indexes, _) = indexes.split_once("\n\n").unwrap();
    let mut expected = String::new();
    for index in [BY_ENTITY, BY_LAG, BY_INGEST, BY_EVENT_TIME] {
        let kind = if index.numeric { "N" } else { "S" };
        for (name, kind) in [(index.partition, "S"), (index.sort, kind)] {
            let definition = format!("- {{ AttributeName: {name}, AttributeType: {kind} }}");
            assert!(template.contains(&definition), "{definition} is missing");
        }
        let definition = format!(
            "
        - IndexName: {}
          KeySchema:
            - {{ AttributeName: {}, KeyType: HASH }}
            - {{ AttributeName: {}, KeyType: RANGE }}
          Projection: {{ ProjectionType: ALL }}",
            index.name, index.partition, index.sort
        );
        expected += &match index {
            BY_EVENT_TIME => format!(
                "
        - !If
          - HasEventTimeIndex{}
          - !Ref \"AWS::NoValue\"",
                definition.replace("\n", "\n  ")
            ),
            _ => definition,
        };
    }
    assert_eq!(indexes, expected);
}
