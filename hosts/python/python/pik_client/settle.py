"""The one loop that sends events until each is settled."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import datetime

from pik_client.answer import BatchAnswer, Failed, Open, Rejected, Stored, Verdict
from pik_client.event import Judged, judge
from pik_client.exchange import NoAnswer, Pause, Reply, Request, Steps
from pik_client.failure import IngestFailed
from pik_client.problem import EventRejected
from pik_client.reading import TooLarge, results_of
from pik_client.retry import Retry, retry_after

MAX_EVENTS = 1000
"""Of a request."""
MAX_BYTES = 4 * 1024 * 1024
"""Of a request, well under what hosts take."""


@dataclass(frozen=True)
class Terms:
    """How events are sent, and the clock and the chance that decide about waits."""

    base: str
    retry: Retry
    max_events: int
    now: Callable[[], datetime]
    random: Callable[[], float]

    def __post_init__(self) -> None:
        if self.max_events < 1:
            raise ValueError("max_events is below 1; give a whole number from 1")


@dataclass(frozen=True)
class _Place:
    """A valid event, and where it stands among those that were given."""

    index: int
    event: Judged


def settle(events: Iterable[object], terms: Terms, dry_run: bool) -> Steps[BatchAnswer]:
    """Sends the valid ones of `events`, until each is settled or there is no hope.

    What is settled is not sent again, whatever happens to the others: a retry must not turn an
    ACCEPTED event into a DUPLICATE.
    """
    results: list[Verdict] = []
    stopped: IngestFailed | None = None
    for portion in _portions(events, terms.max_events, results):
        # After the end the others are still judged, so that each event has a result.
        if stopped is None:
            stopped = yield from _settle_all(portion, terms, dry_run, results)
    return BatchAnswer(results, stopped)


def only(answer: BatchAnswer) -> Stored:
    """What became of the one event. Raises EventRejected and IngestFailed."""
    [result] = answer.results
    match result:
        case Stored():
            return result
        case Rejected():
            raise EventRejected(result.errors)
        case Failed():
            raise IngestFailed("unavailable", "; ".join(map(str, result.errors)), 503, result.errors)
        case Open():
            assert answer.stopped is not None, "what is open has a reason"
            raise answer.stopped


def _portions(
    events: Iterable[object], max_events: int, results: list[Verdict]
) -> Generator[list[_Place], None, None]:
    """Valid events by the request, and a first verdict on each event."""
    places: list[_Place] = []
    size = 0
    for index, given in enumerate(events):
        try:
            event = judge(given)
        except EventRejected as rejected:
            results.append(Rejected(rejected.errors))
            continue
        results.append(Open())
        if len(places) == max_events or (places and size + len(event.body) > MAX_BYTES):
            yield places
            places, size = [], 0
        places.append(_Place(index, event))
        size += len(event.body) + 1
    if places:
        yield places


def _settle_all(
    places: list[_Place], terms: Terms, dry_run: bool, results: list[Verdict]
) -> Steps[IngestFailed | None]:
    """Settles these in halves, if the host takes no request as large. Returns why there is no hope, if so."""
    parts = [places]
    while parts:
        part = parts.pop()
        try:
            still_open = yield from _settle_part(part, terms, dry_run, results)
        except IngestFailed as stopped:
            return stopped
        if still_open:
            half = (len(still_open) + 1) // 2
            parts += [still_open[half:], still_open[:half]]
    return None


def _settle_part(
    places: list[_Place], terms: Terms, dry_run: bool, results: list[Verdict]
) -> Steps[list[_Place]]:
    """Settles these. Returns those that are too large for one request."""
    retry = 0
    while places:
        failure: IngestFailed | None = None
        before = len(places)
        body = b"[" + b",".join(place.event.body for place in places) + b"]"
        parameters = {"dry_run": "true"} if dry_run else {}
        came = yield Request("POST", "/ingest/batch", parameters, body)
        try:
            verdicts = results_of(answered(came, terms), [place.event for place in places], dry_run)
        except TooLarge as too_large:
            if before > 1:
                return places
            results[places[0].index] = Rejected(too_large.errors)
            return []
        except IngestFailed as failed:
            if not failed.may_pass():
                raise
            failure = failed
        else:
            for place, verdict in zip(places, verdicts, strict=True):
                results[place.index] = verdict
            places = [place for place, verdict in zip(places, verdicts, strict=True) if isinstance(verdict, Failed)]
        if not places:
            break
        # A host that makes headway is worth more tries.
        retry = 1 if len(places) < before else retry + 1
        wait = pause(retry, came, terms)
        if wait is not None:
            yield wait
        elif failure is not None:
            raise failure
        else:
            # The host answers, and fails for these events alone: the rest may fare better.
            break
    return []


def answered(came: Reply | NoAnswer | None, terms: Terms) -> Reply:
    """The reply to a request. Raises IngestFailed when there is none."""
    if isinstance(came, Reply):
        return came
    why = came.why if came is not None else "nothing was sent"
    raise IngestFailed("no_answer", f"{terms.base} does not answer: {why}")


def pause(retry: int, came: Reply | NoAnswer | None, terms: Terms) -> Pause | None:
    """The wait before this retry; None when there is none."""
    asked = retry_after(came.headers.get("retry-after"), terms.now()) if isinstance(came, Reply) else None
    seconds = terms.retry.wait(retry, asked, terms.random())
    return None if seconds is None else Pause(seconds)
