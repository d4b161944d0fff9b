//! The peer: PostgreSQL with one table, `INSERT … ON CONFLICT DO NOTHING`, synchronous commit, on the same disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::load::CONNECTIONS;
use super::rate::Rate;
use crate::command::{Run, program};
use crate::setup::apt;

const PORT: &str = "15432";

const TABLE: &str = "CREATE TABLE event (event_id bytea PRIMARY KEY, source text NOT NULL, event_type text NOT NULL, \
    entity_id text NOT NULL, event_time timestamptz NOT NULL, ingest_time timestamptz NOT NULL DEFAULT now(), raw text NOT NULL)";

/// What answers the questions that the service answers, beside the primary key.
const INDEXES: &str = "CREATE INDEX by_entity ON event (entity_id, event_time); \
    CREATE INDEX by_lag ON event (source, event_type, ((event_time AT TIME ZONE 'UTC')::date), (ingest_time - event_time)); \
    CREATE INDEX by_ingest ON event (ingest_time); CREATE INDEX by_type ON event (source, event_type, event_time)";

/// An `INSERT` of `rows` new events, each about 300 bytes of raw text.
fn insert(rows: u32) -> String {
    format!(
        "\\set seed random(1, 9000000000000000000)\n\
         INSERT INTO event (event_id, source, event_type, entity_id, event_time, raw) \
         SELECT decode(md5((:seed::bigint + n)::text) || md5((:seed::bigint - n)::text), 'hex'), 'bench', 'heartbeat', 'user_' || (:seed::bigint % 10000), \
         '2026-01-15T11:00:00Z', repeat('x', 300) FROM generate_series(1, {rows}) n ON CONFLICT DO NOTHING;\n"
    )
}

/// A server that stops when this is dropped.
pub(super) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
}

impl Postgres {
    /// Starts a server with its data in `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        apt::install("postgres", &["postgresql", "postgresql-contrib"])?;
        let versions = fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is not where Debian puts it")?;
        let newest =
            versions.filter_map(|entry| Some(entry.ok()?.path())).max().context("no PostgreSQL is installed")?;
        let server = Self { programs: newest.join("bin"), folder: folder.join("postgres") };
        fs::create_dir_all(&server.folder)?;
        if is_root()? {
            program("chown").args(["postgres"]).arg(&server.folder).run()?;
        }
        let data = server.folder.join("data");
        server.command("initdb")?.args(["--auth=trust", "--username=bench", "--pgdata"]).arg(&data).read()?;
        let options =
            format!("-p {PORT} -k {} -c max_connections=100 -c listen_addresses=127.0.0.1", server.folder.display());
        server
            .command("pg_ctl")?
            .args(["start", "--wait", "--silent", "--options", &options])
            .arg("--log")
            .arg(server.folder.join("log"))
            .arg("--pgdata")
            .arg(&data)
            .run()?;
        server.sql(TABLE)?;
        Ok(server)
    }

    /// An empty table with five indexes from now on.
    pub(super) fn with_indexes(&self) -> Result<()> {
        self.sql("TRUNCATE event")?;
        self.sql(INDEXES)
    }

    fn sql(&self, statement: &str) -> Result<()> {
        self.command("psql")?.args(connection()).args(["--quiet", "--command", statement, "postgres"]).run()
    }

    /// Inserts for `seconds` from 64 clients, `rows` in a transaction.
    pub(super) fn rows(&self, rows: u32, seconds: u64) -> Result<Rate> {
        let process = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let process = process.lines().next().context("postmaster.pid is empty")?.parse()?;
        Rate::of(process, || Ok(self.transactions(rows, seconds)? * u64::from(rows)))
    }

    fn transactions(&self, rows: u32, seconds: u64) -> Result<u64> {
        let script = self.folder.join(format!("insert-{rows}.sql"));
        fs::write(&script, insert(rows))?;
        let printed = self
            .command("pgbench")?
            .args(connection())
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .args([format!("--client={CONNECTIONS}"), format!("--time={seconds}")])
            .arg("--file")
            .arg(script)
            .arg("postgres")
            .read()?;
        let label = "number of transactions actually processed: ";
        let number = printed.lines().find_map(|line| line.strip_prefix(label)).context("pgbench told no number")?;
        Ok(number.split('/').next().unwrap_or_default().parse()?)
    }

    /// Of its own user, because the server refuses to run as root.
    fn command(&self, name: &str) -> Result<Command> {
        let path = self.programs.join(name);
        let mut command = if is_root()? {
            let mut command = program("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            command
        } else {
            program(path)
        };
        command.current_dir(&self.folder);
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = self.command("pg_ctl").and_then(|mut command| {
            command.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.folder.join("data")).run()
        });
        if let Err(error) = stopped {
            eprintln!("PostgreSQL was not stopped: {error:#}");
        }
    }
}

fn connection() -> [&'static str; 6] {
    ["--host", "127.0.0.1", "--port", PORT, "--username", "bench"]
}

fn is_root() -> Result<bool> {
    Ok(program("id").arg("-u").read()?.trim() == "0")
}
