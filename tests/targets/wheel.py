"""python wheel.py VECTORS RANDOM: the package for Python, as installed, against native Rust's answers."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

from pik_client import EventRejected, event_id, event_ids, preview, validate

MEMBERS = ("event_id", "payload_hash", "event_time", "canonical_payload", "key_prefix")


def body_of(vector: dict[str, Any]) -> bytes:
    """The body of a vector (tests/vectors/README.md)."""
    if "body_hex" in vector:
        return bytes.fromhex(vector["body_hex"])
    if "body" in vector:
        return str(vector["body"]).encode()
    parts = vector["body_parts"]
    return "".join(part if isinstance(part, str) else part["repeat"] * part["times"] for part in parts).encode()


def expected_of(vector: dict[str, Any]) -> object:
    """What native Rust says."""
    if vector["result"] == "reject":
        return [(error["code"], error["path"], error["message"]) for error in vector["errors"]]
    prefix = vector["s3_key"].partition("ingest_date=")[0]
    # Left out of the vectors where it is long; its hash is there.
    return {name: prefix if name == "key_prefix" else vector.get(name) for name in MEMBERS}


def answers_of(event: str | bytes) -> tuple[object, object]:
    """What `preview` says, and what the others say, who must agree with it."""
    rejected = [tuple(problem) for problem in validate(event)]
    try:
        given = preview(event)._asdict()
    except EventRejected as error:
        assert [tuple(problem) for problem in error.errors] == rejected
        try:
            return rejected, event_id(event)
        except EventRejected as again:
            return rejected, [tuple(problem) for problem in again.errors]
    assert rejected == []
    return given, event_id(event)


def differences(lines: list[str]) -> tuple[int, list[str]]:
    """How many were compared, and what differs."""
    different, bodies, ids = [], [], []
    for line in lines:
        vector = json.loads(line)
        body, expected = body_of(vector), expected_of(vector)
        bodies.append(body)
        ids.append(vector.get("event_id"))
        forms: list[str | bytes] = [body]
        try:
            forms.append(body.decode())
        except UnicodeDecodeError:
            pass
        for form in forms:
            given, second = answers_of(form)
            if isinstance(given, dict) and isinstance(expected, dict) and expected["canonical_payload"] is None:
                given["canonical_payload"] = None
            if given != expected or second != vector.get("event_id", expected):
                different.append(f"{vector['name']}: {given} and {second} where native Rust has {expected}")
    if event_ids(bodies).ids != ids:
        different.append("event_ids has other ids")
    return len(lines), different


def main() -> int:
    counts, different = [], []
    for path in sys.argv[1:3]:
        count, found = differences([line for line in Path(path).read_text("utf-8").split("\n") if line])
        counts.append(count)
        different += found
    for difference in different[:5]:
        print(difference, file=sys.stderr)
    if len(counts) != 2 or min(counts) == 0:
        print("name two files: the vectors with native Rust's answers, and random events", file=sys.stderr)
        return 2
    outcome = "all as native Rust" if not different else f"{len(different)} DIFFERENCES"
    print(f"wheel in Python {platform.python_version()}: {counts[0]:,} vectors and {counts[1]:,} random events, {outcome}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
