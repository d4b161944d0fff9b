//! The pages in `docs`: their commands are run, and must say what the pages show.
//!
//! In a page, a `sh` block is prepared for what follows; in a `console` block, a line behind `$ ` is run and the lines
//! below it are what it says. Times, ids and lags are compared by their form alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use pik_test_support::Server;

use super::{Suite, docs_sql, native};
use crate::command::{Run, found, program, tell};
use crate::setup::{apt, python};
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "docs",
    about: "the commands of docs/convert.md, investigate.md, lake.md and operate.md, the README's requests, and an export opened with DuckDB",
    packages: || if found("curl").is_some() { Vec::new() } else { vec!["curl"] },
    run,
};

const PAGES: [&str; 4] = ["convert.md", "investigate.md", "lake.md", "operate.md"];

fn run() -> Result<String> {
    native::programs()?;
    let duckdb = python::duckdb()?;
    let mut commands = 0;
    for page in PAGES {
        let text = fs::read_to_string(workspace::root().join("docs").join(page))?;
        let steps = steps(&text);
        let folder = workspace::target().join("docs").join(page);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        commands += play(page, &steps, &folder, &duckdb)?;
    }
    if commands == 0 {
        bail!("no command was run");
    }
    open_odd_names(&duckdb)?;
    ask_in_sql(&duckdb)?;
    let requests = post_the_readmes_events()?;
    Ok(format!("{commands} commands and {requests} of the README's requests are answered as the pages show"))
}

/// The README's requests in their order, each with the answer that it shows.
fn post_the_readmes_events() -> Result<usize> {
    if found("curl").is_none() {
        apt::install("docs", &["curl"])?;
    }
    let readme = fs::read_to_string(workspace::root().join("README.md"))?;
    // Its first command, but for the optimiser: it finds the one program meant among many, and that one serves.
    if !readme.contains("\ncargo run --release -- serve ") {
        bail!("the README does not start the server with `cargo run --release -- serve`");
    }
    let metadata: serde_json::Value = serde_json::from_str(
        &program("cargo").args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).read()?,
    )?;
    let packages = metadata["packages"].as_array().context("cargo names no packages")?;
    if packages.iter().filter(|package| !package["default_run"].is_null()).count() != 1 {
        bail!("`cargo run` must find one program, by one `default-run` in the workspace");
    }
    let blocks: Vec<&str> = readme.split("```").skip(1).step_by(2).collect();
    let requests: Vec<(&str, &str)> = blocks
        .windows(2)
        .filter_map(|pair| {
            Some((pair[0].strip_prefix("sh\n").filter(|command| command.starts_with("curl "))?, pair[1]))
        })
        .collect();
    if requests.is_empty() {
        bail!("the README posts no event");
    }
    let folder = workspace::target().join("docs/readme");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let server = serve(&folder)?;
    for (command, shown) in &requests {
        let shown = shown.strip_prefix("json\n").context("the README shows no answer to one of its requests")?;
        let (default, ours) = ("http://127.0.0.1:8080", server.url());
        if !command.contains(default) {
            bail!("a request of the README does not go to {default}, where the server listens by default");
        }
        let answer = Command::new("bash").arg("-c").arg(command.replace(default, &ours)).read()?;
        tell(&answer);
        // Neither the day of arrival nor the lag can be the same, and what they decide is in the vectors.
        let known =
            |answer: &str| answer.split(',').map(form).filter(|part| !part.contains("ingest_")).collect::<Vec<_>>();
        if known(&answer) != known(shown) {
            bail!("a request of the README is answered otherwise than it shows:\n{shown}");
        }
        // Ids have a form only, above; here it is the very one.
        if let Some(id) = shown.split('"').find(|text| text.len() == 64)
            && !answer.contains(id)
        {
            bail!("an event of the README has another id than it shows");
        }
    }
    Ok(requests.len())
}

/// Names that keys escape, exported and opened as a partitioned table.
fn open_odd_names(duckdb: &Path) -> Result<()> {
    const NAMES: [&str; 7] = ["a/b c", "100%", "%41", "ü=日本", "__HIVE_DEFAULT_PARTITION__", "..", "q&a?#'*"];
    let folder = workspace::target().join("docs/odd-names");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let events: String = NAMES
        .iter()
        .map(|name| {
            format!(
                "{{\"source\":\"{name}\",\"event_type\":\"{name}\",\"entity_id\":\"{name}\",\
                 \"event_time\":\"2025-12-28T23:59:59Z\",\"payload\":null}}\n"
            )
        })
        .collect();
    fs::write(folder.join("events.ndjson"), events)?;
    let server = serve(&folder)?;
    let pik = |arguments: &[&str]| {
        Command::new(pik_folder().join("pik")).args(arguments).args(["--url", &server.url()]).current_dir(&folder).run()
    };
    pik(&["send", "events.ndjson"])?;
    pik(&["export", "--to", "lake"])?;
    Command::new(duckdb.join("python"))
        .arg(workspace::root().join("xtask/src/suites/docs_hive.py"))
        .arg(folder.join("lake"))
        .arg(NAMES.len().to_string())
        .run()
}

/// The questions of `docs/sql.md`.
fn ask_in_sql(duckdb: &Path) -> Result<()> {
    let folder = workspace::target().join("docs/sql");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let server = serve(&folder)?;
    docs_sql::ask(&server, &folder, &duckdb.join("python"))
}

