//! `pik token`: tokens with names, for a server's file of them.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use pik_http::{Allowance, Scope, TokenList, TokenName};

/// Make tokens for `pik serve --tokens-file`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    New(New),
}

/// Make a token, add its hash to the file and print the token.
///
/// It is printed this once: the file holds its hash alone. A server that has the file open lets its bearer in within a
/// second. To take a token back, remove its line.
#[derive(clap::Args)]
struct New {
    /// What the token is called in logs: letters, digits, `-`, `.` and `_`
    name: TokenName,

    /// What its bearer may do: ingest, read or metrics, or several with commas between
    #[arg(long, required = true, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,

    /// The most events that its bearers may send each second; more are answered 429 with Retry-After. After a
    /// pause, what ten seconds allow may come at once, or as many events as the largest batch has, if these are more
    #[arg(long, value_name = "COUNT")]
    events_per_second: Option<NonZeroU32>,

    /// The most bytes of bodies, inflated, each second; at once likewise
    #[arg(long, value_name = "BYTES")]
    bytes_per_second: Option<NonZeroU32>,

    /// The file of tokens; it is made if there is none
    #[arg(long, env = "PIK_TOKENS_FILE", value_name = "FILE")]
    tokens_file: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let What::New(new) = &args.what;
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the system has no randomness")?;
    let token = new.add(&random)?;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(ExitCode::SUCCESS)
}

impl New {
    fn add(&self, random: &[u8; 32]) -> anyhow::Result<String> {
        let shown = self.tokens_file.display();
        let known = match fs::read_to_string(&self.tokens_file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
        };
        if TokenList::read(&known).with_context(|| format!("`{shown}` is no list of tokens"))?.has(&self.name) {
            bail!("`{shown}` has a token `{}`; remove its line first, or choose another name", self.name.as_str());
        }
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let token = format!("pik_{digits}");
        let mut scopes = self.scope.clone();
        scopes.sort_unstable();
        scopes.dedup();
        let allowance = Allowance { events: self.events_per_second, bytes: self.bytes_per_second };
        let line_end = if known.is_empty() || known.ends_with('\n') { "" } else { "\n" };
        let line = format!("{line_end}{}", TokenList::line(&self.name, &scopes, &allowance, &token));
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.tokens_file);
        // In one write: a server reads the file meanwhile.
        file.and_then(|mut file| file.write_all(line.as_bytes())).with_context(|| format!("cannot write `{shown}`"))?;
        Ok(token)
    }
}
