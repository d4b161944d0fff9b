"""Ids, previews and rejections of events that are values of Python's."""

from __future__ import annotations

import enum
import json
import pickle
import sys
import threading
import time
import uuid
from collections import OrderedDict, namedtuple
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any

import pytest
from conftest import EXAMPLE, EXAMPLE_ID

import pik_client
from pik_client import EventRejected, event_id, event_ids, preview, validate

VALID: dict[str, Any] = EXAMPLE


def payload(value: object) -> str:
    """The canonical form of a payload."""
    return preview({**VALID, "payload": value}).canonical_payload


def problems(value: object) -> list[tuple[str, str]]:
    """Codes and paths of what is wrong with a payload."""
    return [(code, path) for code, path, _ in validate({**VALID, "payload": value})]


def test_an_event_has_an_id_however_it_is_given() -> None:
    text = json.dumps(VALID)
    for event in (VALID, text, text.encode(), bytearray(text.encode()), OrderedDict(VALID)):
        assert event_id(event) == EXAMPLE_ID
        assert preview(event).event_id == EXAMPLE_ID
        assert validate(event) == []
    assert preview(VALID) == (
        EXAMPLE_ID,
        "2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881",
        "2025-12-28T23:59:59Z",
        '{"steps":10}',
        "raw/source=demo/event_type=heartbeat/event_date=2025-12-28/",
    )


def test_an_event_that_is_wrong_is_refused_with_everything_that_is() -> None:
    event = {**VALID, "source": "", "event_time": "2025-12-28T23:59:59"}
    with pytest.raises(EventRejected) as raised:
        event_id(event)
    errors = raised.value.errors
    assert [(error.code, error.path) for error in errors] == [("empty", "/source"), ("missing_offset", "/event_time")]
    assert str(raised.value).startswith("empty at /source: `source` is empty; give it a value; missing_offset at")
    assert list(errors) == validate(event)
    assert pickle.loads(pickle.dumps(raised.value)).errors == errors


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Hours(float):
    pass


BERLIN_LONG_AGO = timezone(timedelta(minutes=53, seconds=28))


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-(2**63) - 1, "-9223372036854775809"),
        (2**64 + 1, "18446744073709551617"),
        (123_456_789_012_345_678_901, "123456789012345678901"),
        (1.5, "1.5"),
        (-0.0, "0"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (9007199254740991.0, "9007199254740991"),
        (0.1 + 0.2, "0.30000000000000004"),
        (Decimal("1.10"), "1.1"),
        (Decimal("1E+30"), "1e+30"),
        (Decimal("0.1234567890123456789012345678901234567890"), "0.123456789012345678901234567890123456789"),
        (uuid.UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (date(2020, 2, 29), '"2020-02-29"'),
        (datetime(2020, 1, 1, 12, tzinfo=timezone.utc), '"2020-01-01T12:00:00+00:00"'),
        (datetime(2020, 1, 1, 12, 0, 0, 5, timezone(timedelta(hours=-2))), '"2020-01-01T12:00:00.000005-02:00"'),
        (datetime(1890, 1, 1, 12, tzinfo=BERLIN_LONG_AGO), '"1890-01-01T11:06:32+00:00"'),
        ('a"\\\n\x01\x7f\u2028é😀', '"a\\"\\\\\\n\\u0001\x7f\u2028é😀"'),
        (Colour.RED, '"red"'),
        (Level.HIGH, "3"),
        (Hours(1.5), "1.5"),
        ([1, (2, [])], "[1,[2,[]]]"),
        (OrderedDict(b=1, a=OrderedDict()), '{"a":{},"b":1}'),
    ],
)
def test_values_are_taken_exactly(value: object, canonical: str) -> None:
    assert payload(value) == canonical


def test_an_integer_has_as_many_digits_as_it_has() -> None:
    # Python itself writes no integer of more than 4,300 digits.
    assert payload(10**5000 + 7) == "1." + "0" * 4999 + "7e+5000"


def test_what_is_shared_is_no_cycle() -> None:
    shared = {"a": [1]}
    assert payload([shared, shared, {"again": shared}]) == '[{"a":[1]},{"a":[1]},{"again":{"a":[1]}}]'


class Zone(tzinfo):
    def tzname(self, moment: datetime | None) -> str:
        return ""

    def dst(self, moment: datetime | None) -> None:
        return None


class Nowhere(Zone):
    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None


Point = namedtuple("Point", "x y")
CYCLE: list[object] = [0]
CYCLE.append({"again": CYCLE})


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (float("nan"), [("not_json", "/payload")]),
        ({"a": [1, float("-inf")]}, [("not_json", "/payload/a/1")]),
        ({"total": Decimal("sNaN"), "x/y~z": Decimal("Infinity")}, [("not_json", "/payload/total"), ("not_json", "/payload/x~1y~0z")]),
        (2.0**53, [("unsafe_integer", "/payload")]),
        (-1e300, [("unsafe_integer", "/payload")]),
        (datetime(2020, 1, 1), [("not_json", "/payload")]),
        (datetime(2020, 1, 1, tzinfo=Nowhere()), [("not_json", "/payload")]),
        (datetime(1, 1, 1, tzinfo=BERLIN_LONG_AGO), [("not_json", "/payload")]),
        ([{1, 2}, frozenset()], [("not_json", "/payload/0"), ("not_json", "/payload/1")]),
        ([b"", bytearray(), memoryview(b"")], [("not_json", f"/payload/{n}") for n in range(3)]),
        (timedelta(1), [("not_json", "/payload")]),
        (object(), [("not_json", "/payload")]),
        (Point(1, 2), [("not_json", "/payload")]),
        ({1: 2}, [("not_json", "/payload")]),
        ({"ok": {None: 2}}, [("not_json", "/payload/ok")]),
        ("\ud800", [("invalid_json", "/payload")]),
        ({"a": {"\udfff": 1}}, [("invalid_json", "/payload/a")]),
        (CYCLE, [("not_json", "/payload/1/again")]),
        ({"a" * 2000: [float("nan")]}, [("not_json", "/payload")]),
    ],
)
def test_values_without_an_exact_form_are_errors_with_a_path(value: object, found: list[tuple[str, str]]) -> None:
    assert problems(value) == found
    assert all(problem.message for problem in validate({**VALID, "payload": value}))


