"""Sending events and asking about them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, datetime, timezone
from types import TracebackType
from typing import Literal, TypeVar

import httpx

from pik_client import questions
from pik_client.address import Address, no_answer, reply_of
from pik_client.answer import BatchAnswer, Stored
from pik_client.event import Event, Events, each
from pik_client.exchange import Came, Request, Steps
from pik_client.pages import Found
from pik_client.questions import Page, Time, selection
from pik_client.record import Bucket, Record, Stream
from pik_client.retry import Retry
from pik_client.settle import MAX_EVENTS, Terms, only, settle

T = TypeVar("T")


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(timezone.utc)


class Client:
    """Validates events, sends exactly the bytes that were hashed, and repeats what may be repeated.

    An event has one id, so a host takes a repetition for the same event. A client may be shared
    between threads.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        retry: Retry | None = None,
        timeout: float = 30.0,
        max_events: int = MAX_EVENTS,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`url` is the host's address, `max_events` the most of a request, `timeout` in seconds.

        `transport` is httpx's. `now`, `sleep` and `chance` decide about the waits between tries.
        """
        self._address = Address(url, token)
        self._terms = Terms(self._address.base, retry or Retry(), max_events, now, chance)
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def ingest(self, event: Event) -> Stored:
        """Sends one event. Raises EventRejected, mostly before anything is sent, and IngestFailed."""
        return only(self._take(settle([event], self._terms, False)))

    def dry_run(self, event: Event) -> Stored:
        """Asks what `ingest` would be answered; nothing is stored."""
        return only(self._take(settle([event], self._terms, True)))

    def ingest_batch(self, events: Events, *, dry_run: bool = False) -> BatchAnswer:
        """Sends many events and says what became of each.

        An invalid event, or a host that fails, is a result and raises nothing: look at `rejected`
        and `failed`.
        """
        return self._take(settle(each(events), self._terms, dry_run))

    def events(
        self,
        *,
        entity_id: str | None = None,
        from_: Time | None = None,
        to: Time | None = None,
        source: str | None = None,
        event_type: str | None = None,
        event_date: str | date | None = None,
        min_lag_ms: int | None = None,
        arrived_from: Time | None = None,
        arrived_to: Time | None = None,
        status: Literal["ACCEPTED", "DUPLICATE"] | None = None,
        order: Literal["asc", "desc"] | None = None,
        limit: int = questions.MAX_LIMIT,
    ) -> Found[Record]:
        """The records that match, through all pages of `limit` records.

        Ask by `entity_id`, with `from_` and `to` (event times); by `source`, `event_type` and
        `event_date`, the worst lag first; or, of all, of a `source` or of one `event_type` of it, by
        `from_` and `to` or by `arrived_from` and `arrived_to`, the latest first with `order="desc"`.
        """
        asked = selection(
            entity_id=entity_id,
            to=to,
            source=source,
            event_type=event_type,
            event_date=event_date,
            min_lag_ms=min_lag_ms,
            arrived_from=arrived_from,
            arrived_to=arrived_to,
            status=status,
            order=order,
            limit=limit,
            **{"from": from_},
        )
        return Found(lambda cursor: self._take(questions.records({**asked, **selection(cursor=cursor)}, self._terms)))

    def streams(self, *, limit: int = questions.MAX_LIMIT) -> Found[Stream]:
        """The sources and types of which there are events, through all pages of `limit`."""

        def fetch(cursor: str | None) -> Page[Stream]:
            return self._take(questions.streams(selection(limit=limit, cursor=cursor), self._terms))

        return Found(fetch)

    def event(self, event_id: str) -> Record | None:
        """The record of an event's first occurrence; None when there is none."""
        return self._take(questions.event(event_id, self._terms))

    def duplicates(self, event_id: str, *, limit: int = questions.MAX_LIMIT) -> Found[Record]:
        """The later occurrences of an event, by arrival, through all pages of `limit` records."""

        def fetch(cursor: str | None) -> Page[Record]:
            return self._take(questions.duplicates(event_id, selection(limit=limit, cursor=cursor), self._terms))

        return Found(fetch)

    def raw(self, event_id: str) -> bytes | None:
        """The bytes of an event as they were received; None when there are none. They have this id."""
        return self._take(questions.raw(event_id, self._terms))

    def stats(
        self,
        *,
        source: str,
        event_type: str,
        from_: Time,
        to: Time,
        bucket: Literal["hour", "day"] = "hour",
    ) -> list[Bucket]:
        """Counts and lags by hour or day of event time, empty buckets included."""
        asked = selection(source=source, event_type=event_type, to=to, bucket=bucket, **{"from": from_})
        return self._take(questions.stats(asked, self._terms))

    def _take(self, steps: Steps[T]) -> T:
        """Takes steps to their end."""
        came: Came = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Request):
                try:
                    came = reply_of(self._http.send(self._address.request(step)))
                except httpx.RequestError as error:
                    came = no_answer(error)
            else:
                self._sleep(step.seconds)
                came = None
