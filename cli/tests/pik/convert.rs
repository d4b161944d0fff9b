//! `pik convert`: tables as people have them.

use std::path::Path;

use serde_json::Value;

use crate::server::pik;

const HEADER: &str = "user_id,created_at,kind,amount,note\n";

/// Exit code, standard output, standard error.
fn convert(file: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = pik(["convert"]).arg(file).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn table(folder: &Path, rows: &str) -> std::path::PathBuf {
    let path = folder.join("rows.csv");
    std::fs::write(&path, format!("{HEADER}{rows}")).unwrap();
    path
}

const MEMBERS: [&str; 4] = ["--source=shop", "--event-type=@kind", "--entity-id=@user_id", "--event-time=@created_at"];

fn with_members(file: &Path, arguments: &[&str]) -> (i32, String, String) {
    convert(file, &[&MEMBERS, arguments].concat())
}

/// The times of the events that came out.
fn times(out: &str) -> Vec<String> {
    let time = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event_time"].as_str().unwrap().to_owned();
    out.lines().map(time).collect()
}

#[test]
fn rows_become_events_digit_by_digit() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "u1,2026-10-14T10:00:00Z,order,9007199254740993.10,\"says \"\"hi\"\",\nand goes\"\n";
    let (code, out, problems) = with_members(&table(folder.path(), rows), &["--numbers=@amount"]);
    let event = r#"{"source":"shop","event_type":"order","entity_id":"u1","event_time":"2026-10-14T10:00:00Z","payload":{"amount":9007199254740993.10,"note":"says \"hi\",\nand goes"}}"#;
    assert_eq!((code, out, problems), (0, format!("{event}\n"), "1 converted, 0 refused\n".to_owned()));
}

#[test]
fn what_is_refused_has_its_line_and_can_be_mended() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "u1,2026-10-14T10:00:00Z,order,1,a\nu2,2026-10-14 10:00:00,order,2,\"b\nb\"\nu3,2026-10-14T10:00:00Z,order,1e,c\n\
                u4,2026-10-14T10:00:00Z,order\n,2026-10-14T10:00:00Z,order,5,e\n";
    let file = table(folder.path(), rows);
    let kept = folder.path().join("refused.csv");
    let rejected_to = format!("--rejected-to={}", kept.display());
    let (code, out, problems) = with_members(&file, &["--numbers=amount", &rejected_to]);
    assert_eq!((code, out.lines().count()), (1, 1));
    let name = file.display();
    for expected in [
        format!("{name}:3: column `created_at` has no UTC offset; say where clocks showed it with `--time-zone`"),
        format!("{name}:5: column `amount` is no number"),
        format!("{name}:6: the row has 3 cells, the header 5"),
        format!("{name}:7: empty at /entity_id"),
        "1 converted, 4 refused".to_owned(),
    ] {
        assert!(problems.contains(&expected), "{expected}: {problems}");
    }
    let (_, again) = rows.split_once('\n').unwrap();
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), format!("{HEADER}{again}"));
    let (code, out, problems) = with_members(&file, &["--numbers=amount", &rejected_to]);
    assert_eq!((code, out.as_str()), (1, ""), "a file that is there stays as it is");
    assert!(problems.contains("cannot make"), "{problems}");
}

