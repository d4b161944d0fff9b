//! `POST /ingest/batch`.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use axum::http::Method;
use pik_core::{StoreError, split_array};
use pik_http::Config;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, Service};

const NDJSON: [(&str, &str); 1] = [("content-type", "application/x-ndjson")];

/// An event of its own for each number.
fn event(number: usize) -> String {
    EXAMPLE.replace("10", &number.to_string())
}

fn array(service: &Service, body: impl Into<axum::body::Body>) -> Answered {
    service.post("/ingest/batch", body)
}

fn lines(service: &Service, body: impl Into<axum::body::Body>) -> Answered {
    service.call(Method::POST, "/ingest/batch", &NDJSON, body)
}

/// Accepted, duplicate, rejected, failed.
fn counts(answer: &Answered) -> [u64; 4] {
    let json = answer.json();
    ["accepted", "duplicate", "rejected", "failed"].map(|name| json[name].as_u64().unwrap())
}

fn statuses(answer: &Answered) -> Vec<String> {
    let json = answer.json();
    let results = json["results"].as_array().unwrap();
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result["index"], place);
    }
    let status = |result: &Value| {
        let code = result["errors"][0]["code"].as_str().map(|code| format!(" {code}"));
        format!("{}{}", result["status"].as_str().unwrap(), code.unwrap_or_default())
    };
    results.iter().map(status).collect()
}

#[test]
fn every_event_gets_the_answer_that_it_would_have_got_alone() {
    let bodies = [event(1), event(1), "[]".into(), event(2).replace("demo", ""), event(3), r#"{"a":1}"#.into()];
    let batches = [array(&Service::new(Config::default()), format!("[{}]", bodies.join(" ,\n"))), {
        lines(&Service::new(Config::default()), bodies.join("\n"))
    }];
    let single = Service::new(Config::default());
    let alone: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| {
            let mut json = single.post("/ingest", body.clone()).json();
            json["index"] = index.into();
            json
        })
        .collect();
    for batch in batches {
        assert_eq!(batch.status, 200);
        assert_eq!(batch.json()["results"], Value::Array(alone.clone()));
        assert_eq!(counts(&batch), [2, 1, 3, 0]);
        assert!(batch.json().get("dry_run").is_none());
    }
}

#[test]
fn the_bytes_of_each_element_are_kept() {
    let service = Service::new(Config::default());
    let spelled = EXAMPLE.replace("10", "1.0e1").replace("demo", "d\\u0065mo").replace(',', " ,\n ");
    let big = EXAMPLE.replace("10", "9007199254740993");
    let answer = array(&service, format!("[\t{spelled}\r\n,{big} ]\n"));
    assert_eq!(counts(&answer), [2, 0, 0, 0]);
    let raw = |index: usize| {
        let id = answer.json()["results"][index]["event_id"].as_str().unwrap().parse().unwrap();
        service.api.store().memory.raw_store.objects(&id)[0].1.clone()
    };
    assert_eq!(raw(0), spelled.as_bytes());
    assert_eq!(raw(1), big.as_bytes());
    assert_eq!(answer.json()["results"][0]["event_id"], EXAMPLE_ID);
}

#[test]
fn lines_may_be_blank_end_in_crlf_and_lack_the_last_line_feed() {
    for body in [
        format!("{}\n{}", event(1), event(2)),
        format!("{}\r\n{}\r\n", event(1), event(2)),
        format!("\n \n{}\n\t\r\n{}\n\n", event(1), event(2)),
    ] {
        assert_eq!(statuses(&lines(&Service::new(Config::default()), body)), ["ACCEPTED", "ACCEPTED"]);
    }
}

#[test]
fn a_broken_line_is_rejected_alone() {
    let service = Service::new(Config::default());
    let mut body = format!("\u{feff}{}\n{}\n{{\n", event(1), event(2)).into_bytes();
    body.extend(b"\"\xff\"\n");
    body.extend(format!("{} {}\n", event(3), event(4)).bytes());
    let answer = lines(&service, body);
    assert_eq!(answer.status, 200);
    let broken = "REJECTED invalid_json";
    assert_eq!(statuses(&answer), [broken, "ACCEPTED", broken, broken, broken]);
}

