"""A body over its limit, posted with urllib: the answer is read, and no broken pipe."""

import json
import sys
import urllib.error
import urllib.request

MIB = 1024 * 1024


def refusal(path: str, length: int) -> tuple[int, str]:
    request = urllib.request.Request(
        sys.argv[1] + path, data=b" " * length, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            raise SystemExit(f"{path} took {length} bytes: {answer.read()!r}")
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["errors"][0]["code"]


for path, length in [("/ingest", MIB + 1), ("/ingest", 5 * MIB), ("/ingest/batch", 16 * MIB + 1), ("/ingest/batch", 20 * MIB)]:
    found = refusal(path, length)
    assert found == (413, "too_large"), (path, length, found)
