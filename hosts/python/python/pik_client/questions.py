"""Questions to a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pik_client.event import event_id
from pik_client.exchange import Reply, Request, Steps
from pik_client.failure import IngestFailed
from pik_client.problem import EventRejected
from pik_client.reading import failure_of, not_a_host, other_id, parsed
from pik_client.record import Bucket, Record, Stream
from pik_client.settle import Terms, answered, pause

MAX_LIMIT = 1000
"""The most records that a host gives at once."""
MAX_RETRIES = 3
"""A question is asked again at most this often. A person waits for its answer."""

Time = str | datetime
"""ISO 8601 with an offset, or a datetime with a time zone."""


T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of what was asked for."""

    items: list[T]
    next_cursor: str | None
    settled_until: str | None


def selection(**given: object) -> dict[str, str]:
    """The parameters of a question; what is None is not one."""
    return {name: _written(name, value) for name, value in given.items() if value is not None}


def _written(name: str, value: object) -> str:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{name} is a datetime without a time zone; give it one, such as tzinfo=timezone.utc")
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def records(parameters: Mapping[str, str], terms: Terms) -> Steps[Page[Record]]:
    """One page of records."""
    return (yield from _page("events", Record.of, parameters, terms))


def streams(parameters: Mapping[str, str], terms: Terms) -> Steps[Page[Stream]]:
    """One page of sources and types."""
    return (yield from _page("streams", Stream.of, parameters, terms))


def _page(
    name: str, read: Callable[[Mapping[str, Any]], T], parameters: Mapping[str, str], terms: Terms
) -> Steps[Page[T]]:
    """One page of what is at a path, under the same name."""
    reply = yield from _need(f"/{name}", parameters, terms)
    given = parsed(reply.body)
    try:
        return Page([read(item) for item in given[name]], given.get("next_cursor"), given.get("settled_until"))
    except (KeyError, TypeError, AttributeError) as error:
        raise not_a_host(reply, "an answer that is not a host's") from error


def event(id: str, terms: Terms) -> Steps[Record | None]:
    """The record of an event's first occurrence."""
    reply = yield from _get(_path(id), {"limit": "1"}, terms)
    return None if reply is None else _event(reply)[0]


def duplicates(id: str, parameters: Mapping[str, str], terms: Terms) -> Steps[Page[Record]]:
    """One page of an event's later occurrences."""
    reply = yield from _get(_path(id), parameters, terms)
    if reply is None:
        return Page([], None, None)
    _, records, next_cursor = _event(reply)
    return Page(records, next_cursor, None)


def _event(reply: Reply) -> tuple[Record, list[Record], str | None]:
    given = parsed(reply.body)
    try:
        records = [Record.of(record) for record in given["duplicates"]]
        return Record.of(given["event"]), records, given.get("next_cursor")
    except (KeyError, TypeError, AttributeError) as error:
        raise not_a_host(reply, "an answer that is not a host's") from error


def raw(id: str, terms: Terms) -> Steps[bytes | None]:
    """The bytes of an event, which have its id."""
    reply = yield from _get(_path(id) + "/raw", {}, terms)
    if reply is None:
        return None
    try:
        found = event_id(reply.body)
    except EventRejected as error:
        raise not_a_host(reply, "a raw object that is no event") from error
    if found != id:
        raise other_id(found, id, reply.status)
    return reply.body


def stats(parameters: Mapping[str, str], terms: Terms) -> Steps[list[Bucket]]:
    """Every bucket that is asked for."""
    reply = yield from _need("/stats", parameters, terms)
    given: Any = parsed(reply.body)
    try:
        return [Bucket.of(bucket) for bucket in given["buckets"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise not_a_host(reply, "an answer that is not a host's") from error


def _path(id: str) -> str:
    # Whatever is given as an id stays one segment of the path.
    return f"/events/{quote(id, safe='')}"


def _need(path: str, parameters: Mapping[str, str], terms: Terms) -> Steps[Reply]:
    reply = yield from _get(path, parameters, terms)
    if reply is None:
        raise IngestFailed("not_a_host", f"HTTP 404, there is no {path}; is this the URL of a pik host?", 404)
    return reply


def _get(path: str, parameters: Mapping[str, str], terms: Terms) -> Steps[Reply | None]:
    """None for 404. A host that is there and cannot answer now is asked again."""
    retry = 0
    while True:
        came = yield Request("GET", path, parameters)
        reply = answered(came, terms)
        if reply.status == 200:
            return reply
        if reply.status == 404:
            return None
        failure = failure_of(reply)
        retry += 1
        wait = pause(retry, reply, terms)
        if not failure.may_pass() or wait is None or retry > MAX_RETRIES:
            raise failure
        yield wait
