"""Clients against a server."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from conftest import EXAMPLE, EXAMPLE_ID

from pik_client import AsyncClient, Client, EventRejected, IngestFailed, Rejected, Retry, Stored, event_id

DAY = datetime(2025, 12, 28, tzinfo=timezone.utc)


def many(entity: str, count: int) -> Iterator[dict[str, Any]]:
    """Events of one entity, a second apart."""
    for number in range(count):
        moment = DAY + timedelta(seconds=number)
        yield {"source": "many", "event_type": "t", "entity_id": entity, "event_time": moment, "payload": number}


def test_an_event_is_stored_once(server: str) -> None:
    with Client(server) as client:
        assert client.event(EXAMPLE_ID) is None
        assert client.raw(EXAMPLE_ID) is None
        dry = client.dry_run(EXAMPLE)
        assert (dry.event_id, dry.status, dry.dry_run) == (EXAMPLE_ID, "ACCEPTED", True)
        assert client.event(EXAMPLE_ID) is None
        assert client.ingest(EXAMPLE).status == "ACCEPTED"
        text = json.dumps(EXAMPLE, indent=2)
        assert client.ingest(text).status == "DUPLICATE"
        record = client.event(EXAMPLE_ID)
        assert record is not None
        assert (record.event_id, record.event_time, record.status) == (EXAMPLE_ID, "2025-12-28T23:59:59Z", "ACCEPTED")
        assert [duplicate.status for duplicate in client.duplicates(EXAMPLE_ID)] == ["DUPLICATE"]
        assert list(client.duplicates("0" * 64)) == []
        raw = client.raw(EXAMPLE_ID)
        assert raw is not None and json.loads(raw) == EXAMPLE


def test_the_pages_of_every_question_are_walked_to_their_end(server: str) -> None:
    with Client(server, max_events=700) as client:
        # More than two pages of the largest size.
        answer = client.ingest_batch(many("user_1", 2500))
        assert (answer.accepted, answer.duplicate, answer.rejected, answer.failed) == (2500, 0, 0, 0)
        assert client.ingest_batch(many("user_1", 10)).duplicate == 10
        ids = [event_id(event) for event in many("user_1", 2500)]
        found = [record.event_id for record in client.events(entity_id="user_1", status="ACCEPTED")]
        assert found == ids
        part = client.events(entity_id="user_1", from_=DAY + timedelta(seconds=5), to="2025-12-28T00:00:08Z", status="ACCEPTED")
        assert [record.event_id for record in part] == ids[5:8]
        late = [record.ingest_lag_ms for record in client.events(source="many", event_type="t", event_date=date(2025, 12, 28))]
        assert late == sorted(late, reverse=True) and len(late) >= 2500
        arrived = client.events(arrived_from="2025-12-29T00:00:00Z", arrived_to="9999-01-01T00:00:00Z", status="ACCEPTED", limit=999)
        assert arrived.settled_until is None
        assert set(ids) <= {record.event_id for record in arrived}
        assert arrived.settled_until is not None
        latest = client.events(source="many", arrived_from="2025-12-29T00:00:00Z", order="desc")
        assert {record.source for record in latest} == {"many"}
        newest = client.events(source="many", event_type="t", from_=DAY, to=DAY + timedelta(seconds=3), order="desc", status="ACCEPTED", limit=2)
        assert [record.event_id for record in newest] == ids[2::-1]
        for _ in range(3):
            client.ingest(next(many("user_1", 1)))
        assert len(list(client.duplicates(ids[0], limit=2))) == 4
        buckets = client.stats(source="many", event_type="t", from_=DAY, to=DAY + timedelta(days=1))
        assert len(buckets) == 24
        assert (buckets[0].accepted, buckets[0].duplicate) == (2500, 13)
        assert buckets[0].lag_ms is not None and buckets[0].lag_ms.max >= buckets[0].lag_ms.p50
        assert (buckets[1].accepted, buckets[1].lag_ms, buckets[1].first_arrival) == (0, None, None)


def test_streams_are_listed(server: str) -> None:
    with Client(server) as client:
        events = [{"source": "streams", "event_type": f"t{number}", "entity_id": "e", "event_time": DAY, "payload": 0} for number in range(5)]
        client.ingest_batch(events)
        found = [stream for stream in client.streams(limit=2) if stream.source == "streams"]
        assert [stream.event_type for stream in found] == ["t0", "t1", "t2", "t3", "t4"]
        assert (found[0].accepted, found[0].duplicate, found[0].last_event_time) == (1, 0, "2025-12-28T00:00:00Z")

    async def names() -> list[str]:
        async with AsyncClient(server) as client:
            return [stream.event_type async for stream in client.streams(limit=2) if stream.source == "streams"]

    assert asyncio.run(names()) == ["t0", "t1", "t2", "t3", "t4"]


def test_with_await_it_is_the_same(server: str) -> None:
    async def everything() -> None:
        async with AsyncClient(server) as client:
            event = next(many("user_2", 1))
            assert (await client.dry_run(event)).dry_run
            stored = await asyncio.gather(*(client.ingest(event) for _ in range(5)))
            assert sorted(one.status for one in stored) == ["ACCEPTED"] + ["DUPLICATE"] * 4
            answer = await client.ingest_batch(many("user_2", 2500))
            assert (answer.accepted, answer.duplicate) == (2499, 1)
            found = [record.entity_id async for record in client.events(entity_id="user_2", status="ACCEPTED")]
            assert found == ["user_2"] * 2500
            assert len([record async for record in client.duplicates(event_id(event), limit=2)]) == 5
            record = await client.event(event_id(event))
            raw = await client.raw(event_id(event))
            assert record is not None and raw is not None and record.raw_size == len(raw)
            assert len(await client.stats(source="many", event_type="t", from_=DAY, to=DAY + timedelta(days=2), bucket="day")) == 2
            with pytest.raises(EventRejected):
                await client.ingest({})

    asyncio.run(everything())


def test_an_event_that_is_wrong_is_not_sent(server: str) -> None:
    with Client("http://127.0.0.1:9") as nowhere:
        with pytest.raises(EventRejected):
            nowhere.ingest({**EXAMPLE, "source": ""})
        answer = nowhere.ingest_batch(["{}", "[]"])
        assert (answer.rejected, answer.stopped) == (2, None)
    with Client(server) as client:
        results = client.ingest_batch(["{}", next(many("user_3", 1)), {**EXAMPLE, "payload": {1}}]).results
        assert [result.status for result in results] == ["REJECTED", "ACCEPTED", "REJECTED"]
        assert isinstance(results[2], Rejected) and results[2].errors[0].path == "/payload"


def test_a_host_that_is_away_is_told() -> None:
    waits: list[float] = []
    with Client("http://127.0.0.1:9", retry=Retry(2), sleep=waits.append) as client:
        with pytest.raises(IngestFailed) as raised:
            client.ingest(EXAMPLE)
        assert (raised.value.reason, raised.value.status, len(waits)) == ("no_answer", None, 2)
        assert str(raised.value).startswith("http://127.0.0.1:9 does not answer: ")
        assert pickle.loads(pickle.dumps(raised.value)).reason == "no_answer"
        with pytest.raises(IngestFailed) as raised:
            list(client.events(entity_id="user_1"))
        assert raised.value.reason == "no_answer"


def answering(*responses: httpx.Response) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A transport that gives these answers."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return responses[min(len(requests), len(responses)) - 1]

    return httpx.MockTransport(answer), requests


def test_a_question_is_asked_again_and_no_answer_is_guessed() -> None:
    page: dict[str, Any] = {"events": [], "next_cursor": None}
    transport, requests = answering(httpx.Response(503, headers={"retry-after": "7"}), httpx.Response(200, json=page))
    waits: list[float] = []
    with Client("http://host/base/", transport=transport, sleep=waits.append, chance=lambda: 0.5) as client:
        assert list(client.events(entity_id="a b&c", from_=DAY)) == []
    assert waits == [pytest.approx(7.1)]
    assert str(requests[1].url) == "http://host/base/events?entity_id=a+b%26c&limit=1000&from=2025-12-28T00%3A00%3A00%2B00%3A00"
    for response in (
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"events": [{}], "event": {}, "duplicates": [{}], "buckets": [{}], "streams": [{}]}),
        httpx.Response(200, json={"events": 1, "event": 1, "duplicates": 1, "buckets": 1, "streams": 1}),
        httpx.Response(200, text="[" * 100_000),
    ):
        with Client("http://host", transport=answering(response)[0]) as client:
            for ask in (
                lambda: list(client.events(entity_id="e")),
                lambda: client.event(EXAMPLE_ID),
                lambda: list(client.duplicates(EXAMPLE_ID)),
                lambda: client.stats(source="s", event_type="t", from_=DAY, to=DAY),
                lambda: client.raw(EXAMPLE_ID),
                lambda: list(client.streams()),
            ):
                with pytest.raises(IngestFailed) as raised:
                    ask()
                assert raised.value.reason == "not_a_host"


def test_a_question_that_is_refused_says_why(server: str) -> None:
    with Client(server) as client, pytest.raises(IngestFailed) as raised:
        list(client.events(entity_id="e", limit=5000))
    assert (raised.value.reason, raised.value.status) == ("refused", 400)
    assert raised.value.errors[0].code == "invalid_parameter"
    with Client(server) as client:
        with pytest.raises(ValueError, match="from is a datetime without a time zone"):
            client.events(entity_id="e", from_=datetime(2025, 1, 1))


def test_raw_bytes_of_another_event_are_refused() -> None:
    other = httpx.Response(200, json={**EXAMPLE, "payload": 0})
    with Client("http://host", transport=answering(other)[0]) as client, pytest.raises(IngestFailed) as raised:
        client.raw(EXAMPLE_ID)
    assert raised.value.reason == "other_id"


@pytest.mark.parametrize("url", ["", "host", "ftp://host", "http://", "http://host?a=b", "http://host#a", "http://a:b@host", "http://ho st"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Client(url)
    with pytest.raises(ValueError, match="URL"):
        AsyncClient(url)


def test_settings_that_cannot_be_are_refused() -> None:
    for token in ("", "two words", "line\nend", "é"):
        with pytest.raises(ValueError, match="token"):
            Client("http://host", token=token)
    with pytest.raises(ValueError, match="max_events"):
        Client("http://host", max_events=0)
    with pytest.raises(ValueError, match="retries"):
        Retry(-1)


def test_waits_double_to_the_longest_and_end() -> None:
    retry = Retry(9)
    assert [retry.wait(number, None, 1.0) for number in range(1, 11)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, None]
    assert Retry(10**9).wait(10**9, float("inf"), 1.0) == 150.0


def test_a_large_batch_is_sent_in_parts(server: str) -> None:
    events = [{**EXAMPLE, "entity_id": "large", "payload": [n, "x" * 900_000]} for n in range(12)]
    sizes: list[int] = []
    transport = httpx.HTTPTransport()

    class Measuring(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sizes.append(int(request.headers["content-length"]))
            return transport.handle_request(request)

    with Client(server, transport=Measuring()) as client:
        assert client.ingest_batch(events).accepted == 12
    assert len(sizes) == 3 and max(sizes) < 4 * 1024 * 1024 + 16
    assert all(isinstance(result, Stored) for result in Client(server).ingest_batch(events).results)
