//! `pik id` and `pik check` on files and on standard input.

use std::io::Write;
use std::process::Stdio;

use pik_test_support::shown_on_a_terminal;

use crate::events::{EXAMPLE, EXAMPLE_ID, event};
use crate::said::Said;
use crate::server::pik;

fn run<const N: usize>(arguments: [&str; N], input: &[u8]) -> Said {
    let mut command = pik(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output.into()
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
    assert_eq!(said.err, "1 valid, 3 rejected\nrejected: 1 duplicate_key, 1 invalid_json, 1 missing_offset\n");

    let said = run(["check"], &event(1));
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", "1 valid, 0 rejected\n"));
    let said = run(["check"], b"");
    assert_eq!((said.code, said.err.as_str()), (0, "0 valid, 0 rejected\n"));
}

#[test]
fn a_broken_first_line_is_a_bad_line_of_several() {
    let said = run(["check"], &[b"}".to_vec(), event(1), b"{\"source\":}".to_vec()].join(&b'\n'));
    assert!(said.err.starts_with("1 valid, 2 rejected\n"), "{}", said.out);
}

#[test]
fn several_files_and_those_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("one.json"), EXAMPLE).unwrap();
    std::fs::write(path("two.ndjson"), [event(1), b"[]".to_vec()].join(&b'\n')).unwrap();
    let output = pik(["id"]).arg(path("one.json")).arg(path("two.ndjson")).output().unwrap();
    let first = Said::from(output);
    assert_eq!(first.out, format!("{EXAMPLE_ID}\n{}\n", id_of(&event(1))));
    assert!(first.err.starts_with(&format!("{}:2: not_an_object", path("two.ndjson"))), "{}", first.err);
    let missing = Said::from(pik(["check"]).arg(path("three.json")).output().unwrap());
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
    assert_eq!(said.err, "2 valid, 1 rejected\nrejected: 1 too_large\n");
    // Neither when it is the first.
    let long = vec![b'x'; 3_000_000];
    for long in [long.clone(), [b"{\"source\":\"".to_vec(), long].concat()] {
        let said = run(["check"], &[long, event(1), event(2)].join(&b'\n'));
        assert!(said.err.starts_with("2 valid, 1 rejected\n"), "{}", said.err);
    }
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
    let said = Said::from(child.wait_with_output().unwrap());
    writer.join().unwrap();
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn what_a_file_is_is_told_once() {
    let csv = [b"source,event_type,entity_id,event_time,payload\n".to_vec(), b"a,b,c,d,e\n".repeat(500)].concat();
    let gzip = [b"\x1f\x8b\x08\x00".to_vec(), b"\n\xff\x00{".repeat(500)].concat();
    let wide = |mark: &[u8], order: fn(u16) -> [u8; 2]| {
        let text = String::from_utf8(event(1)).unwrap() + "\r\n";
        [mark.to_vec(), text.encode_utf16().flat_map(order).collect::<Vec<_>>().repeat(3)].concat()
    };
    let cases = [
        (csv, "comma-separated"),
        (gzip, "gzip"),
        (wide(b"\xff\xfe", u16::to_le_bytes), "UTF-16"),
        (wide(b"\xfe\xff", u16::to_be_bytes), "UTF-16"),
        (wide(b"", u16::to_le_bytes), "UTF-16"),
        (b"\x28\xb5\x2f\xfd\x00\n\n\n".to_vec(), "zstd"),
    ];
    for (input, expected) in cases {
        let said = run(["check"], &input);
        assert_eq!((said.code, said.out.lines().count()), (1, 1), "{expected}: {}", said.out);
        assert!(said.out.starts_with("-:1: invalid_json: ") && said.out.contains(expected), "{}", said.out);
        assert!(said.err.starts_with("0 valid, 1 rejected\n"), "{}", said.err);
    }
}

