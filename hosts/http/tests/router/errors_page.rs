//! `docs/errors.md`: each code's answer comes from the Router, its cause and repair from here.
//!
//! The matches below are exhaustive, so a new code does not build before it is described. To write the page anew:
//!
//! ```sh
//! PIK_RENEW=1 cargo test -p pik-http --test router errors_page
//! ```

use std::fmt::Write;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use pik_core::{Code, StoreError};
use pik_http::{Config, ErrorCode, HostFault};

use crate::service::{Answered, EXAMPLE, Service, read, request};

const TOP: &str = r#"# Errors

Each answer that refuses something has one or more `errors`, each with a `code` for programs, a `path` (a JSON Pointer into the event) and a
`message` for people. [The contract](contract.md#7-outcomes) says in which order they come. Codes do not change; messages may.

- **REJECTED** says that the event breaks the contract. To send it again unchanged changes nothing: repair it, or keep it aside.
- **ERROR** says that the event was not at fault. Send it again after a 408, 429, 500 or 503: what a failed attempt left is
  completed by the next. After a 400, 401, 404 or 405, mend the request first.

`pik check FILE` finds every REJECTED before anything is sent, and so does `validate` of the npm package `pik-client`. The package has two
codes more, `not_json` and `unsafe_integer`, for JavaScript values that JSON would change silently ([its README](../pkg/README.md#objects-and-texts)).

This page is written by a test, which also compares it with what the service answers:
`PIK_RENEW=1 cargo test -p pik-http --test router errors_page`.
"#;

struct Entry {
    cause: &'static str,
    /// The request as the page shows it.
    shown: String,
    answer: Answered,
    repair: &'static str,
}

impl Entry {
    fn of_event(cause: &'static str, event: &str, repair: &'static str) -> Self {
        Self { cause, shown: event.to_owned(), answer: post(event.to_owned()), repair }
    }
}

fn post(event: String) -> Answered {
    Service::new(Config::default()).post("/ingest", event)
}

/// The contract's example with `from` exchanged for `to`.
fn example(from: &str, to: &str) -> String {
    let event = EXAMPLE.replacen(from, to, 1);
    assert_ne!(event, EXAMPLE, "`{from}` is not in the example");
    event
}

fn of_rejected(code: Code) -> Entry {
    match code {
        Code::TooLarge => Entry {
            cause: "The body, or one event of a batch, has more bytes than the host takes: 1 MiB for an event unless the host is set lower. White space \
                    counts, and a compressed body counts as inflated. A whole batch has limits too, on its bytes and on its events.",
            shown: format!("{EXAMPLE}\n… and 1,048,576 spaces"),
            answer: post(format!("{EXAMPLE}{}", " ".repeat(1 << 20))),
            repair: "Store large content elsewhere and send a reference to it, or split the event. Send a batch in smaller parts.",
        },
        Code::InvalidJson => Entry::of_event(
            "The body is not JSON in UTF-8: a syntax error, text after the event, a byte-order mark, a lone surrogate escape such as `\"\\ud800\"`, an \
             empty body, or a compressed body that does not inflate. It stands alone, wherever in the body the fault is.",
            &example("10}}", "10}"),
            "Go to the line and column in the message. Let a JSON library write the event, in place of joining strings.",
        ),
        Code::NotAnObject => Entry::of_event(
            "The body is JSON, but not an object. Most often an array was sent to `/ingest`.",
            &format!("[{EXAMPLE}]"),
            "Send one event as one object, or send the array to `/ingest/batch`.",
        ),
        Code::MissingField => Entry::of_event(
            "One of the five members is absent.",
            &example(r#","payload":{"steps":10}"#, ""),
            "Add the member at `path`. An event without content has `\"payload\":null`.",
        ),
        Code::UnknownField => Entry::of_event(
            "The event has a member other than the five. It would not be part of the id, so two events that differ in it alone would be taken for one.",
            &example(r#","payload""#, r#","event_id":"7","payload""#),
            "Move the member into `payload`, or leave it out. Leave out `event_id`: the server computes it.",
        ),
        Code::WrongType => Entry::of_event(
            "`source`, `event_type`, `entity_id` or `event_time` is not a string; or a batch sent as `application/json` is not an array.",
            &example(r#""user_123""#, "123"),
            "Put the value in double quotes. Write `event_time` as ISO 8601 text, not as a number of seconds.",
        ),
        Code::DuplicateKey => Entry::of_event(
            "A name occurs twice in one object, in the event or within its payload. Parsers differ on which of the two counts. Names are compared after \
             unescaping: `\"a\"` and `\"\\u0061\"` are one.",
            &example(r#"{"steps":10}"#, r#"{"steps":10,"steps":12}"#),
            "Send each name once. If both values matter, send an array.",
        ),
        Code::Empty => Entry::of_event(
            "`source`, `event_type` or `entity_id` is `\"\"`.",
            &example(r#""user_123""#, r#""""#),
            "Send the real value. If there is none, agree on a word for that, such as `anonymous`.",
        ),
        Code::ForbiddenCharacter => Entry::of_event(
            "`source`, `event_type` or `entity_id` contains a control (U+0000–U+001F, U+007F–U+009F) or a noncharacter. Stores and logs cannot carry these.",
            &example("user_123", r"user_123\n"),
            "Remove the character; most often it is a line break or a NUL at the end. Inside `payload` these are allowed.",
        ),
        Code::TooLong => Entry {
            cause: "`entity_id` has more than 1,024 bytes, or `source` or `event_type` has more than 240 bytes as written in a key, where most punctuation takes \
                    three bytes.",
            shown: example("demo", "demo… 241 letters …"),
            answer: post(example("demo", &"d".repeat(241))),
            repair: "Send an identifier, and put a long text into `payload`.",
        },
        Code::InvalidTime => Entry::of_event(
            "`event_time` is not a date and time that exists: a date alone, another notation, 30 February, hour 24, text at the end.",
            &example("2025-12-28T23:59:59Z", "28.12.2025 23:59"),
            "Write ISO 8601 with a UTC offset, such as `2025-12-28T23:59:59Z`: `toISOString()` in JavaScript, `isoformat()` of an aware `datetime` in Python.",
        ),
        Code::MissingOffset => Entry::of_event(
            "`event_time` is a date and a time without an offset, so the instant would be a guess.",
            &example("59Z", "59"),
            "Add `Z` if the clock shows UTC, else the offset that was in force at that moment, such as `+02:00`.",
        ),
        Code::TimeTooPrecise => Entry::of_event(
            "The fraction of a second in `event_time` has more than nine digits. To cut it could make two events one.",
            &example("59Z", "59.1234567890Z"),
            "Write nanoseconds or less.",
        ),
        Code::TimeOutOfRange => Entry::of_event(
            "The year of `event_time` is outside 0001 to 9999 in UTC. Most often a date was never set.",
            &example("2025-12-28", "0000-12-28"),
            "Find where the time is set. Send no event without a real time.",
        ),
        Code::NumberOutOfRange => Entry::of_event(
            "A number in `payload` has a scientific exponent outside −1,000,000 to 1,000,000. Written out it would have more digits than a body.",
            &example("10}", "1e1000001}"),
            "Send the number as a string.",
        ),
        Code::TooDeep => Entry {
            cause: "`payload` nests more than 128 levels of arrays and objects. `path` leads to the container that is level 129.",
            shown: example(r#"{"steps":10}"#, "[[[… 129 levels …]]]"),
            answer: post(example(r#"{"steps":10}"#, &format!("{}{}", "[".repeat(129), "]".repeat(129)))),
            repair: "Flatten the payload, or send the inner part as a string.",
        },
        Code::UnsupportedMediaType => Entry {
            cause: "`Content-Type` is missing, or is not `application/json` in UTF-8 (for a batch also `application/x-ndjson`); or `Content-Encoding` is \
                    neither gzip nor zstd.",
            shown: "POST /ingest\ncontent-type: text/plain".to_owned(),
            answer: Service::new(Config::default()).call(
                Method::POST,
                "/ingest",
                &[("content-type", "text/plain")],
                EXAMPLE,
            ),
            repair: "Send the header. With curl: `-H 'content-type: application/json'`.",
        },
    }
}

fn of_error(code: ErrorCode) -> Entry {
    let service = Service::with_tokens(&["secret"]);
    let failing = |error: StoreError| {
        let service = Service::new(Config::default());
        service.fail_next([Some(error)]);
        service.post("/ingest", EXAMPLE)
    };
    match code {
        ErrorCode::Unauthorized => Entry {
            cause: "The service asks for a bearer token. The request carries none, or one that is neither among `PIK_TOKENS` nor in the file of tokens. With 403 the token is known, and its scopes are not for this request.",
            shown: "POST /ingest".to_owned(),
            answer: service.post("/ingest", EXAMPLE),
            repair: "Send `Authorization: Bearer TOKEN`; `pik` takes the token from `PIK_TOKEN`. If a token was replaced, set the new one. After a 403 use a token with the scope that the message names.",
        },
        ErrorCode::NotFound => Entry {
            cause: "There is no such path, or no event with this id. Paths are compared as they are written: `/ingest/` is not `/ingest`. An event that \
                    was never answered is not found either.",
            shown: "GET /ingests".to_owned(),
            answer: service.get("/ingests"),
            repair: "Compare the path with `GET /openapi.json`, or the id with what `pik id` computes from the event.",
        },
        ErrorCode::MethodNotAllowed => Entry {
            cause: "The path exists, and does not take this method. The `Allow` header names those it takes.",
            shown: "GET /ingest".to_owned(),
            answer: service.get("/ingest"),
            repair: "Use a method in `Allow`. A redirect on the way may have turned a POST into a GET: send to the final address.",
        },
        ErrorCode::Timeout => {
            let slow = request(Method::POST, "/ingest", &[], Body::empty());
            let call = service.api.begin(&slow);
            Entry {
                cause: "The body did not arrive whole and in time, or the service took longer than its limit.",
                shown: "POST /ingest, with a body that stops half-way".to_owned(),
                answer: read(service.api.refuse(&call, HostFault::Timeout, None)),
                repair: "Send it again; that is safe. If it recurs, send smaller batches, or look at `pik_request_duration_seconds` at `/metrics`.",
            }
        }
        ErrorCode::InvalidParameter => Entry {
            cause: "A parameter in the query is unknown, occurs twice, or has a value that cannot be right. With 400, 414 or 431 also a head that the server cannot read or does not serve: not HTTP, too long, without exactly one `Host`, or with a name in `Host` that a server without tokens does not answer to.",
            shown: "POST /ingest?dry_run=yes".to_owned(),
            answer: Service::new(Config::default()).post("/ingest?dry_run=yes", EXAMPLE),
            repair: "Follow the message. In a query, write the `+` of an offset as `%2B`.",
        },
        ErrorCode::Overloaded => Entry {
            cause: "More is asked at once than the service or its store takes. With 429 the bearer token has a limit, and has sent all that it may for now.",
            shown: "POST /ingest, with the store at its limit".to_owned(),
            answer: failing(StoreError::Overloaded(String::new())),
            repair: "Wait for the seconds in `Retry-After`, then send it again, each time with a longer pause. `pik send` and the clients do so by themselves. \
                     If it recurs, send fewer requests at once, or more events in each; after a 429 ask the operator for a higher limit.",
        },
        ErrorCode::Unavailable => Entry {
            cause: "The store is away: a disk that is full, a network that is down, a service behind it that refuses.",
            shown: "POST /ingest, with the store away".to_owned(),
            answer: failing(StoreError::Unavailable(String::new())),
            repair: "Wait for the seconds in `Retry-After`, then send it again. The message says what its operator must do about a full disk, a read-only store, a file that was moved, refused credentials, a missing bucket or table, a wrong region, a wrong clock, and a key that cannot be used; the service's log has every reason, under the `x-request-id` of the answer.",
        },
        ErrorCode::Internal => Entry {
            cause: "A fault of the service itself, such as a panic or a store that holds something it should not.",
            shown: "POST /ingest, with a store that broke a promise".to_owned(),
            answer: failing(StoreError::Internal(String::new())),
            repair: "Send it again once. If it stays, give the `x-request-id` of the answer to the operator, who finds the reason in the log; `pik verify` checks the store.",
        },
    }
}

fn page() -> String {
    let mut page = TOP.to_owned();
    let links = |codes: &[&str]| codes.iter().map(|code| format!("[{code}](#{code})")).collect::<Vec<_>>().join(" · ");
    let (rejected, error) = (Code::ALL.map(Code::as_str), ErrorCode::ALL.map(ErrorCode::as_str));
    writeln!(page, "\nREJECTED: {}\n\nERROR: {}", links(&rejected), links(&error)).unwrap();
    page.push_str("\n## Codes of REJECTED\n");
    for code in Code::ALL {
        section(&mut page, code.as_str(), &of_rejected(code));
    }
    page.push_str("\n## Codes of ERROR\n");
    for code in ErrorCode::ALL {
        section(&mut page, code.as_str(), &of_error(code));
    }
    page
}

fn section(page: &mut String, code: &str, entry: &Entry) {
    let Entry { cause, shown, answer, repair } = entry;
    let json = answer.json();
    assert_eq!(json["errors"][0]["code"], code);
    assert_ne!(answer.status, StatusCode::OK);
    // The path to level 129 says no more when it is written out.
    let body = String::from_utf8(answer.body.clone()).unwrap().replace(&"/0".repeat(128), "/0/0/… 128 times …/0");
    write!(
        page,
        "\n### {code}\n\n{cause}\n\n```text\n{shown}\n```\n\nThe answer is {}:\n\n```json\n{body}\n```\n\n**Repair.** {repair}\n",
        answer.status.as_u16()
    )
    .unwrap();
}

#[test]
fn errors_page_says_what_the_service_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = page();
    if std::env::var_os("PIK_RENEW").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/errors.md differs from what the service answers; read the difference after\n    \
         PIK_RENEW=1 cargo test -p pik-http --test router errors_page"
    );
}