#[test]
fn times_of_a_zone_are_never_guessed() {
    let folder = tempfile::tempdir().unwrap();
    // Once; twice; never; with an offset of its own; a date alone; with an annotation; a leap second.
    let rows = "u,2026-10-14 10:00:00,k,,\nu,2026-10-25T02:30:00.5,k,,\nu,2026-03-29 02:30:00,k,,\nu,2026-10-14T10:00:00+05:00,k,,\n\
                u,2026-10-14,k,,\nu,2026-10-14T10:00:00[UTC],k,,\nu,2026-12-31T23:59:60,k,,\n";
    let file = table(folder.path(), rows);
    let berlin = "--time-zone=Europe/Berlin";
    let own = "2026-10-14T10:00:00+05:00";
    let (code, out, problems) = with_members(&file, &[berlin]);
    assert_eq!((code, times(&out)), (1, vec!["2026-10-14T08:00:00Z".to_owned(), own.to_owned()]));
    for expected in
        [":3: column `created_at` was twice", ":4: column `created_at` does not exist", "2 converted, 5 refused"]
    {
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
    for (which, time) in [("earlier", "2026-10-25T00:30:00.5Z"), ("later", "2026-10-25T01:30:00.5Z")] {
        let (_, out, _) = with_members(&file, &[berlin, "--on-ambiguous", which]);
        assert_eq!(times(&out), ["2026-10-14T08:00:00Z", time, own]);
    }
}

#[test]
fn times_have_the_format_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (text, arguments, time) in [
        ("1791972000", &["--time-format=epoch-s"][..], "2026-10-14T10:00:00Z"),
        ("1791972000001", &["--time-format=epoch-ms"], "2026-10-14T10:00:00.001Z"),
        ("1791972000000001", &["--time-format=epoch-us"], "2026-10-14T10:00:00.000001Z"),
        ("0.5", &["--time-format=epoch-s"], "1970-01-01T00:00:00.5Z"),
        ("-86400.5", &["--time-format=epoch-s"], "1969-12-30T23:59:59.5Z"),
        // Of numbers of these lengths, and of a day with a fraction, there is no doubt.
        ("1791972000", &[], "2026-10-14T10:00:00Z"),
        ("1791972000.25", &[], "2026-10-14T10:00:00.25Z"),
        ("1791972000001", &[], "2026-10-14T10:00:00.001Z"),
        ("1791972000000001", &[], "2026-10-14T10:00:00.000001Z"),
        ("46309.4166666667", &["--time-zone=Europe/Berlin"], "2026-10-14T08:00:00Z"),
        ("46309", &["--time-format=excel", "--time-zone=UTC"], "2026-10-14T00:00:00Z"),
        ("44847.5", &["--time-format=excel-1904", "--time-zone=UTC"], "2026-10-14T12:00:00Z"),
        ("2026-10-14", &["--time-format=%Y-%m-%d", "--time-zone=UTC"], "2026-10-14T00:00:00Z"),
        ("14.10.2026 10:00", &["--time-format=%d.%m.%Y %H:%M", "--time-zone=UTC"], "2026-10-14T10:00:00Z"),
        ("10/14/2026 10:00 +0200", &["--time-format=%m/%d/%Y %H:%M %z"], "2026-10-14T08:00:00Z"),
    ] {
        let file = table(folder.path(), &format!("u,{text},k,,\n"));
        let (code, out, problems) = with_members(&file, arguments);
        assert_eq!((code, times(&out)), (0, vec![time.to_owned()]), "{text}: {problems}");
    }
    for (text, arguments, problem) in [
        ("46309.5", &[][..], "is a serial number of Excel; it has no UTC offset"),
        ("46309", &[], "looks like a day's serial number of Excel"),
        ("60", &["--time-format=excel", "--time-zone=UTC"], "is 29 February 1900 in Excel, a day that never was"),
        ("179197200", &[], "is a number, of seconds or of something else"),
        ("-86400", &[], "is a negative number, as times before 1970 are; say its unit with `--time-format epoch-s`"),
        ("10/14/2026 10:00", &["--time-zone=UTC"], "is a date with slashes"),
        ("14.10.2026 10:00", &["--time-zone=UTC"], "is a date with dots"),
        ("2026-10-14", &[], "is a date alone"),
    ] {
        let file = table(folder.path(), &format!("u,{text},k,,\n"));
        let (code, out, problems) = with_members(&file, arguments);
        let expected = format!("rows.csv:2: column `created_at` {problem}");
        assert!(code == 1 && out.is_empty() && problems.contains(&expected), "{text}: {problems}");
    }
    let file = table(folder.path(), "u,14.10.2026 10:00,k,,\nu,1e9,k,,\n");
    let (code, _, problems) = with_members(&file, &["--time-format=%d.%m.%Y %H:%M"]);
    assert!(code == 1 && problems.contains(":2: column `created_at` has no UTC offset"), "{problems}");
}