#[test]
fn a_broken_array_is_rejected_as_a_whole() {
    let fine = event(1);
    let len = fine.len();
    for (body, place) in [
        (format!("[{fine},{fine}"), format!("line 1, column {}", 2 * len + 3)),
        (format!("[{fine},\n{fine}]]"), format!("line 2, column {}", len + 2)),
        (format!("[{fine},]"), format!("line 1, column {}", len + 3)),
        (format!("[{fine}\n {fine}]"), "line 2, column 2".to_owned()),
        (format!("[\n{fine},\n{{\"a\" 1}}]"), "line 3, column 6".to_owned()),
        (format!("{fine}\n{fine}"), "line 2, column 1".to_owned()),
        ("[,]".into(), "line 1, column 2".to_owned()),
        ("[".into(), "line 1, column 2".to_owned()),
        (String::new(), "line 1, column 1".to_owned()),
        ("\u{feff}[]".into(), "line 1, column 1".to_owned()),
        ("['a']".into(), "line 1, column 2".to_owned()),
        (r#"["\ud800"]"#.into(), "line 1, column 3".to_owned()),
    ] {
        let service = Service::new(Config::default());
        let answer = array(&service, body.clone());
        assert_eq!(answer.gist(), "400 REJECTED invalid_json", "{body}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(&format!("({place})")), "{body}: {message}");
        assert_eq!(service.store_calls(), 0);
    }
    let service = Service::new(Config::default());
    assert_eq!(array(&service, &b"[\"\xff\"]"[..]).gist(), "400 REJECTED invalid_json");
    for body in [EXAMPLE, "{}", "null", " 1 "] {
        assert_eq!(array(&service, body).gist(), "400 REJECTED wrong_type", "{body}");
    }
}

#[test]
fn sixteen_megabytes_of_brackets_are_an_answer() {
    let service = Service::new(Config::default());
    let half = 8 << 20;
    assert_eq!(array(&service, "[".repeat(2 * half)).gist(), "400 REJECTED invalid_json");
    assert_eq!(
        array(&service, "[".repeat(half) + &"]".repeat(half)).json()["results"][0]["errors"][0]["code"],
        "too_large"
    );
    let deep = 500_000;
    let answer = array(&service, "[".repeat(deep) + &"]".repeat(deep));
    assert_eq!(statuses(&answer), ["REJECTED not_an_object"]);
    let objects = r#"{"a":"#.repeat(100_000) + "1" + &"}".repeat(100_000);
    assert_eq!(statuses(&array(&service, format!("[{objects}]"))), ["REJECTED missing_field"]);
    assert_eq!(statuses(&lines(&service, "[".repeat(1 << 20))), ["REJECTED invalid_json"]);
}

#[test]
fn an_empty_batch_is_no_mistake() {
    let service = Service::new(Config::default());
    for answer in [array(&service, "[ ]"), lines(&service, ""), lines(&service, "\n\n")] {
        assert_eq!((answer.status.as_u16(), counts(&answer)), (200, [0; 4]));
        assert_eq!(answer.json()["results"], json!([]));
    }
    array(&service, "[1,2]");
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn limits_are_on_each_event_on_their_number_and_on_the_whole() {
    let config = Config { max_event_bytes: 200, max_batch_events: 3, max_batch_bytes: 1000, ..Config::default() };
    let service = Service::new(config);
    let long = event(1).replace("demo", &"d".repeat(100));
    let answer = array(&service, format!("[{long},{}]", event(2)));
    assert_eq!(
        (answer.status.as_u16(), statuses(&answer)),
        (200, vec!["REJECTED too_large".into(), "ACCEPTED".into()])
    );
    // White space around an element is not the element's; on a line it is.
    assert_eq!(counts(&array(&service, format!("[{}{}]", event(3), " ".repeat(200))))[0], 1);
    assert_eq!(statuses(&lines(&service, format!("{}{}", event(3), " ".repeat(200)))), ["REJECTED too_large"]);

    assert_eq!(statuses(&array(&service, "[1,2,3]")).len(), 3);
    assert_eq!(array(&service, "[1,2,3,4]").gist(), "413 REJECTED too_large");
    assert_eq!(array(&service, "[1,2,3,4").gist(), "413 REJECTED too_large");
    assert_eq!(lines(&service, "1\n2\n3\n4").gist(), "413 REJECTED too_large");
    assert_eq!(array(&service, format!("[1{}]", " ".repeat(997))).status, 200);
    assert_eq!(array(&service, format!("[1{}]", " ".repeat(998))).gist(), "413 REJECTED too_large");
}

#[test]
fn a_failure_of_the_store_is_never_behind_a_200() {
    let overloaded = || Some(StoreError::Overloaded("queue of 512".into()));
    let internal = || Some(StoreError::Internal("no such table".into()));
    let body = || format!("[{},7,{},{}]", event(1), event(2), event(3));
    for (faults, status, retry_after, failed) in [
        (vec![None, None, None], 200, "", 0),
        (vec![None, overloaded(), None], 503, "1", 1),
        (vec![internal(), None, overloaded()], 503, "1", 2),
        (vec![overloaded(), None, internal()], 503, "1", 2),
        (vec![None, internal(), None], 500, "", 1),
        (vec![internal(), internal(), internal()], 500, "", 3),
    ] {
        let service = Service::new(Config::default());
        let expected: Vec<String> = faults
            .iter()
            .map(|fault| match fault {
                None => "ACCEPTED".to_owned(),
                Some(error) => format!("ERROR {}", error.code()),
            })
            .collect();
        service.fail_next(faults);
        let answer = array(&service, body());
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (status, retry_after));
        assert_eq!(counts(&answer), [3 - failed, 0, 1, failed]);
        let mut expected = expected;
        expected.insert(1, "REJECTED not_an_object".into());
        assert_eq!(statuses(&answer), expected);
        // Sending everything again completes it.
        let again = array(&service, body());
        assert_eq!((again.status.as_u16(), counts(&again)), (200, [failed, 3 - failed, 1, 0]));
    }
}

#[test]
fn a_store_that_forgets_an_answer_does_not_make_an_event_look_safe() {
    let service = Service::new(Config::default());
    service.api.store().forgetful.store(true, Ordering::Relaxed);
    let answer = array(&service, format!("[{},{}]", event(1), event(2)));
    assert_eq!(answer.status, 500);
    assert_eq!(statuses(&answer), ["ACCEPTED", "ERROR internal"]);
}

#[test]
fn equal_events_are_one_and_its_duplicates() {
    let body = format!("[{},{},{},{}]", event(1), event(2), event(1).replace(',', " , "), event(1));
    let expected = ["ACCEPTED", "ACCEPTED", "DUPLICATE", "DUPLICATE"];
    let real = Service::new(Config::default());
    let first = array(&real, body.clone());
    assert_eq!(statuses(&first), expected);
    let dry = Service::new(Config { dry_run: true, ..Config::default() });
    assert_eq!(same(&dry, &body, &first), expected);
    assert_eq!(same(&dry, &body, &first), expected);
    assert!(dry.api.store().receipts.lock().unwrap().is_empty());
}

/// The statuses of a dry run that foretells `real`.
fn same(dry: &Service, body: &str, real: &Answered) -> Vec<String> {
    let answer = array(dry, body.to_owned());
    let mut json = answer.json();
    let members = json.as_object_mut().unwrap();
    assert_eq!(members.remove("dry_run"), Some(json!(true)));
    for result in members["results"].as_array_mut().unwrap() {
        assert_eq!(result.as_object_mut().unwrap().remove("dry_run"), Some(json!(true)));
    }
    assert_eq!(json, real.json());
    statuses(&answer)
}

#[test]
fn a_dry_run_looks_each_event_up_once_and_foretells_the_rest() {
    let service = Service::new(Config::default());
    service.post("/ingest", event(0));
    let calls = service.store_calls();
    let mut body = String::new();
    for number in (0..100).chain(0..100) {
        writeln!(body, "{}", event(number)).unwrap();
    }
    let dry = service.call(Method::POST, "/ingest/batch?dry_run=true", &NDJSON, body.clone());
    assert_eq!(counts(&dry), [99, 101, 0, 0]);
    assert_eq!(service.store_calls() - calls, 100);
    let mut foretold = dry.json();
    foretold["results"].as_array_mut().unwrap().iter_mut().for_each(|result| {
        result.as_object_mut().unwrap().remove("dry_run");
    });
    assert_eq!(foretold["results"], lines(&service, body).json()["results"]);
}

#[test]
fn a_look_up_that_fails_is_the_error_of_its_event() {
    let service = Service::new(Config { dry_run: true, ..Config::default() });
    service.fail_next([Some(StoreError::Unavailable("away".into()))]);
    let answer = array(&service, format!("[{},{0}]", event(1)));
    assert_eq!((answer.status.as_u16(), counts(&answer)), (503, [0, 0, 0, 2]));
    assert_eq!(answer.json()["results"][1]["dry_run"], true);
}

#[test]
fn receipts_tell_the_events_of_a_batch_apart() {
    let service = Service::new(Config::default());
    let headers = [NDJSON[0], ("x-request-id", "mine")];
    service.call(Method::POST, "/ingest/batch", &headers, format!("{}\n5\n{0}\n", event(1)));
    let receipts = service.api.store().receipts.lock().unwrap();
    assert_eq!(*receipts, ["mine.0000000000000001.0", "mine.0000000000000001.2"]);
}

#[test]
fn a_batch_of_mistakes_is_answered_in_bounds() {
    let mut mistakes = String::from("{");
    for name in 0..100 {
        write!(mistakes, "\"{name}\":1,").unwrap();
    }
    mistakes.push_str("\"x\":1}\n");
    let answer = lines(&Service::new(Config::default()), mistakes.repeat(2000));
    let json = answer.json();
    let listed = |index: usize| json["results"][index]["errors"].as_array().unwrap().len();
    assert_eq!((listed(0), listed(99), listed(100), listed(1999)), (100, 100, 1, 1));
    assert_eq!(counts(&answer), [0, 0, 2000, 0]);
}

#[test]
fn arrays_are_cut_where_another_parser_cuts_them() {
    let mut random = Random(7);
    for _ in 0..3000 {
        let mut text = random.space() + "[";
        let count = random.below(5);
        for index in 0..count {
            if index > 0 {
                text.push(',');
            }
            text += &random.space();
            text += &random.value(3);
            text += &random.space();
        }
        if count == 0 {
            text += &random.space();
        }
        text += "]";
        text += &random.space();
        if random.below(3) == 0 {
            let (at, old) = text.char_indices().nth(random.below(text.chars().count())).unwrap();
            text.replace_range(at..at + old.len_utf8(), ["", ",", "]", "\"", "1", " "][random.below(6)]);
        }
        let theirs: Option<Vec<&str>> = serde_json::from_str::<Vec<&RawValue>>(&text)
            .ok()
            .map(|elements| elements.into_iter().map(RawValue::get).collect());
        let ours: Option<Vec<&str>> = split_array(text.as_bytes(), 100)
            .ok()
            .map(|elements| elements.into_iter().map(|element| std::str::from_utf8(element).unwrap()).collect());
        assert_eq!(ours, theirs, "{text}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn space(&mut self) -> String {
        ["", "", " ", "\n", "\t\r"][self.below(5)].to_owned()
    }

    fn value(&mut self, depth: usize) -> String {
        let kinds = if depth == 0 { 6 } else { 8 };
        match self.below(kinds) {
            0 => "null".into(),
            1 => "-12.50e+3".into(),
            2 => r#""a\"]},\\""#.into(),
            3 => "\"é[\"".into(),
            4 => "true".into(),
            5 => "9007199254740993".into(),
            6 => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.space() + &self.value(depth - 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => {
                let member = |random: &mut Self| format!("\"]\"{}:{}", random.space(), random.value(depth - 1));
                let members: Vec<String> = (0..self.below(4)).map(|_| member(self)).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}

#[test]
fn a_body_that_is_something_else_is_told_once() {
    let objects = format!("[{},\n {}]", event(1), event(2));
    let pretty = format!("[\n  {},\n  {}\n]\n", event(1), event(2));
    let glued = format!("{}{}", event(1), event(2));
    let utf_16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(objects.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let table = "source,event_type\ndemo,heartbeat\ndemo,heartbeat\n";
    let of_lines: [(&[u8], &str); 7] = [
        (objects.as_bytes(), "application/json"),
        (pretty.as_bytes(), "application/json"),
        (glued.as_bytes(), "--data-binary"),
        (table.as_bytes(), "one JSON object a line"),
        (&utf_16, "UTF-16"),
        (b"\x1f\x8b\x08\x00rest\nof\nit", "Content-Encoding: gzip"),
        (b"\x28\xb5\x2f\xfdrest\nof\nit", "Content-Encoding: zstd"),
    ];
    let service = Service::new(Config::default());
    for (body, told) in of_lines {
        let answer = lines(&service, body.to_vec());
        let json = answer.json();
        assert_eq!((answer.status.as_u16(), json["status"].as_str()), (400, Some("REJECTED")), "{json}");
        assert!(
            json["errors"].as_array().unwrap().len() == 1
                && json["errors"][0]["message"].as_str().unwrap().contains(told),
            "{json}"
        );
    }
    for body in [format!("{}\n{}\n", event(1), event(2)), glued] {
        let json = array(&service, body).json();
        assert!(json["errors"][0]["message"].as_str().unwrap().contains("application/x-ndjson"), "{json}");
    }
    let json = service.post("/ingest", utf_16).json();
    assert!(json["errors"][0]["message"].as_str().unwrap().contains("UTF-16"), "{json}");
    // A control character in a text is told by the core, as it is to who validates before sending.
    let json = service.post("/ingest", "{\0\"source\": 1}").json();
    assert!(json["errors"][0]["message"].as_str().unwrap().contains("member name"), "{json}");
}

#[test]
fn a_body_with_lines_that_may_be_events_is_answered_line_by_line() {
    let service = Service::new(Config::default());
    let broken_first = format!("rubbish, four, words, here\n{}\n", event(1));
    assert_eq!(counts(&lines(&service, broken_first)), [1, 0, 1, 0]);
    assert_eq!(counts(&lines(&service, "[]")), [0, 0, 1, 0]);
    let twice_on_the_first = format!("{}{}\n{}\n", event(2), event(3), event(4));
    assert_eq!(counts(&lines(&service, twice_on_the_first)), [1, 0, 1, 0]);
}