#[test]
fn an_array_is_read_element_by_element() {
    let events: Vec<Vec<u8>> = (0..2_500).map(event).collect();
    let ids: String = events.iter().map(|event| id_of(event) + "\n").collect();
    for (before, between, after) in [("[", ",", "]"), ("\n [\n", "\n,\n", "\n]\n\n"), ("[ ", " ,\t", " ]")] {
        let input = [before.as_bytes(), &events.join(between.as_bytes()), after.as_bytes()].concat();
        let said = run(["id"], &input);
        assert_eq!((said.code, &said.out, said.err.as_str()), (0, &ids, ""));
    }
    for empty in ["[]", "[ \n ]\n"] {
        assert_eq!(run(["check"], empty.as_bytes()).err, "0 valid, 0 rejected\n");
    }
    let text = |number| String::from_utf8(event(number)).unwrap();
    let spread = String::from_utf8(EXAMPLE.to_vec()).unwrap();
    let said = run(["check"], format!("[\n{spread},\n7,\n{}\n", text(1)).as_bytes());
    assert!(said.out.starts_with("-:4: not_an_object"), "{}", said.out);
    assert!(said.out.contains("-:5: invalid_json: the array is not closed"), "{}", said.out);
    assert!(said.err.starts_with("1 valid, 2 rejected\n"), "{}", said.err);
    let said = run(["check"], format!("[{}]\n[{}]\n", text(1), text(2)).as_bytes());
    assert!(said.out.starts_with("-:2: invalid_json: there is text behind the array"), "{}", said.out);
    // Brackets and commas in strings are no structure.
    let odd = text(1).replace("tick", "],[\\\"}{");
    let said = run(["check"], format!("[{odd},{odd}]").as_bytes());
    assert_eq!(said.err, "2 valid, 0 rejected\n", "{}", said.out);
}

#[test]
fn a_first_line_that_was_cut_off_does_not_swallow_the_file() {
    let cut = event(1)[..40].to_vec();
    let said = run(["check"], &[cut, event(2), event(3)].join(&b'\n'));
    assert!(said.out.starts_with("-:1: invalid_json: ") && said.out.lines().count() == 1, "{}", said.out);
    assert!(said.err.starts_with("2 valid, 1 rejected\n"), "{}", said.err);
}

#[test]
fn check_says_the_same_as_json() {
    let said = run(["check", "--json"], &[event(1), b"{\"source\":\"\\u001b[31m\"}".to_vec()].join(&b'\n'));
    assert_eq!(said.code, 1);
    let line: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&line["file"], &line["line"]), (&"-".into(), &2.into()));
    assert_eq!(line["raw"], "{\"source\":\"\\u001b[31m\"}");
    assert_eq!(
        (&line["errors"][0]["code"], &line["errors"][0]["path"]),
        (&"forbidden_character".into(), &"/source".into())
    );
    assert!(said.err.starts_with("1 valid, 1 rejected\n"), "{}", said.err);
}

#[test]
fn names_of_files_reach_no_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a\u{1b}[31m\u{202e}b.ndjson");
    std::fs::write(&path, b"nope").unwrap();
    let missing = folder.path().join("c\u{9b}31m\nd");
    for (arguments, code) in [(["check"], 1), (["id"], 1)] {
        let output = Said::from(pik(arguments).arg(&path).arg(&missing).output().unwrap());
        let all = output.out + &output.err;
        assert_eq!(output.code, code);
        assert!(all.contains("a\\u{1b}[31m\\u{202e}b") && all.contains("c\\u{9b}31m\\nd"), "{all}");
        assert!(!all.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{all:?}");
    }
}

#[test]
fn arguments_reach_no_terminal_raw() {
    let hostile = "c\u{1b}[31m\u{202e}\nd";
    for arguments in
        [["check", hostile, "--nonsense"], ["check", "--format", hostile], ["send", "--concurrency", hostile]]
    {
        let arguments = arguments.map(|argument| argument.replace("--nonsense", &format!("--{hostile}")));
        let said = Said::from(pik([]).args(arguments).output().unwrap());
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("\\u{202e}"), "{}", said.err);
        assert!(!said.err.contains(['\u{1b}', '\u{202e}']), "{:?}", said.err);
    }
    let said = run(["check", "--format", "nonsense"], b"");
    assert!(said.code == 2 && said.err.contains("'nonsense'") && said.err.contains("--help"), "{}", said.err);
}

#[test]
fn what_was_hashed_reaches_no_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    let name = "user\u{202e}gpj";
    let text = String::from_utf8(event(1)).unwrap().replace("user_1", name).replace("\"number\"", "\"a\u{9b}31m\"");
    std::fs::write(&path, &text).unwrap();
    let shown = shown_on_a_terminal(pik(["id", "--explain"]).arg(&path)).unwrap();
    assert!(shown.contains("user\\u202egpj") && shown.contains("a\\u009b31m"), "{shown}");
    assert!(!shown.contains(['\u{202e}', '\u{9b}']), "{shown:?}");
    // A pipe gets what was hashed.
    let piped = Said::from(pik(["id", "--explain"]).arg(&path).output().unwrap());
    assert!(piped.out.contains(name) && piped.out.contains("a\u{9b}31m"), "{}", piped.out);
}
