"""The table of behaviours that the clients of every language share: tests/http/CLIENTS.md."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest
from scripted import BEHAVIOURS, event_of, play

from pik_client import AsyncClient, BatchAnswer, Client, Retry

CLOCK = datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc)


def settings(behaviour: dict[str, Any]) -> dict[str, Any]:
    """How the client of a behaviour is made; waits are half of what they may be."""
    given = behaviour.get("client", {})
    most = {"max_events": given["max_events"]} if "max_events" in given else {}
    retry = {"retry": Retry(given["retries"])} if "retries" in given else {}
    return {"token": "secret", "timeout": 20.0, "now": lambda: CLOCK, "chance": lambda: 0.5, **most, **retry}


def send(url: str, behaviour: dict[str, Any], events: list[str], waits: list[float]) -> BatchAnswer:
    dry_run = behaviour.get("client", {}).get("dry_run", False)
    with Client(url, sleep=waits.append, **settings(behaviour)) as client:
        return client.ingest_batch(events, dry_run=dry_run)


def send_async(url: str, behaviour: dict[str, Any], events: list[str], waits: list[float]) -> BatchAnswer:
    dry_run = behaviour.get("client", {}).get("dry_run", False)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def sent() -> BatchAnswer:
        async with AsyncClient(url, sleep=sleep, **settings(behaviour)) as client:
            return await client.ingest_batch(events, dry_run=dry_run)

    return asyncio.run(sent())


@pytest.mark.parametrize("send", [send, send_async], ids=["Client", "AsyncClient"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour["name"])
def test_the_behaviour_is_as_expected(behaviour: dict[str, Any], send: Any) -> None:
    expect = behaviour["expect"]
    events = [event_of(number, number in behaviour.get("spread", [])) for number in range(behaviour["events"])]
    waits: list[float] = []
    with play(behaviour["answers"]) as (url, requests):
        answer: BatchAnswer = send(url, behaviour, events, waits)
    assert [[events.index(text) for text in request.texts] for request in requests] == expect["requests"]
    assert [result.status for result in answer.results] == expect["verdicts"]
    assert (answer.stopped and answer.stopped.reason) == expect["stopped"]
    for request in requests:
        assert (request.path, request.authorization) == (expect.get("path", "/ingest/batch"), "Bearer secret")
    assert expect.get("names", "") in str(answer.stopped or "")
    if "waits_ms" in expect:
        assert len(waits) == len(expect["waits_ms"])
        for wait, (least, most) in zip(waits, expect["waits_ms"], strict=True):
            assert least <= wait * 1000 <= most


def test_the_table_was_read() -> None:
    assert len(BEHAVIOURS) > 40
