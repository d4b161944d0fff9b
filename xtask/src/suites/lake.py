"""Opens a lake in Parquet and one in NDJSON with DuckDB and pyarrow, and compares every row with the event in it."""

import glob
import hashlib
import json
import sys
from datetime import datetime, timezone

import duckdb
import pyarrow as pa
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet

parquet_lake, ndjson_lake, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
TEXT = {"event_id", "source", "event_type", "entity_id", "payload_hash", "payload", "raw"}
COLUMNS = ["event_id", "source", "event_type", "entity_id", "event_time", "ingest_time", "ingest_lag_ms", "payload_hash",
           "payload", "raw"]


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r}, and should be {expected!r}")


def check_rows(reader, rows):
    check(f"rows that {reader} reads", len(rows), count)
    check(f"ids that {reader} reads", len({row["event_id"] for row in rows}), count)
    for row in rows:
        # Numbers as they are written: a float would lose digits.
        event = json.loads(row["raw"], parse_int=str, parse_float=str)
        for column in ("source", "event_type", "entity_id"):
            check(f"{column} by {reader}", row[column], event[column])
        check(f"hash by {reader}", hashlib.sha256(row["payload"].encode()).hexdigest(), row["payload_hash"])
        check(f"number by {reader}", json.loads(row["payload"], parse_int=str)["id"], event["payload"]["id"])
        if int(event["payload"]["id"]) <= 2**53:
            sys.exit("the events have no number beyond 2^53")
        time = datetime.fromisoformat(event["event_time"].replace("Z", "+00:00"))
        check(f"event_time by {reader}", row["event_time"].astimezone(timezone.utc), time)
        lag = row["ingest_time"] - row["event_time"]
        check(f"lag by {reader}", row["ingest_lag_ms"], lag.days * 86_400_000 + lag.seconds * 1000 + lag.microseconds // 1000)


duckdb.execute("SET TimeZone = 'UTC'")
files = f"{parquet_lake}/raw/**/*.parquet"
described = duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [files]).fetchall()
check("columns in DuckDB", {name: kind for name, kind, *_ in described}, {
    **dict.fromkeys(TEXT, "VARCHAR"),
    "event_time": "TIMESTAMP WITH TIME ZONE", "ingest_time": "TIMESTAMP WITH TIME ZONE", "ingest_lag_ms": "BIGINT",
})


def duckdb_rows(query, *arguments):
    result = duckdb.execute(query, arguments)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row)) for row in result.fetchall()]


# pytz, which DuckDB needs for times with a zone, is not installed: times come as they are in UTC.
TIMES = "event_time AT TIME ZONE 'UTC' AS event_time, ingest_time AT TIME ZONE 'UTC' AS ingest_time"


def in_utc(rows):
    times = ("event_time", "ingest_time")
    return [{**row, **{name: row[name].replace(tzinfo=timezone.utc) for name in times}} for row in rows]


others = ", ".join(column for column in COLUMNS if column not in ("event_time", "ingest_time"))
check_rows("DuckDB from Parquet", in_utc(duckdb_rows(f"SELECT {others}, {TIMES} FROM read_parquet(?)", files)))
# Partitions are found without opening a file.
partitions = duckdb_rows("SELECT source, event_type, count(*) AS events FROM read_parquet(?, hive_partitioning = true) "
                         "GROUP BY ALL", files)
check("events by partition", sum(row["events"] for row in partitions), count)

lines = f"{ndjson_lake}/raw/**/*.ndjson.zst"
rows = duckdb_rows(
    f"SELECT {others}, {TIMES} FROM read_json(?, format = 'newline_delimited', hive_partitioning = false, columns = "
    "{event_id: 'VARCHAR', source: 'VARCHAR', event_type: 'VARCHAR', entity_id: 'VARCHAR', event_time: 'TIMESTAMPTZ', "
    "ingest_time: 'TIMESTAMPTZ', ingest_lag_ms: 'BIGINT', payload_hash: 'VARCHAR', payload: 'JSON', raw: 'VARCHAR'})",
    lines)
check_rows("DuckDB from NDJSON", in_utc(rows))

paths = sorted(glob.glob(files, recursive=True))
types = {"event_time": pa.timestamp("us", "UTC"), "ingest_time": pa.timestamp("us", "UTC"), "ingest_lag_ms": pa.int64()}
for path in paths:
    schema = parquet.read_schema(path)
    check("columns in pyarrow", schema.names, COLUMNS)
    for field in schema:
        check(f"type of {field.name}", field.type, types.get(field.name, pa.string()))
    metadata = parquet.ParquetFile(path).metadata
    for group in range(metadata.num_row_groups):
        group = metadata.row_group(group)
        check("order", [(column.column_index, column.descending) for column in group.sorting_columns], [(3, False), (4, False)])
        for column in range(group.num_columns):
            column = group.column(column)
            check("compression", column.compression, "ZSTD")
            check("page index", column.has_offset_index, True)
            if column.path_in_schema not in ("payload", "raw"):
                check("statistics", (column.is_stats_set, column.has_column_index), (True, True))
    table = parquet.ParquetFile(path).read()
    keys = list(zip(table["entity_id"].to_pylist(), table["event_time"].to_pylist()))
    check("order of rows", keys, sorted(keys))
table = pa.concat_tables([parquet.ParquetFile(path).read() for path in paths])
check_rows("pyarrow", table.to_pylist())
check("rows of a dataset", dataset.dataset(parquet_lake, format="parquet", exclude_invalid_files=True).count_rows(), count)
print(f"DuckDB and pyarrow read {count} events of {len(paths)} files as they are")
