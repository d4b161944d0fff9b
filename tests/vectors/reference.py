#!/usr/bin/env python3
"""The event contract, docs/contract.md, a second time: slow, plain, and sharing no code with the Rust core.

    python3 tests/vectors/reference.py --check [FILE...]   every expected value is recomputed and compared
    python3 tests/vectors/reference.py --fill  [FILE...]   lines that state only a body get their expected values
    python3 tests/vectors/reference.py --explain FILE      what one event (`-`: standard input) comes to

Standard library only. Numbers are strings of digits from beginning to end, never floats. Where the core
streams, this builds a tree and walks it again for every question, so that the two have no shortcut in common.
The schema of the files is in README.md beside this file.
"""

import datetime
import hashlib
import json
import pathlib
import re
import sys

MAX_BODY = 1_048_576
MAX_DEPTH = 128
MAX_EXPONENT = 1_000_000
MAX_NAME_IN_KEY = 240
MAX_ENTITY_ID = 1_024
MAX_PROBLEMS = 100
MAX_POINTER = 1_024
MEMBERS = ("source", "event_type", "entity_id", "event_time", "payload")
INGEST_TIME = "2025-12-29T20:15:35.580Z"


class Rejected(Exception):
    """The event breaks the contract. `problems` are (code, path) in order."""

    def __init__(self, problems):
        super().__init__(problems)
        self.problems = problems


class Fault(Exception):
    """One member breaks the contract."""

    def __init__(self, code, tokens=()):
        super().__init__(code)
        self.code = code
        self.tokens = tokens


# --- JSON (RFC 8259) into ("object", pairs), ("array", items), ("string", text), ("number", literal), ("word", …)

SPACE = re.compile(r"[ \t\n\r]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"')
ESCAPE = re.compile(r"\\(?:u(....)|(.))")
SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unescape(raw):
    """The string that an escaped one means; ValueError when a surrogate stands alone."""
    text = ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else SHORT.get(m[2], m[2]), raw)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def parse(text):
    """The tree of a JSON text; ValueError when it is not one. No recursion: the input may nest a million deep."""
    at = SPACE.match(text).end()
    stack = []  # of [kind, items, pending member name]
    value = None
    expect = "value"  # or "first value", "name", "first name", "after"
    while True:
        if expect in ("name", "first name"):
            if expect == "first name" and text.startswith("}", at):
                at, value, expect = at + 1, ("object", stack.pop()[1]), "after"
            else:
                found = STRING.match(text, at)
                if not found:
                    raise ValueError("a member name was expected")
                stack[-1][2] = unescape(found[1])
                at = SPACE.match(text, found.end()).end()
                if not text.startswith(":", at):
                    raise ValueError("a colon was expected")
                at, expect = at + 1, "value"
        elif expect in ("value", "first value"):
            head = text[at : at + 1]
            if head == "]" and expect == "first value":
                at, value, expect = at + 1, ("array", stack.pop()[1]), "after"
            elif head == "[":
                stack.append(["array", [], None])
                at, expect = at + 1, "first value"
            elif head == "{":
                stack.append(["object", [], None])
                at, expect = at + 1, "first name"
            else:
                value, at = scalar(text, at)
                expect = "after"
        else:
            if not stack:
                if at != len(text):
                    raise ValueError("text after the value")
                return value
            kind, items, name = stack[-1]
            items.append((name, value) if kind == "object" else value)
            if text.startswith(",", at):
                at, expect = at + 1, "name" if kind == "object" else "value"
            elif text.startswith("}" if kind == "object" else "]", at):
                # The container is now itself the value that its parent receives, on the next turn.
                at, value = at + 1, (kind, stack.pop()[1])
            else:
                raise ValueError("a comma or a closing bracket was expected")
        at = SPACE.match(text, at).end()


def scalar(text, at):
    """The string, number or word at `at`, and where it ends."""
    found = STRING.match(text, at)
    if found:
        return ("string", unescape(found[1])), found.end()
    found = NUMBER.match(text, at)
    if found:
        return ("number", found[0]), found.end()
    for word in ("true", "false", "null"):
        if text.startswith(word, at):
            return ("word", word), at + len(word)
    raise ValueError("a value was expected")