/// What a page does, in its order.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Put before every later command.
    Prepare(String),
    Command {
        line: usize,
        command: String,
        said: Vec<String>,
    },
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut language = None;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), language) {
            (Some("sh"), None) => {
                steps.push(Step::Prepare(String::new()));
                language = Some("sh");
            }
            (Some(opened), None) => language = Some(if opened == "console" { "console" } else { "" }),
            (Some(_), Some(_)) => language = None,
            (None, Some("sh")) => {
                if let Some(Step::Prepare(script)) = steps.last_mut() {
                    script.push_str(line);
                    script.push('\n');
                }
            }
            (None, Some("console")) => match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
                (Some(command), _, _) => {
                    steps.push(Step::Command { line: number + 1, command: command.to_owned(), said: Vec::new() });
                }
                (None, Some(more), Some(Step::Command { command, said, .. })) if said.is_empty() => {
                    command.push('\n');
                    command.push_str(more);
                }
                (None, _, Some(Step::Command { said, .. })) => said.push(line.to_owned()),
                (None, _, Some(Step::Prepare(_)) | None) => {}
            },
            (None, Some(_) | None) => {}
        }
    }
    steps
}

fn play(page: &str, steps: &[Step], folder: &Path, duckdb: &Path) -> Result<usize> {
    let server = serve(folder)?;
    let path = [pik_folder(), duckdb.to_owned()].into_iter();
    let path = std::env::join_paths(path.chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())))?;
    let mut prepared = String::new();
    let (mut commands, mut wrong) = (0, Vec::new());
    for step in steps {
        match step {
            Step::Prepare(script) => prepared.push_str(script),
            Step::Command { line, command, said } => {
                tell(format_args!("$ {command}"));
                let output = Command::new("bash")
                    .arg("-c")
                    // Both streams, in the order in which a terminal would have them.
                    .arg(format!("exec 2>&1\n{prepared}{command}"))
                    .current_dir(folder)
                    .env("PATH", &path)
                    .env("PIK_URL", server.url())
                    .stdin(Stdio::null())
                    .output()
                    .context("bash could not be started; is it installed?")?;
                let text = String::from_utf8_lossy(&output.stdout);
                tell(text.trim_end());
                let (expected, found): (Vec<String>, Vec<String>) = (forms(said.iter()), forms(text.lines()));
                if expected != found {
                    wrong.push(format!("docs/{page}:{line}: `{command}` now says something else"));
                }
                commands += 1;
            }
        }
    }
    for line in &wrong {
        tell(line);
    }
    if !wrong.is_empty() {
        bail!("{} of {commands} commands of docs/{page} say something else than the page", wrong.len());
    }
    Ok(commands)
}

fn pik_folder() -> PathBuf {
    workspace::target().join("debug")
}

/// Lines without what differs from run to run, nor the spaces and empty lines that depend on it.
fn forms<T: AsRef<str>>(lines: impl Iterator<Item = T>) -> Vec<String> {
    lines.map(|line| form(line.as_ref())).filter(|line| !line.is_empty()).collect()
}

fn form(line: &str) -> String {
    let words = line.split(|character: char| character.is_whitespace() || "/=,;()\"|".contains(character));
    words
        .map(|word| word.trim_end_matches(".json"))
        .filter(|word| !word.is_empty())
        .map(word_form)
        .collect::<Vec<_>>()
        .join(" ")
}

fn word_form(word: &str) -> String {
    let shape: String =
        word.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    let times = ["0000-00-00", "0000-00-00T00:00:00Z", "0000-00-00T00:00:00.000Z"];
    let lag = shape.trim_start_matches(['0', '.']);
    if hexadecimal && matches!(word.len(), 32 | 64) {
        "ID".to_owned()
    } else if times.contains(&shape.as_str()) {
        "TIME".to_owned()
    } else if shape.starts_with('0') && matches!(lag, "d" | "h" | "m" | "s") {
        "LAG".to_owned()
    } else if lag.is_empty() && shape.len() > 8 {
        // A lag in milliseconds.
        "NUMBER".to_owned()
    } else if shape.starts_with("http:") {
        "URL".to_owned()
    } else {
        word.to_owned()
    }
}

/// A server that ends with the page.
fn serve(folder: &Path) -> Result<Server> {
    let log = folder.join("server.log");
    let mut command = Command::new(pik_folder().join("pik"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "data"]).current_dir(folder);
    command.stderr(fs::File::create(&log)?);
    Server::start(&mut command).with_context(|| format!("see {}", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_prepared_and_commanded() {
        let page = "text\n```sh\na=1\n```\n```console\n$ echo \\\n> $a\n1\n2\n$ true\n```\n```text\n$ not run\n```\n";
        let command = |line, command: &str, said: &[&str]| Step::Command {
            line,
            command: command.to_owned(),
            said: said.iter().map(ToString::to_string).collect(),
        };
        let expected =
            [Step::Prepare("a=1\n".to_owned()), command(6, "echo \\\n$a", &["1", "2"]), command(10, "true", &[])];
        assert_eq!(steps(page), expected);
    }

    #[test]
    fn what_differs_from_run_to_run_is_a_form() {
        let one = "2025-12-28         12  ██  330d 16h  0.481s  2026-11-23T17:08:16.131Z  (28372111009 ms)";
        let other = "2025-12-29  12  ██  3d 02h  1.2s  2027-11-23T17:08:16.131Z  (372111009 ms)";
        assert_eq!(form(one), form(other));
        assert_eq!(form(one), "TIME 12 ██ LAG LAG LAG TIME NUMBER ms");
        assert_eq!(form("2025-12-28T08:00:00Z to 2025-12-28T10:00:00Z; done"), "TIME to TIME done");
        for differs in ["2025-12-28 13 ██", "2025-12-28 12 █", "12 ██ 330d"] {
            assert_ne!(form(one), form(differs));
        }
        assert_eq!(
            form("a/event_id=5274fb223be307df4c4e2f0fc3ecf7b833cb02ba50a5b4b045ce7000b2c6339b.json, 120"),
            "a event_id ID 120"
        );
    }
}
