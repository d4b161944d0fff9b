"""Writes tables in Parquet with pyarrow, converts them with pik, and compares every value."""

import datetime as dt
import decimal
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as parquet

decimal.getcontext().prec = 60
pik, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
BEGIN = dt.datetime(2026, 10, 14, 10, tzinfo=dt.timezone.utc)


def column(value, type, nulls=0):
    return pa.array([None if nulls and n % nulls == 0 else value(n) for n in range(count)], type)


def naive(n):
    return (BEGIN + dt.timedelta(microseconds=n)).replace(tzinfo=None)


COLUMNS = {
    "user": column(lambda n: f"user '{n % 7}' ü", pa.string()),
    "at": column(lambda n: BEGIN + dt.timedelta(microseconds=n), pa.timestamp("us", "Europe/Berlin")),
    "local": column(naive, pa.timestamp("ns"), 3),
    "seconds": column(lambda n: naive(n).replace(microsecond=0), pa.timestamp("ms"), 0),
    "id": column(lambda n: 9_007_199_254_740_993 + n, pa.int64(), 5),
    "large": column(lambda n: 2**64 - 1 - n, pa.uint64()),
    "small": column(lambda n: -(n % 100), pa.int8()),
    "unsigned": column(lambda n: 2**32 - 1 - n, pa.uint32()),
    "price": column(lambda n: decimal.Decimal(n - 50).scaleb(-2), pa.decimal128(9, 2), 4),
    "exact": column(lambda n: decimal.Decimal(-n - 10**37).scaleb(-20), pa.decimal128(38, 20)),
    "day": column(lambda n: dt.date(1969, 12, 1) + dt.timedelta(days=n), pa.date32(), 6),
    "clock": column(lambda n: dt.time(23, 59, n % 60, 5), pa.time64("us")),
    "is": column(lambda n: n % 3 == 0, pa.bool_(), 7),
    "kind": column(lambda n: f"k{n % 3}", pa.string(), 8).dictionary_encode(),
    "bytes": column(lambda n: f"\"{n}\"\n".encode(), pa.binary()),
    "float": column(lambda n: float("nan") if n == 17 else n / 3, pa.float64()),
    "half": column(lambda n: n / 4, pa.float32()),
    "nothing": pa.nulls(count),
}
PLAIN = pa.table(COLUMNS)
NESTED = PLAIN.append_column("tags", column(lambda n: ["a"] * (n % 3), pa.list_(pa.string())))


def fraction(text):
    return text if "." not in text else text.rstrip("0").rstrip(".")


def expected(n):
    """The payload's values as they are spelled."""
    local, clock = naive(n), dt.time(23, 59, n % 60, 5)
    return {
        "local": None if n % 3 == 0 else fraction(f"{local:%Y-%m-%dT%H:%M:%S.%f}"),
        "seconds": f"{local:%Y-%m-%dT%H:%M:%S}",
        "id": None if n % 5 == 0 else 9_007_199_254_740_993 + n,
        "large": 2**64 - 1 - n,
        "small": -(n % 100),
        "unsigned": 2**32 - 1 - n,
        "price": None if n % 4 == 0 else f"{decimal.Decimal(n - 50).scaleb(-2):.2f}",
        "exact": f"{decimal.Decimal(-n - 10**37).scaleb(-20):f}",
        "day": None if n % 6 == 0 else str(dt.date(1969, 12, 1) + dt.timedelta(days=n)),
        "clock": f"{clock:%H:%M:%S}.000005",
        "is": None if n % 7 == 0 else n % 3 == 0,
        "kind": None if n % 8 == 0 else f"k{n % 3}",
        "bytes": f"\"{n}\"\n",
        "float": None if n == 17 else n / 3,
        "half": n / 4,
        "nothing": None,
    }


def convert(name, *arguments, code=0):
    members = ["--source=shop", "--event-type=order", "--entity-id=@user", "--event-time=@at"]
    done = subprocess.run([pik, "convert", f"{folder}/{name}", *members, *arguments], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"{name} {arguments}: exit code {done.returncode}\n{done.stderr}")
    return done


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r}, and should be {expected!r}")


checked = 0
for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    for version, page in [("1.0", "1.0"), ("2.6", "2.0")]:
        name = f"{codec}-{version}.parquet"
        # Several groups of rows, and several pages in each.
        parquet.write_table(PLAIN, f"{folder}/{name}", compression=codec, data_page_version=page, version="2.6",
                            row_group_size=max(count // 3, 1), data_page_size=1024, use_dictionary=version == "1.0",
                            store_decimal_as_integer=version == "2.6")
        lines = convert(name, "--nan=null").stdout.splitlines()
        check(f"events of {name}", len(lines), count)
        for n, line in enumerate(lines):
            event = json.loads(line, parse_float=str)
            at = BEGIN + dt.timedelta(microseconds=n)
            check("entity", event["entity_id"], f"user '{n % 7}' ü")
            check("time", dt.datetime.fromisoformat(event["event_time"].replace("Z", "+00:00")), at)
            for column_name, value in expected(n).items():
                found = event["payload"][column_name]
                if isinstance(value, float):
                    found = float(found)
                check(f"`{column_name}` of row {n} of {name}", found, value)
                checked += 1

# What cannot be written as JSON is refused with its row, and can be converted as NDJSON when it is mended.
done = convert("zstd-1.0.parquet", f"--rejected-to={folder}/refused.ndjson", "--payload=@float,@id", code=1)
check("events without NaN", len(done.stdout.splitlines()), count - 1)
check("what is refused", "zstd-1.0.parquet:18: member `float` is no number that JSON can write" in done.stderr, True)
mended = convert("refused.ndjson", "--payload=@float,@id", "--numbers=@float", "--nan=drop")
check("what was mended", json.loads(mended.stdout)["payload"], {"id": 9_007_199_254_740_993 + 17})

parquet.write_table(NESTED, f"{folder}/nested.parquet")
# What cannot be read is told, and hinders no other column.
for arguments, code, told in [
    (["--payload=@nope"], 1, "no column is named `nope`"),
    ([], 1, "cannot read the column `tags`"),
]:
    done = convert("nested.parquet", *arguments, code=code)
    check(f"{arguments}", told in done.stderr, True)
check("columns beside a nested one", len(convert("nested.parquet", "--payload=@id,@price").stdout.splitlines()), count)

# INT96, as Spark wrote it, has no zone.
parquet.write_table(PLAIN.select(["user", "local"]), f"{folder}/int96.parquet", use_deprecated_int96_timestamps=True)
members = ["--source=shop", "--event-type=order", "--entity-id=@user", "--event-time=@local", "--time-zone=UTC"]
done = subprocess.run([pik, "convert", f"{folder}/int96.parquet", *members], capture_output=True, text=True)
times = [json.loads(line)["event_time"] for line in done.stdout.splitlines()]
check("times of INT96", times, [fraction(f"{naive(n):%Y-%m-%dT%H:%M:%S.%f}") + "Z" for n in range(count) if n % 3])

# A file that was cut off, or damaged, is told and nothing panics.
whole = open(f"{folder}/zstd-2.6.parquet", "rb").read()
for place in range(0, len(whole), max(len(whole) // 400, 1)):
    for broken in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:]):
        with open(f"{folder}/broken.parquet", "wb") as file:
            file.write(broken)
        done = subprocess.run([pik, "convert", f"{folder}/broken.parquet", *members[:3], "--event-time=@at"], capture_output=True)
        if done.returncode not in (0, 1) or b"panicked" in done.stderr:
            sys.exit(f"damaged at {place}: {done.stderr.decode()}")
print(f"pik read {checked} values that pyarrow wrote")