# --- Canonical JSON (docs/contract.md, section 2)

WRITTEN = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def canonical(value):
    """The canonical text of a value that `first_problem` has passed, so at most 128 levels deep."""
    kind, content = value
    if kind == "object":
        pairs = sorted(content, key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(canonical_string(k) + ":" + canonical(v) for k, v in pairs) + "}"
    if kind == "array":
        return "[" + ",".join(canonical(item) for item in content) + "]"
    if kind == "string":
        return canonical_string(content)
    if kind == "number":
        return canonical_number(*decimal(content))
    return content


def canonical_string(text):
    return '"' + "".join(WRITTEN.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def decimal(literal):
    """(sign, digits, n) with the value sign 0.digits × 10^n, no zeros at either end of digits; ("", "", 0) for zero."""
    mantissa, _, written = literal.lower().partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    n = len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        return "", "", 0
    size = written.lstrip("+-").lstrip("0")
    # Beyond 18 digits no body is long enough to cancel the exponent; int() of a million digits would take seconds.
    exponent = int(size or "0") if len(size) <= 18 else 10**18
    return sign, digits, n + (-exponent if written.startswith("-") else exponent)


def canonical_number(sign, digits, n):
    k = len(digits)
    if k == 0:
        return "0"
    if k <= n <= 21:
        return sign + digits + "0" * (n - k)
    if 0 < n <= 21:
        return sign + digits[:n] + "." + digits[n:]
    if -6 < n <= 0:
        return sign + "0." + "0" * -n + digits
    point = "." + digits[1:] if k > 1 else ""
    return f"{sign}{digits[0]}{point}e{'+' if n > 0 else '-'}{abs(n - 1)}"


# --- Event time (docs/contract.md, section 3)


def event_time(text):
    """(seconds since 0001-01-01T00:00:00Z, fraction digits), or the leftmost Fault."""
    at = 0

    def two(limit):
        nonlocal at
        pair = text[at : at + 2]
        if not re.fullmatch("[0-9]{2}", pair) or int(pair) > limit:
            raise Fault("invalid_time")
        at += 2
        return int(pair)

    def skip(allowed):
        nonlocal at
        if at < len(text) and text[at] in allowed:
            at += 1
            return True
        return False

    def need(allowed):
        if not skip(allowed):
            raise Fault("invalid_time")

    if not re.match("[0-9]{4}", text):
        raise Fault("invalid_time")
    year, at = int(text[:4]), 4
    if year == 0:
        raise Fault("time_out_of_range")
    extended = skip("-")
    month = two(12)
    if extended:
        need("-")
    try:
        day = datetime.date(year, month, two(31)).toordinal() - 1
    except ValueError:
        raise Fault("invalid_time") from None
    need("Tt ")
    hour = two(23)
    if extended:
        need(":")
    minute, second, fraction = two(59), 0, ""
    if skip(":") if extended else re.match("[0-9]", text[at:]):
        second = two(60)
        if skip(".,"):
            fraction = re.match("[0-9]*", text[at:])[0]
            if not fraction:
                raise Fault("invalid_time")
            if len(fraction) > 9:
                raise Fault("time_too_precise")
            at += len(fraction)
    if at == len(text):
        raise Fault("missing_offset")
    offset = 0
    if not skip("Zz"):
        east = skip("+")
        if not east:
            need("-")
        offset = two(23) * 60
        if skip(":") or at < len(text):
            offset += two(59)
        offset = offset if east else -offset
    if at != len(text):
        raise Fault("invalid_time")

    instant = day * 86_400 + (hour * 60 + minute - offset) * 60 + min(second, 59)
    if second == 60:
        if instant % 86_400 != 86_399 or not leap_day(instant // 86_400):
            raise Fault("invalid_time")
        instant += 1
    if not 0 <= instant // 86_400 < datetime.date.max.toordinal():
        raise Fault("time_out_of_range")
    return instant, fraction.rstrip("0")


def leap_day(day):
    """Is this day (0 is 0001-01-01) a 30 June or a 31 December? The calendar repeats every 400 years: 146,097 days."""
    date = datetime.date.fromordinal(day % 146_097 + 1)
    return (date.month, date.day) in ((6, 30), (12, 31))


def written_time(instant, fraction):
    date = datetime.date.fromordinal(instant // 86_400 + 1)
    hour, minute, second = instant // 3_600 % 24, instant // 60 % 60, instant % 60
    point = "." + fraction if fraction else ""
    return f"{date.isoformat()}T{hour:02}:{minute:02}:{second:02}{point}Z"


def lag_ms(event, ingest=INGEST_TIME):
    """docs/contract.md, section 5, in whole nanoseconds; Python's // is the floor."""

    def nanoseconds(seconds, fraction):
        return seconds * 10**9 + int(fraction.ljust(9, "0"))

    return (nanoseconds(*event_time(ingest)) - nanoseconds(*event)) // 10**6


# --- The members (docs/contract.md, sections 1 and 6)


def written_in_key(text):
    if text == "__HIVE_DEFAULT_PARTITION__":
        return "%5F_HIVE_DEFAULT_PARTITION__"
    return re.sub(r"[\x00-\x7f]", lambda m: m[0] if re.match(r"[A-Za-z0-9_.-]", m[0]) else f"%{ord(m[0]):02X}", text)


def forbidden(c):
    code = ord(c)
    control = code <= 0x1F or 0x7F <= code <= 0x9F
    return control or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def check_text(name, text):
    if text == "":
        raise Fault("empty")
    if any(forbidden(c) for c in text):
        raise Fault("forbidden_character")
    length = len((text if name == "entity_id" else written_in_key(text)).encode())
    if length > (MAX_ENTITY_ID if name == "entity_id" else MAX_NAME_IN_KEY):
        raise Fault("too_long")


def check_payload(value, tokens=(), level=1):
    """Raises the first problem in document order."""
    kind, content = value
    if kind == "number":
        sign, digits, n = decimal(content)
        if digits and abs(n - 1) > MAX_EXPONENT:
            raise Fault("number_out_of_range", tokens)
    if kind not in ("array", "object"):
        return
    if level > MAX_DEPTH:
        raise Fault("too_deep", tokens)
    seen = set()
    for index, item in enumerate(content):
        token, inner = item if kind == "object" else (str(index), item)
        if token in seen:
            raise Fault("duplicate_key", (*tokens, token))
        seen.add(token)
        check_payload(inner, (*tokens, token), level + 1)


def pointer(*tokens):
    parts = ["/" + token.replace("~", "~0").replace("/", "~1") for token in tokens]
    while len("".join(parts).encode()) > MAX_POINTER:
        parts.pop()
    return "".join(parts)


# --- The event


def evaluate(body):
    """What an accepted vector states about this body. Raises Rejected."""
    if len(body) > MAX_BODY:
        raise Rejected([("too_large", "")])
    try:
        kind, pairs = parse(body.decode())
    except ValueError:  # of which a decoding error is one
        raise Rejected([("invalid_json", "")]) from None
    if kind != "object":
        raise Rejected([("not_an_object", "")])

    found = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    checked, problems = [], []
    for name in MEMBERS:
        try:
            checked.append(check_member(name, found.get(name, [])))
        except Fault as fault:
            problems.append((fault.code, pointer(name, *fault.tokens)))
    problems += [("unknown_field", pointer(name)) for name in found if name not in MEMBERS]
    if problems:
        raise Rejected(problems[:MAX_PROBLEMS])

    source, event_type, entity_id, time, payload = checked
    when = written_time(*time)
    payload_text = canonical(payload)
    payload_hash = sha256(payload_text)
    hashed = {
        "source": source,
        "event_type": event_type,
        "entity_id": entity_id,
        "event_time": when,
        "payload_hash": payload_hash,
    }
    hashed_text = canonical(("object", [(name, ("string", text)) for name, text in hashed.items()]))
    event_id = sha256(hashed_text)
    key = (
        f"raw/source={written_in_key(source)}/event_type={written_in_key(event_type)}/event_date={when[:10]}"
        f"/ingest_date={INGEST_TIME[:10]}/hour={when[11:13]}/event_id={event_id}.json"
    )
    assert len(key.encode()) <= 635 and all(len(part.encode()) <= 255 for part in key.split("/"))
    return {
        "event_id": event_id,
        "payload_hash": payload_hash,
        "event_time": when,
        "canonical_payload": payload_text,
        "ingest_lag_ms": lag_ms(time),
        "s3_key": key,
    }


def check_member(name, found):
    """What the rest of the work needs of the one value of a member, or its Fault."""
    if not found:
        raise Fault("missing_field")
    if len(found) > 1:
        raise Fault("duplicate_key")
    if name == "payload":
        check_payload(found[0])
        return found[0]
    kind, text = found[0]
    if kind != "string":
        raise Fault("wrong_type")
    if name == "event_time":
        return event_time(text)
    check_text(name, text)
    return text


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


# --- The files

FIELDS = ("name", "comment", "group", "body", "body_hex", "body_parts", "result")
LONG = 4_096


def body_of(case):
    """The bytes of the one member of `case` that states them."""
    (form,) = (key for key in ("body", "body_hex", "body_parts") if key in case)
    if form == "body_hex":
        return bytes.fromhex(case[form])
    parts = [case[form]] if form == "body" else case[form]
    return "".join(p if isinstance(p, str) else p["repeat"] * p["times"] for p in parts).encode()


def expected(body):
    """Everything that a line states after its body."""
    try:
        values = evaluate(body)
    except Rejected as rejected:
        return {"result": "reject", "errors": [{"code": code, "path": path} for code, path in rejected.problems]}
    stated = {"result": "accept"}
    for key, value in values.items():
        if key == "canonical_payload" and len(value) > LONG:
            continue  # payload_hash stands for it
        stated[key] = value
        if isinstance(value, str) and not re.fullmatch("[ -~]*", value):
            stated[key + "_hex"] = value.encode().hex()
    return stated


def cases_of(path):
    # Not splitlines(): it also breaks at U+2028 and the like, which JSON strings may hold as they are.
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def complaints(path, names):
    """Everything wrong with one file. `names` collects the names seen so far."""
    for number, case in enumerate(cases_of(path), 1):
        where = f"{path.name}:{number}: {case.get('name')}"
        if case["name"] in names:
            yield f"{where}: the name is taken"
        names.add(case["name"])
        if case.get("group") != path.stem or not case["name"].startswith(path.stem + "/"):
            yield f"{where}: group and file name differ"
        if not case.get("comment"):
            yield f"{where}: no comment"
        stated = {key: value for key, value in case.items() if key not in FIELDS or key == "result"}
        for error in stated.get("errors", []):
            error.pop("message", None)  # free, and not in the vectors; `random-events` prints the core's
        computed = expected(body_of(case))
        for key in {**stated, **computed}:
            if stated.get(key) != computed.get(key):
                yield f"{where}: {key} is {stated.get(key)!r}, computed {computed.get(key)!r}"


def fill(path):
    """Adds the expected values to the lines without. One that states a result must get that result."""
    lines = []
    for case in cases_of(path):
        computed = expected(body_of(case))
        for key in case.keys() & computed.keys():
            if case[key] != computed[key]:
                sys.exit(f"{case['name']}: {key} is {case[key]!r}, computed {computed[key]!r}")
        given = {key: case[key] for key in FIELDS if key in case}
        lines.append(json.dumps(given | computed) + "\n")
    path.write_text("".join(lines), "ascii")


def main(arguments):
    mode, *files = arguments or ["--help"]
    paths = [pathlib.Path(f) for f in files] or sorted(pathlib.Path(__file__).parent.glob("*.jsonl"))
    if mode == "--check":
        names, wrong = set(), []
        for path in paths:
            wrong += complaints(path, names)
        print(*wrong, f"{len(names)} vectors in {len(paths)} files, {len(wrong)} complaints", sep="\n")
        return 1 if wrong or not names else 0
    if mode == "--fill":
        for path in paths:
            fill(path)
        return 0
    if mode == "--explain" and len(files) == 1:
        body = sys.stdin.buffer.read() if files == ["-"] else paths[0].read_bytes()
        print(json.dumps(expected(body), indent=1))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
