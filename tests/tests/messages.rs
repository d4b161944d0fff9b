//! What a person reads when a body is refused for a usual mistake: the mistake by its name, and where it is. Codes and
//! paths are the vectors' matter.

use pik_core::{Event, Rejection, split_array};

fn message<T>(refused: Result<T, Rejection>) -> String {
    let rejection = refused.err().expect("it is refused");
    assert_eq!(rejection.problems().len(), 1, "{rejection}");
    rejection.problems()[0].message.clone()
}

/// A valid event but for `member` in place of the one of that name.
fn with(member: &str) -> String {
    let (name, _) = member.split_once(':').expect("a name and a value");
    let members = [
        r#""source":"demo""#,
        r#""event_type":"heartbeat""#,
        r#""entity_id":"user_123""#,
        r#""event_time":"2025-12-28T23:59:59Z""#,
        r#""payload":{}"#,
    ];
    assert!(members.iter().any(|other| other.starts_with(name)), "{name}");
    format!(
        "{{\n{}\n}}",
        members.map(|other| if other.starts_with(name) { member } else { other }.to_owned()).join(",\n")
    )
}

#[test]
fn mistakes_in_an_event_are_named() {
    let event = with(r#""payload":{}"#);
    assert!(Event::parse(event.as_bytes()).is_ok());
    let number = "send a string such as \"2025-12-28T23:59:59Z\", as the unit of a number would be a guess";
    for (body, expected) in [
        (
            event.clone() + &event,
            "another event begins behind the event; write one event a line (`curl -d` removes line ends, `--data-binary` keeps them) (line 7, column 2)",
        ),
        (event.clone() + "]", "text after the end of the event; send one event a body (line 7, column 2)"),
        (with(r#""source":{}"#), "`source` is an object at line 2, column 10; send a string"),
        (with(r#""source":7"#), "`source` is a number at line 2, column 10; send a string"),
        (with(r#""event_time":7"#), &format!("`event_time` is a number at line 5, column 14; {number}")),
        (
            with(r#""event_time":null"#),
            "`event_time` is null at line 5, column 14; send a string such as \"2025-12-28T23:59:59Z\"",
        ),
        (with(r#""entity_id":"ab\u0000""#), "`entity_id` has a control or noncharacter as its character 3; remove it"),
        (
            with(r#""payload":NaN"#),
            "NaN, Infinity and undefined are no JSON; send null, or leave the member out (line 6, column 11)",
        ),
        (with(r#""payload":nothing"#), "expected a JSON value (line 6, column 11)"),
        (String::new(), "the text ends where a JSON value is expected (line 1, column 1)"),
        (with(r#""payload":-01"#), "a number with a leading zero; leave the zero out (line 6, column 13)"),
        (with(r#""source":[1;2]"#), "expected `,` or `]` after an array's element (line 2, column 12)"),
        (with(r#""source":{"a":1;2}"#), "expected `,` or `}` after an object's member (line 2, column 16)"),
    ] {
        assert_eq!(message(Event::parse(body.as_bytes())), expected, "{body}");
        assert_eq!(message(Event::check(body.as_bytes())), expected, "{body}");
    }
}

#[test]
fn mistakes_in_a_batch_are_named() {
    for (body, expected) in [
        (
            "{}\n{}",
            "several JSON values and no array; send one event a line as application/x-ndjson (line 2, column 1)",
        ),
        (
            "{}\n[]",
            "several JSON values and no array; send one event a line as application/x-ndjson (line 2, column 1)",
        ),
        ("[]\n[]", "text after the end of the batch; send one array a body (line 2, column 1)"),
        ("{},", "text after the end of the batch; send one array a body (line 1, column 3)"),
        ("[{} {}]", "expected `,` or `]` after an array's element (line 1, column 5)"),
    ] {
        assert_eq!(message(split_array(body.as_bytes(), 10)), expected, "{body}");
    }
}