def test_the_time_of_an_event_may_be_a_datetime() -> None:
    moment = datetime(2025, 12, 29, 1, 59, 59, tzinfo=timezone(timedelta(hours=2)))
    assert event_id({**VALID, "event_time": moment}) == EXAMPLE_ID
    naive = validate({**VALID, "event_time": moment.replace(tzinfo=None)})
    assert [(problem.code, problem.path) for problem in naive] == [("not_json", "/event_time")]


def test_an_error_of_a_time_zone_is_raised_as_it_is() -> None:
    class Broken(Zone):
        def utcoffset(self, moment: datetime | None) -> timedelta | None:
            raise LookupError("no such zone")

    with pytest.raises(LookupError, match="no such zone"):
        event_id({**VALID, "payload": datetime(2020, 1, 1, tzinfo=Broken())})


def test_a_time_zone_that_changes_the_event_changes_nothing_that_is_written() -> None:
    event: dict[str, Any] = {}

    class Meddling(Zone):
        def utcoffset(self, moment: datetime | None) -> timedelta | None:
            event["payload"].clear()
            return timedelta(0)

    event.update(VALID, payload={"a": datetime(2020, 1, 1, tzinfo=Meddling()), "b": 1})
    assert preview(event).canonical_payload == '{"a":"2020-01-01T00:00:00+00:00","b":1}'


def test_no_value_is_too_large_or_too_deep_to_be_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    wide: list[object] = [1]
    for _ in range(60):
        wide = [wide, wide]
    assert problems(deep)[0][0] == "too_deep"
    for value in (wide, "x" * 3_000_000, 10**3_000_000, {str(n): n for n in range(400_000)}, [0] * 3_000_000):
        assert problems(value) == [("too_large", "")]
    assert len(problems([float("nan")] * 1000)) == 100


def test_depth_is_the_cores_own() -> None:
    def nested(levels: int) -> object:
        value: object = 0
        for _ in range(levels):
            value = {"a": value}
        return value

    for levels in range(120, 145):
        text = json.dumps({**VALID, "payload": nested(levels)}, separators=(",", ":"))
        assert validate(text) == validate({**VALID, "payload": nested(levels)})


def test_texts_are_taken_as_they_are() -> None:
    text = json.dumps(VALID)
    assert validate("\ufeff" + text)[0].code == "invalid_json"
    assert validate(text + "\ud800")[0].code == "invalid_json"
    assert validate(text.encode() + b"\xff")[0].code == "invalid_json"
    assert validate(text.replace("10", '1,"steps":2'))[0][:2] == ("duplicate_key", "/payload/steps")
    assert validate("[]")[0].code == "not_an_object"
    assert validate(None)[0].code == "not_an_object"  # type: ignore[arg-type]


def test_many_events_have_ids_and_rejections_by_their_places() -> None:
    good = [json.dumps({**VALID, "payload": n}) for n in range(2500)]
    given: list[object] = list(good)
    given[0] = "{}"
    given[1023] = {**VALID, "payload": {1}}
    given[1024] = None
    given[2499] = "\ud800"
    ids, rejected = event_ids(iter(given))
    assert len(ids) == 2500
    assert sorted(rejected) == [0, 1023, 1024, 2499]
    assert [ids[place] for place in rejected] == [None] * 4
    assert rejected[1023][0][:2] == ("not_json", "/payload")
    assert [problem.code for problem in rejected[0]] == ["missing_field"] * 5
    assert all(ids[n] == event_id(good[n]) for n in range(2500) if n not in rejected)
    assert event_ids([]) == ([], {})


def test_many_large_events_are_judged_too() -> None:
    events = [{**VALID, "payload": [n, "x" * 1_000_000]} for n in range(12)]
    assert event_ids(events).ids == [event_id(event) for event in events]


def test_an_error_of_an_iterable_is_raised_as_it_is() -> None:
    def broken() -> Any:
        yield VALID
        raise LookupError("the file is gone")

    with pytest.raises(LookupError, match="the file is gone"):
        event_ids(broken())
    for one in (json.dumps(VALID), b"{}", VALID):
        with pytest.raises(TypeError, match="this is one event"):
            event_ids(one)


def test_other_threads_run_while_ids_are_computed() -> None:
    events = [json.dumps({**VALID, "payload": n}) for n in range(20_000)]
    turns = [0]
    done = threading.Event()

    def take_turns() -> None:
        while not done.is_set():
            turns[0] += 1
            time.sleep(0)

    interval = sys.getswitchinterval()
    # From here on a thread runs only when another lets it: by itself, no thread is interrupted.
    sys.setswitchinterval(1000)
    other = threading.Thread(target=take_turns)
    try:
        other.start()
        before = turns[0]
        event_ids(events)
        assert turns[0] > before
    finally:
        done.set()
        sys.setswitchinterval(interval)
        other.join()


def test_the_package_says_what_it_has() -> None:
    assert all(hasattr(pik_client, name) for name in pik_client.__all__)
