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
        format!("{name}:3: missing_offset at /event_time"),
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
        ("14.10.2026 10:00", &["--time-format=%d.%m.%Y %H:%M", "--time-zone=UTC"], "2026-10-14T10:00:00Z"),
        ("10/14/2026 10:00 +0200", &["--time-format=%m/%d/%Y %H:%M %z"], "2026-10-14T08:00:00Z"),
    ] {
        let file = table(folder.path(), &format!("u,{text},k,,\n"));
        let (code, out, problems) = with_members(&file, arguments);
        assert_eq!((code, times(&out)), (0, vec![time.to_owned()]), "{text}: {problems}");
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
