"""How many ids a second one core computes, in CPU time, best of five; beside what Python's own modules do."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from pik_client import event_id, event_ids

EVENTS = 100_000


def body(number: int) -> str:
    lines = [{"sku": "A-1", "n": 2}, {"sku": "B-7", "n": 1}]
    return json.dumps(
        {
            "source": "shop",
            "event_type": "order",
            "entity_id": f"user_{number}",
            "event_time": "2025-12-28T23:59:59Z",
            "payload": {"order": number, "total": "12.50", "lines": lines, "paid": True, "note": "leave at the door"},
        }
    )


def plainly(text: str) -> str:
    """Two hashes over sorted JSON, without validation and exact numbers: no id of the contract."""
    event = json.loads(text)
    payload = json.dumps(event.pop("payload"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    event["payload_hash"] = hashlib.sha256(payload.encode()).hexdigest()
    return hashlib.sha256(json.dumps(event, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def rate(work: Callable[[], object]) -> str:
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return f"{EVENTS / best:,.0f}"


TEXTS = [body(number) for number in range(EVENTS)]
DICTS = [json.loads(text) for text in TEXTS]
print(f"{EVENTS:,} events of {len(TEXTS[-1])} bytes")
print("event_ids, texts          ", rate(lambda: event_ids(TEXTS)))
print("event_ids, dicts          ", rate(lambda: event_ids(DICTS)))
print("event_id, one by one      ", rate(lambda: [event_id(text) for text in TEXTS]))
print("json and hashlib, no rules", rate(lambda: [plainly(text) for text in TEXTS]))
