"""Runs the questions of docs/sql.md: on a SQLite file those with SQLite, on a lake those with DuckDB."""

import os
import re
import sqlite3
import sys

import duckdb

page, database, folder = sys.argv[1:]
# The paths in the questions lead from here.
os.chdir(folder)
with open(page, encoding="utf-8") as file:
    section = file.read().partition("## Twenty questions")[2]
in_sqlite, in_duckdb = section.split("### With DuckDB")
store = sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def in_duck(query):
    """As text: a time with a zone needs a package more in Python."""
    duckdb.execute("CREATE OR REPLACE TEMP TABLE answer AS " + query.rstrip().removesuffix(";"))
    return duckdb.execute("SELECT COLUMNS(*)::VARCHAR FROM answer")


# Of all that is to be found, only what is broken must not be there.
NOTHING = {20}
asked = 0
for text, ask in ((in_sqlite, store.execute), (in_duckdb, in_duck)):
    for number, query in re.findall(r"^(\d+)\. .*?```sql\n(.*?)```", text, re.MULTILINE | re.DOTALL):
        asked += 1
        try:
            rows = ask(query).fetchall()
        except (sqlite3.Error, duckdb.Error) as error:
            sys.exit(f"question {number} of docs/sql.md: {error}\n{query}")
        if int(number) != asked or bool(rows) == (asked in NOTHING):
            sys.exit(f"question {number} of docs/sql.md, the {asked}th, finds {rows[:3]}\n{query}")
        print(f"{number}: {len(rows)} rows, such as {rows[:1]}")
if asked != 20:
    sys.exit(f"docs/sql.md has {asked} questions")
