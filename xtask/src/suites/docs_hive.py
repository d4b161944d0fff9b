"""Opens an exported folder as a partitioned table, and compares the partitions with what the objects themselves say."""

import glob
import json
import sys

import duckdb

folder = sys.argv[1]
expected = set()
for path in glob.glob(f"{folder}/raw/**/*.json", recursive=True):
    with open(path, encoding="utf-8") as file:
        event = json.load(file)
    expected.add((event["source"], event["event_type"], event["entity_id"]))

# Of the objects entity_id alone is read, so the other two can only come from the keys.
found = duckdb.execute(
    "SELECT source, event_type, entity_id FROM read_json(?, hive_partitioning = true, columns = {entity_id: 'VARCHAR'})",
    [f"{folder}/raw/**/*.json"],
).fetchall()
if len(found) != int(sys.argv[2]) or set(found) != expected:
    sys.exit(f"DuckDB reads {sorted(found)}, the objects say {sorted(expected)}")
print(f"DuckDB reads the partitions of {len(found)} objects as they are")
