"""Columns and tables of pyarrow, pandas, polars and NumPy."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest
from conftest import EXAMPLE, EXAMPLE_ID

from pik_client import event_id, event_ids, preview, validate

TEXTS = [json.dumps({**EXAMPLE, "payload": n}) for n in range(3)]
IDS = [event_id(text) for text in TEXTS]
TIMES = [datetime(2025, 12, 28, 23, 59, 59, tzinfo=timezone.utc)] * 2
ROWS: dict[str, list[Any]] = {
    "source": ["demo", "demo"],
    "event_type": ["heartbeat", ""],
    "entity_id": ["user_123", "user_123"],
    "event_time": TIMES,
    "payload": [{"steps": 10}, {"steps": 10}],
}


@pytest.mark.parametrize(
    "column",
    [
        pandas.Series(TEXTS),
        pandas.Series(TEXTS, dtype="string"),
        pandas.Series(TEXTS, dtype=pandas.ArrowDtype(pyarrow.string())),
        pandas.DataFrame({"body": TEXTS}, index=[7, 7, 7])["body"],
        polars.Series(TEXTS),
        pyarrow.array(TEXTS),
        pyarrow.array(TEXTS, pyarrow.large_string()),
        pyarrow.array([text.encode() for text in TEXTS], pyarrow.binary()),
        pyarrow.chunked_array([TEXTS[:2], TEXTS[2:]]),
        numpy.array(TEXTS),
        numpy.array(TEXTS, dtype=object),
    ],
    ids=lambda column: f"{type(column).__module__}.{type(column).__name__}",
)
def test_a_column_of_texts_has_ids(column: Any) -> None:
    assert event_ids(column) == (IDS, {})


@pytest.mark.parametrize(
    "table",
    [pandas.DataFrame(ROWS), polars.DataFrame(ROWS), pyarrow.table(ROWS), pyarrow.table(ROWS).to_batches()[0]],
    ids=lambda table: f"{type(table).__module__}.{type(table).__name__}",
)
def test_a_table_has_an_event_in_each_row(table: Any) -> None:
    ids, rejected = event_ids(table)
    assert ids == [EXAMPLE_ID, None]
    assert [problem[:2] for problem in rejected[1]] == [("empty", "/event_type")]


def test_what_is_missing_in_a_column_is_no_event() -> None:
    for column in (
        pandas.Series([TEXTS[0], None]),
        pandas.Series([TEXTS[0], pandas.NA], dtype="string"),
        polars.Series([TEXTS[0], None]),
        pyarrow.array([TEXTS[0], None]),
    ):
        ids, rejected = event_ids(column)
        assert ids == [IDS[0], None]
        assert list(rejected) == [1]


def test_scalars_have_their_exact_values() -> None:
    def payload(value: object) -> str:
        return preview({**EXAMPLE, "payload": value}).canonical_payload

    assert payload(numpy.int64(2**63 - 1)) == "9223372036854775807"
    assert payload(numpy.uint64(2**64 - 1)) == "18446744073709551615"
    assert payload(numpy.float64(0.1)) == "0.1"
    assert payload(numpy.float32(0.1)) == "0.10000000149011612"
    assert payload(numpy.bool_(True)) == "true"
    assert payload(numpy.str_("a")) == '"a"'
    assert payload(pandas.Timestamp("2020-01-01T00:00:00.123456789Z")) == '"2020-01-01T00:00:00.123456789+00:00"'


@pytest.mark.parametrize(
    "value",
    [
        pandas.NaT,
        pandas.NA,
        pandas.Timestamp("2020-01-01"),
        numpy.float64("nan"),
        numpy.datetime64("2020-01-01T00:00:00"),
        numpy.longdouble(1) / 3,
        numpy.array([1]),
        pandas.Series([1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_scalars_are_errors_with_a_path(value: object) -> None:
    assert [problem[:2] for problem in validate({**EXAMPLE, "payload": [value]})] == [("not_json", "/payload/0")]
