//! `pik id` and `pik check` on files and on standard input.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::events::{EXAMPLE, EXAMPLE_ID, event};
use crate::server::pik;

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run<const N: usize>(arguments: [&str; N], input: &[u8]) -> Said {
    let mut command = pik(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    said(output)
}

fn id_of(event: &[u8]) -> String {
    pik_core::Event::parse(event).unwrap().id().to_string()
}

#[test]
fn id_of_an_event_over_several_lines() {
    for arguments in [["id", "-"], ["id", "--format=auto"], ["id", "--format=event"]] {
        let said = run(arguments, &[b"\n \n", EXAMPLE, b"\n\n"].concat());
        assert_eq!((said.code, said.out.trim(), said.err.as_str()), (0, EXAMPLE_ID, ""), "{arguments:?}");
    }
}

#[test]
fn id_of_each_line() {
    let lines = [event(1), event(2), event(1)];
    let expected: String = lines.iter().map(|line| id_of(line) + "\n").collect();
    for separator in ["\n", "\r\n", "\n\n \t\n"] {
        let said = run(["id"], &lines.join(separator.as_bytes()));
        assert_eq!((said.code, &said.out), (0, &expected), "{separator:?}");
    }
}

#[test]
fn explains_what_was_hashed() {
    let said = run(["id", "--explain"], EXAMPLE);
    let expected = "canonical(payload)  {\"steps\":10}\n\
        payload_hash        2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881\n\
        hashed for the id   {\"entity_id\":\"user_123\",\"event_time\":\"2025-12-28T23:59:59Z\",\
        \"event_type\":\"heartbeat\",\"payload_hash\":\"2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881\",\
        \"source\":\"demo\"}\n\
        event_id            59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec\n";
    assert_eq!(said.out, expected);
}

#[test]
fn ids_and_problems_do_not_mix() {
    let said = run(["id"], &[event(1), b"{}".to_vec(), event(2)].join(&b'\n'));
    assert_eq!(said.code, 1);
    assert_eq!(said.out, format!("{}\n{}\n", id_of(&event(1)), id_of(&event(2))));
    assert!(said.err.starts_with("-:2: missing_field at /source: "), "{}", said.err);
}

#[test]
fn check_tells_every_problem_with_its_line() {
    let no_offset = String::from_utf8(event(3)).unwrap().replace("00Z", "00");
    let twice = String::from_utf8(event(4)).unwrap().replace("{\"number\":4", "{\"number\":4,\"number\":5");
    let input = [event(1), Vec::new(), no_offset.into(), twice.into(), b"nope".to_vec()].join(&b'\n');
    let said = run(["check"], &input);
    assert_eq!(said.code, 1);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    assert!(lines[0].starts_with("-:3: missing_offset at /event_time: "), "{}", lines[0]);
    assert!(lines[1].starts_with("-:4: duplicate_key at /payload/number: "), "{}", lines[1]);
    assert!(lines[1].contains("line 4, column "), "the file's line, not the event's: {}", lines[1]);
    assert!(lines[2].starts_with("-:5: invalid_json: "), "{}", lines[2]);
    assert_eq!(said.err, "1 valid, 3 rejected\n");

    let said = run(["check"], &event(1));
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", "1 valid, 0 rejected\n"));
    let said = run(["check"], b"");
    assert_eq!((said.code, said.err.as_str()), (0, "0 valid, 0 rejected\n"));
}

#[test]
fn a_broken_first_line_is_a_bad_line_of_several() {
    let said = run(["check"], &[b"}".to_vec(), event(1), b"{\"source\":}".to_vec()].join(&b'\n'));
    assert_eq!(said.err, "1 valid, 2 rejected\n", "{}", said.out);
}

#[test]
fn several_files_and_those_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("one.json"), EXAMPLE).unwrap();
    std::fs::write(path("two.ndjson"), [event(1), b"[]".to_vec()].join(&b'\n')).unwrap();
    let output = pik(["id"]).arg(path("one.json")).arg(path("two.ndjson")).output().unwrap();
    let first = said(output);
    assert_eq!(first.out, format!("{EXAMPLE_ID}\n{}\n", id_of(&event(1))));
    assert!(first.err.starts_with(&format!("{}:2: not_an_object", path("two.ndjson"))), "{}", first.err);
    let missing = said(pik(["check"]).arg(path("three.json")).output().unwrap());
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("cannot open") && missing.err.contains("three.json"), "{}", missing.err);
}

#[test]
fn an_event_at_the_limit_and_one_over_it() {
    let padded = |length: usize| [EXAMPLE, " ".repeat(length - EXAMPLE.len()).as_bytes()].concat();
    assert_eq!(run(["id", "--format=event"], &padded(1_048_576)).out.trim(), EXAMPLE_ID);
    let said = run(["check", "--format=event"], &padded(1_048_577));
    assert!(said.out.starts_with("-:1: too_large: "), "{}", said.out);
    // A line over the limit does not hide those behind it, nor fill the memory.
    let long = [b"{\"source\":\"".to_vec(), vec![b'x'; 3_000_000], b"\"}".to_vec()].concat();
    let said = run(["check"], &[event(1), long, event(2)].join(&b'\n'));
    assert!(said.out.starts_with("-:2: too_large: ") && said.out.lines().count() == 1, "{}", said.out);
    assert_eq!(said.err, "2 valid, 1 rejected\n");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let input = (0..50_000).map(event).collect::<Vec<_>>().join(&b'\n');
    let mut command = pik(["id"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read everything.
    let writer = std::thread::spawn(move || stdin.write_all(&input).is_ok());
    let said = said(child.wait_with_output().unwrap());
    writer.join().unwrap();
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}