#[test]
fn payloads_are_the_columns_or_the_json_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "u,2026-10-14T10:00:00Z,k,,\"{\"\"a\"\":\n1.0}\"\n");
    for (arguments, payload) in [
        (&["--payload=@note,@user_id"][..], r#"{"note":"{\"a\":\n1.0}","user_id":"u"}"#),
        (&["--payload=json:@note"], r#"{"a": 1.0}"#),
        (&["--payload=@amount"], r#"{"amount":""}"#),
        (&["--payload=@amount", "--null=null", "--numbers=amount"], r#"{"amount":null}"#),
        (&["--payload=@amount", "--null=drop"], "{}"),
        (&["--payload=@kind,@user_id", "--null=error"], r#"{"kind":"k","user_id":"u"}"#),
    ] {
        let (code, out, problems) = with_members(&file, arguments);
        assert!(code == 0 && out.ends_with(&format!("\"payload\":{payload}}}\n")), "{payload}: {out} {problems}");
    }
    let (code, _, problems) = with_members(&file, &["--payload=@amount", "--null=error"]);
    assert!(code == 1 && problems.contains("column `amount` is empty"), "{problems}");
    // A cell cannot close the event and go on with another.
    let file = table(folder.path(), "u,2026-10-14T10:00:00Z,k,,\"1},\"\"source\"\":{\"\"a\"\":1\"\n");
    let (code, out, problems) = with_members(&file, &["--payload=json:@note"]);
    assert!(code == 1 && out.is_empty() && problems.contains("column `note` is no JSON"), "{problems}");
}

#[test]
fn a_column_that_is_not_there_or_there_twice_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "");
    let (code, _, problems) = with_members(&file, &["--payload=@nope"]);
    assert!(
        code == 1 && problems.contains("no column is named `nope`; there are `user_id`, `created_at`"),
        "{problems}"
    );
    for (header, hint) in [
        ("user_id;created_at;kind\n", "say `--delimiter ';'`"),
        ("user_id\tcreated_at\tkind\n", "say `--delimiter '\\t'`"),
    ] {
        std::fs::write(&file, header).unwrap();
        let (code, _, problems) = with_members(&file, &[]);
        assert!(code == 1 && problems.contains(hint), "{problems}");
    }
    std::fs::write(&file, "user_id,created_at,kind,kind\n").unwrap();
    let (code, _, problems) = with_members(&file, &[]);
    assert!(code == 1 && problems.contains("two columns are named `kind`"), "{problems}");
}

#[test]
fn tabs_marks_and_bytes_that_are_no_text_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.tsv");
    let rows =
        b"\xef\xbb\xbfuser_id\tcreated_at\tkind\r\nu\t2026-10-14T10:00:00Z\tk\r\n\xff\t2026-10-14T10:00:00Z\tk\r\n";
    std::fs::write(&file, rows).unwrap();
    let (code, out, problems) = with_members(&file, &[]);
    assert_eq!((code, out.lines().count()), (1, 1));
    assert!(problems.contains(":3: column `user_id` is not UTF-8"), "{problems}");
    // Blank lines, line breaks within cells and a last line without an end do not put the count out.
    for end in ["\n", "\r\n"] {
        let rows = ["user_id\tcreated_at\tkind", "", "u\t2026-10-14T10:00:00Z\t\"k", "k\"", "", "u\t?\tk", "u\t?\tk"];
        std::fs::write(&file, rows.join(end)).unwrap();
        let (_, out, problems) = with_members(&file, &[]);
        let lines: Vec<_> = problems.lines().filter_map(|line| line.split(':').nth(1)).collect();
        assert_eq!((lines, out.as_str()), (vec!["3", "6", "7"], ""), "{problems}");
    }
}

#[test]
fn numbers_that_are_none_become_what_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String =
        ["NaN", "-inf", "Infinity", "nano"].map(|amount| format!("u,2026-10-14T10:00:00Z,k,{amount},\n")).concat();
    let file = table(folder.path(), &rows);
    for (arguments, payload, count) in
        [(&["--nan=drop"][..], "{}", 3), (&["--nan=null"], r#"{"amount":null}"#, 3), (&[], "", 0)]
    {
        let (code, out, problems) =
            with_members(&file, &[&["--payload=@amount", "--numbers=amount"], arguments].concat());
        let events = out.lines().filter(|line| line.ends_with(&format!("\"payload\":{payload}}}"))).count();
        assert_eq!((code, events, out.lines().count()), (1, count, count), "{problems}");
        assert!(problems.contains(":5: column `amount` is no number as JSON writes it"), "{problems}");
    }
    // Where nobody asked for numbers, it is a text.
    let (code, out, _) = with_members(&file, &["--payload=@amount"]);
    assert!(code == 0 && out.contains(r#"{"amount":"NaN"}"#), "{out}");
}

/// Objects, with what is refused of them on the lines 2 to 8.
const OBJECTS: [&str; 9] = [
    r#"{"user_id":42,"created_at":1791972000.5,"kind":"order","amount":9007199254740993.10,"tags":["a", {"b":1e400}],"note":"\u00fc \"x\"","gone":null}"#,
    r#"["user_id", 1]"#,
    r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z"}"#,
    r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z","kind":null}"#,
    r#"{"user_id":"u","user_id":"v","created_at":"2026-10-14T10:00:00Z","kind":"order"}"#,
    r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z","kind":"order","amount":NaN}"#,
    r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z","kind":"order","a":1,"a":2}"#,
    r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z","kind":"order"}}"#,
    r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z","kind":"order","amount":"12.50"}"#,
];

#[test]
fn objects_become_events_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let event = |user: &str, time: &str, payload: &str| {
        format!(
            "{{\"source\":\"shop\",\"event_type\":\"order\",\"entity_id\":\"{user}\",\"event_time\":\"{time}\",\
             \"payload\":{payload}}}\n"
        )
    };
    let first = r#"{"amount":9007199254740993.10,"tags":["a", {"b":1e400}],"note":"\u00fc \"x\"","gone":null}"#;
    let expected =
        event("42", "2026-10-14T10:00:00.5Z", first) + &event("u", "2026-10-14T10:00:00Z", r#"{"amount":12.50}"#);
    for (name, text, arguments) in [
        ("rows.ndjson", OBJECTS.join("\n"), &[][..]),
        ("rows.json", OBJECTS.join("\r\n") + "\r\n\r\n", &[]),
        ("rows.json", format!("\u{feff}[{}]\n", OBJECTS.join(",\n")), &[]),
        ("rows.csv", OBJECTS.join("\n"), &["--format=ndjson"]),
        ("rows", format!("[{}]\n", OBJECTS.join("\n,")), &[]),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let kept = tempfile::tempdir().unwrap();
        let kept = kept.path().join("refused");
        let rejected_to = format!("--rejected-to={}", kept.display());
        let arguments = [arguments, &["--numbers=amount", &rejected_to]].concat();
        let (code, out, problems) = with_members(&file, &arguments);
        assert_eq!((code, out.as_str()), (1, expected.as_str()), "{name}: {problems}");
        for (line, problem) in [
            (2, "the row is no object"),
            (3, "member `kind` is not there"),
            (4, "member `kind` is no text and no number"),
            (5, "member `user_id` is there twice"),
            (6, "the row is no JSON: expected value (line 6, column "),
            (7, "duplicate_key at /payload/a"),
            (8, "the row is no JSON: trailing characters"),
        ] {
            assert!(problems.contains(&format!("{name}:{line}: {problem}")), "{problem}: {problems}");
        }
        assert_eq!(std::fs::read_to_string(kept).unwrap(), OBJECTS[1..8].join("\n") + "\n");
    }
}

#[test]
fn a_value_that_an_object_lacks_is_left_out_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.ndjson");
    let row =
        r#"{"user_id":"u","created_at":"2026-10-14T10:00:00Z","kind":"k","a":null,"b":{"c":[1.0]},"d":"{\"e\": 1}"}"#;
    std::fs::write(&file, row).unwrap();
    for (arguments, payload) in [
        (&["--payload=@a,@x"][..], r#"{"a":null}"#),
        (&["--payload=@a,@x", "--null=drop"], "{}"),
        (&["--payload=@a,@x", "--null=text"], r#"{"a":""}"#),
        (&["--payload=json:@b"], r#"{"c":[1.0]}"#),
        (&["--payload=json:@d"], r#"{"e": 1}"#),
    ] {
        let (code, out, problems) = with_members(&file, arguments);
        assert!(code == 0 && out.ends_with(&format!("\"payload\":{payload}}}\n")), "{payload}: {out} {problems}");
    }
    for (payload, problem) in [("--payload=@a", "member `a` is empty"), ("--payload=@x", "member `x` is not there")] {
        let (code, _, problems) = with_members(&file, &[payload, "--null=error"]);
        assert!(code == 1 && problems.contains(problem), "{problems}");
    }
}

#[test]
fn a_number_that_no_object_has_is_told_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.ndjson");
    let row =
        |rest: &str| format!("{{\"user_id\":\"u\",\"created_at\":\"2026-10-14T10:00:00Z\",\"kind\":\"k\"{rest}}}\n");
    std::fs::write(&file, row("").repeat(5_000) + &row(",\"amount\":\"1.50\"")).unwrap();
    for (numbers, code, missing) in [("amount", 0, vec![]), ("amuont,@amount", 1, vec!["amuont"])] {
        let (found, out, problems) = with_members(&file, &[&format!("--numbers=@{numbers}")]);
        assert_eq!((found, out.lines().count()), (code, 5_001), "{problems}");
        assert!(out.ends_with("\"payload\":{\"amount\":1.50}}\n"), "{problems}");
        let told: Vec<_> = problems.lines().filter_map(|line| line.split_once("no row has the member `")).collect();
        assert_eq!(told.iter().map(|(_, name)| name.split('`').next().unwrap()).collect::<Vec<_>>(), missing);
    }
}

#[test]
fn rows_that_only_the_contract_can_refuse_are_refused_in_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let row = |user: &str, amount: &str, note: &str| format!("{user},2026-10-14T10:00:00Z,k,{amount},{note}\n");
    let digits = "9".repeat(1_001_000);
    let rows = [
        row("u", "1", ""),
        row(&"u".repeat(1_025), "1", ""),
        row("\u{7f}", "1", ""),
        row("\u{fdd0}", "1", ""),
        row("u", &digits, ""),
        row("u", "1e1000001", ""),
        row("u", "1", &"n".repeat(1 << 20)),
        row(&"ü".repeat(512), "0.10", "\u{7f}\u{0}\\"),
    ];
    let file = table(folder.path(), &rows.concat());
    let (code, out, problems) = with_members(&file, &["--numbers=amount"]);
    assert_eq!((code, out.lines().count()), (1, 2), "{problems:.2000}");
    assert!(out.ends_with("\"payload\":{\"amount\":0.10,\"note\":\"\u{7f}\\u0000\\\\\"}}\n"), "{out}");
    for problem in [
        ":3: too_long at /entity_id",
        ":4: forbidden_character at /entity_id",
        ":5: forbidden_character at /entity_id",
        ":6: number_out_of_range at /payload/amount",
        ":7: number_out_of_range at /payload/amount",
        ":8: too_large",
    ] {
        assert!(problems.contains(problem), "{problem}: {problems:.2000}");
    }
    let (code, out, problems) = with_members(&file, &["--payload=@note,@note"]);
    assert!(code == 1 && out.is_empty() && problems.contains("duplicate_key at /payload/note"), "{problems:.2000}");
    for constant in ["--source=", "--source=a\tb", &format!("--source={}", "s".repeat(1_025))] {
        let members = [constant, "--event-type=@kind", "--entity-id=@user_id", "--event-time=@created_at"];
        let (code, out, problems) = convert(&table(folder.path(), &row("u", "1", "")), &members);
        assert!(code == 1 && out.is_empty() && problems.contains(" at /source"), "{problems}");
    }
}

#[test]
fn what_is_no_table_and_no_json_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, arguments, problem) in [
        ("rows.csv.gz", &b"\x1f\x8b\x08"[..], &[][..], "a gzip file"),
        ("rows.csv", b"", &[], "is empty; the first line of a table has the names of its columns"),
        ("rows.json", b"{}", &["--format=json"], "is no JSON array"),
        ("rows.json", b"[{}", &[], "the array is not closed"),
        ("rows.json", b"[] x", &[], "there is text behind the array"),
        (
            "rows.parquet",
            b"PAR1PAR1",
            &[],
            if cfg!(feature = "parquet") { "cannot read" } else { "built without Parquet" },
        ),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let (code, out, problems) = with_members(&file, arguments);
        assert!(code == 1 && out.is_empty() && problems.contains(problem), "{name}: {problems}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_its_line_and_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let good = "u,2026-10-14T10:00:00Z,k,1,a 5\" pipe\n";
    let plain = good.replace('"', "");
    let file = table(folder.path(), &format!("{good}u,2026-10-14T10:00:00Z,\"k\nk\",1,\"open\n{plain}"));
    let (code, out, problems) = with_members(&file, &[]);
    assert_eq!((code, out.lines().count()), (1, 1), "{problems}");
    assert!(problems.contains("rows.csv:3: the quote that opens on line 4 is never closed"), "{problems}");
    assert!(problems.contains("1 converted, 1 refused"), "{problems}");
    let mut text = format!("{HEADER}{good}u,2026-10-14T10:00:00Z,k,1,\"open\n");
    text.push_str(&plain.repeat(500_000));
    std::fs::write(&file, text).unwrap();
    let (code, out, problems) = with_members(&file, &[]);
    assert_eq!((code, out.lines().count()), (1, 1), "{problems}");
    assert!(problems.contains("the quote that opens on line 3 is not closed within 16777216 bytes"), "{problems}");
    // A row without quotes ends with its line, and the next one is read.
    std::fs::write(&file, format!("{HEADER}{good}u,{},k,1,a\n{good}", "x".repeat(17 << 20))).unwrap();
    let (code, out, problems) = with_members(&file, &[]);
    assert_eq!((code, out.lines().count()), (1, 2), "{problems}");
    assert!(problems.contains("rows.csv:3: the row has more than 16777216 bytes"), "{problems}");
}

#[test]
fn what_can_only_be_guessed_at_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let row = |note: &str| format!("u,2026-10-14T10:00:00Z,k,1,{note}\n");
    let file =
        table(folder.path(), &[row("\"12\" tape"), row("\"12\"\" tape\""), row("12\" tape"), row("a\rb")].concat());
    let (code, out, problems) = with_members(&file, &[]);
    assert_eq!((code, out.lines().count()), (1, 2), "{problems}");
    assert!(problems.contains("rows.csv:2: text stands behind the closing quote of a cell"), "{problems}");
    assert!(problems.contains("rows.csv:5: a carriage return stands alone in the row"), "{problems}");
    assert_eq!(out.matches("12\\\" tape").count(), 2, "{out}");
    // No file of refused rows is left when there are none.
    let none = folder.path().join("none.csv");
    std::fs::write(&file, format!("{HEADER}{}", row("a"))).unwrap();
    for _ in 0..2 {
        let (code, _, problems) = with_members(&file, &[&format!("--rejected-to={}", none.display())]);
        assert!(code == 0 && !none.exists(), "{problems}");
    }
    // Line ends of old programs: all of the file would be its header.
    std::fs::write(&file, HEADER.replace('\n', "\r") + &row("a").replace('\n', "\r")).unwrap();
    let (code, out, problems) = with_members(&file, &[]);
    assert!(code == 1 && out.is_empty() && problems.contains("a carriage return stands alone"), "{problems}");
    // Those of Windows.
    std::fs::write(&file, HEADER.replace('\n', "\r\n") + &row("\"a\"").replace('\n', "\r\n")).unwrap();
    let (code, out, problems) = with_members(&file, &[]);
    assert_eq!((code, out.lines().count()), (0, 1), "{problems}");
}

#[test]
fn rows_keep_their_order_and_lines_over_many_batches() {
    let folder = tempfile::tempdir().unwrap();
    let row = |number: u32| {
        let time = if number.is_multiple_of(7_000) { "?" } else { "2026-10-14T10:00:00Z" };
        let note = if number.is_multiple_of(3) { "\"two\nlines\"" } else { "one" };
        format!("u{number},{time},k,{number},{note}\n")
    };
    let rows: String = (1..=50_000).map(row).collect();
    let (code, out, problems) = with_members(&table(folder.path(), &rows), &["--payload=@amount", "--numbers=amount"]);
    assert_eq!(code, 1);
    let amounts = out.lines().map(|line| line.rsplit([':', '}']).nth(2).unwrap().parse::<u32>().unwrap());
    assert!(amounts.eq((1..=50_000).filter(|number: &u32| !number.is_multiple_of(7_000))));
    let lines: Vec<u32> = problems.lines().filter_map(|line| line.split(':').nth(1)?.parse().ok()).collect();
    // Each third row before takes one line more.
    let expected: Vec<u32> = (1..=7).map(|seventh| seventh * 7_000 + 1 + (seventh * 7_000 - 1) / 3).collect();
    assert_eq!(lines, expected);
}
