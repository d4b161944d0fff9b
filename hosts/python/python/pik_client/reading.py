"""A host's JSON, read with suspicion: between it and us may be proxies that answer for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pik_client.answer import Failed, Rejected, Stored, Verdict
from pik_client.event import Judged
from pik_client.exchange import Reply
from pik_client.failure import IngestFailed
from pik_client.problem import Problem


class TooLarge(Exception):
    """The host's own limit for a request: it takes smaller batches."""

    def __init__(self, errors: tuple[Problem, ...]) -> None:
        super().__init__(errors)
        self.errors = errors


def parsed(body: bytes) -> Any:
    """The JSON of an answer; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def failure_of(reply: Reply) -> IngestFailed:
    """What a reply without a result says."""
    status = reply.status
    location = reply.headers.get("location")
    if 300 <= status < 400 and location is not None:
        return IngestFailed(
            "redirected",
            f"HTTP {status}: redirected to {location}; nothing was sent there. Give the URL of the host itself",
            status,
        )
    errors = _refusal(reply)
    told = "; ".join(map(str, errors))
    if status >= 500 or status in (408, 429):
        return IngestFailed("unavailable", f"HTTP {status}{', ' if told else ''}{told}", status, errors)
    if errors:
        return IngestFailed("refused", f"HTTP {status}, {told}", status, errors)
    if status == 413:
        return IngestFailed(
            "proxy_limit",
            "HTTP 413 from a proxy before the host, not from the host; send smaller batches, or raise the "
            "proxy's limit for bodies",
            status,
        )
    return not_a_host(reply, "an answer that is not a host's")


def not_a_host(reply: Reply, why: str) -> IngestFailed:
    """The answer is not one of a host of this project."""
    return IngestFailed("not_a_host", f"HTTP {reply.status}, {why}; is this the URL of a pik host?", reply.status)


def results_of(reply: Reply, events: Sequence[Judged], dry_run: bool) -> list[Verdict]:
    """The results for these events. Raises IngestFailed, and TooLarge."""
    given = parsed(reply.body)
    results = given.get("results") if isinstance(given, dict) else None
    # A batch with a failed event has a status of its own, and results all the same.
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        errors = _refusal(reply)
        if reply.status == 413 and errors and errors[0].code == "too_large":
            raise TooLarge(errors)
        raise failure_of(reply)
    was_dry = given.get("dry_run") is True or any(result.get("dry_run") is True for result in results)
    if was_dry and not dry_run:
        raise IngestFailed(
            "nothing_stored",
            "the host runs with DRY_RUN: it checked the events and stored none; start it without DRY_RUN",
            reply.status,
        )
    if dry_run and not was_dry:
        raise IngestFailed(
            "not_a_dry_run",
            "the host did not say that this was a dry run; it may have stored the events",
            reply.status,
        )
    if len(results) != len(events):
        raise not_a_host(reply, f"{len(results)} results for {len(events)} events")
    return [_verdict(reply, result, event, dry_run) for result, event in zip(results, events, strict=True)]


def _verdict(reply: Reply, result: dict[str, Any], event: Judged, dry_run: bool) -> Verdict:
    status = result.get("status")
    if status in ("ACCEPTED", "DUPLICATE"):
        event_id, lag, key = (result.get(name) for name in ("event_id", "ingest_lag_ms", "s3_key"))
        if not (isinstance(event_id, str) and isinstance(lag, int) and isinstance(key, str)):
            raise not_a_host(reply, "a result without event_id, ingest_lag_ms or s3_key")
        if event_id != event.event_id:
            raise other_id(event.event_id, event_id, reply.status)
        return Stored(event_id, status, lag, key, dry_run)
    errors = _problems(result.get("errors"))
    if status not in ("REJECTED", "ERROR") or not errors:
        raise not_a_host(reply, "a result with no reason")
    return Rejected(errors) if status == "REJECTED" else Failed(errors)


def other_id(ours: str, theirs: str, status: int) -> IngestFailed:
    """The host computed another id for the same bytes."""
    return IngestFailed(
        "other_id",
        f"the host gave {ours} the id {theirs}; it does not keep this contract, so nothing more was sent",
        status,
    )


def _refusal(reply: Reply) -> tuple[Problem, ...]:
    """What a host says that refuses a request as a whole; empty when it is not a host's word."""
    given = parsed(reply.body)
    if not isinstance(given, dict) or given.get("status") not in ("REJECTED", "ERROR"):
        return ()
    return _problems(given.get("errors"))


def _problems(given: object) -> tuple[Problem, ...]:
    """The problems of an answer; empty when they are none."""
    if not isinstance(given, list):
        return ()
    problems = []
    for entry in given:
        match entry:
            case {"code": str(code), "path": str(path), "message": str(message)}:
                problems.append(Problem(code, path, message))
            case _:
                return ()
    return tuple(problems)
