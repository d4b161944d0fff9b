"""The examples of the README say what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def shown(example: str) -> list[str]:
    """What an example says: its comments, but for those behind an empty line, which tell what comes."""
    lines: list[str] = []
    before = ""
    for line in example.splitlines():
        comment = re.fullmatch(r" *# (.*)", line)
        if comment is not None and before.strip():
            lines.append(comment[1])
        before = line
    return lines


def test_every_example_says_what_it_shows(server: str) -> None:
    assert len(EXAMPLES) == 4
    for example in EXAMPLES:
        expected = shown(example)
        assert expected, example
        program = example.replace("http://127.0.0.1:8080", server)
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        assert (ran.stdout.splitlines(), ran.stderr) == (expected, ""), example
