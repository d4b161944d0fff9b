//! Help texts as a terminal shows them.

use crate::server::pik;

fn help(arguments: &[&str]) -> String {
    let output = pik([]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_help_is_wider_than_80_columns() {
    let all = help(&["--help"]);
    let (_, commands) = all.split_once("Commands:\n").unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        // A line that is indented further goes on with the text above it.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"serve") && commands.contains(&"restore"), "{commands:?}");
    let of_one =
        |command: &&str| ["--help", "-h"].map(|option| (format!("{command} {option}"), help(&[command, option])));
    let texts = commands.iter().filter(|command| **command != "help").flat_map(of_one);
    for (name, text) in texts.chain([("--help".to_owned(), all.clone()), ("-h".to_owned(), help(&["-h"]))]) {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{name}: {} columns: {line}", line.chars().count());
        }
    }
}
