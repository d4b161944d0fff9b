"""What may be given as an event, and what is known of it before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple, Protocol, cast

from pik_client import _core
from pik_client.problem import EventRejected, Problem

Event = dict[str, Any] | str | bytes | bytearray
"""An event as a dict, or an event's whole JSON text, which is taken exactly as it is."""


class _Column(Protocol):
    """A column or a table of pyarrow, pandas or polars, as far as is asked of it here."""

    def __len__(self) -> int: ...


Events = Iterable[object] | _Column
"""Events, or a column of JSON texts, or a table that has the members of events as columns."""


class Preview(NamedTuple):
    """What is known of an event before it is sent."""

    event_id: str
    payload_hash: str
    event_time: str
    """The UTC instant in its canonical form."""
    canonical_payload: str
    """What `payload_hash` is the hash of."""
    key_prefix: str
    """The raw object's key as far as it does not depend on the arrival."""


class EventIds(NamedTuple):
    """The ids of many events."""

    ids: list[str | None]
    """One for each event, in order; None where it is rejected."""
    rejected: dict[int, tuple[Problem, ...]]
    """What is wrong with those that are, by their places from 0."""


class Judged(NamedTuple):
    """A valid event on its way."""

    event_id: str
    body: bytes
    """What the id was computed of, and what is sent."""


def preview(event: Event) -> Preview:
    """The event's id and what it is made of. Raises EventRejected."""
    return Preview(*_core.preview(event))


def event_id(event: Event) -> str:
    """The event's id. Raises EventRejected."""
    return _core.judge(event)[0]


def judge(event: object) -> Judged:
    """The event's id and the bytes to send. Raises EventRejected."""
    return Judged(*_core.judge(event))


def validate(event: Event) -> list[Problem]:
    """Everything that is wrong with the event; empty when it is valid."""
    try:
        _core.judge(event)
    except EventRejected as rejected:
        return list(rejected.errors)
    return []


def event_ids(events: Events) -> EventIds:
    """The ids of many events; other threads run meanwhile.

    `events` is any iterable of events, a column of JSON texts of pyarrow, pandas or polars, or a
    table of theirs that has the members of events as columns.
    """
    ids, rejected = _core.event_ids(each(events))
    problems = {at: tuple(Problem(*problem) for problem in found) for at, found in rejected.items()}
    return EventIds(ids, problems)


def each(events: Events) -> Iterable[object]:
    """The events one by one, as values of Python's own."""
    if isinstance(events, (str, bytes, bytearray, Mapping)):
        raise TypeError("this is one event; give a list of events, or use event_id")
    given: Any = events
    # pyarrow: arrays in pieces, arrays, tables.
    if hasattr(given, "iterchunks"):
        return chain.from_iterable(chunk.to_pylist() for chunk in given.iterchunks())
    if hasattr(given, "to_pylist"):
        return cast("Iterable[object]", given.to_pylist())
    # polars: tables, columns.
    if hasattr(given, "to_dicts"):
        return cast("Iterable[object]", given.to_dicts())
    if hasattr(given, "to_list"):
        return cast("Iterable[object]", given.to_list())
    # pandas: tables; its columns have to_list.
    if hasattr(given, "iterrows"):
        return cast("Iterable[object]", given.to_dict("records"))
    # NumPy: arrays.
    if hasattr(given, "tolist"):
        return cast("Iterable[object]", given.tolist())
    return cast("Iterable[object]", events)
