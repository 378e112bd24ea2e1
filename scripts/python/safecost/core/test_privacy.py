"""Nothing private leaves: what a document may not hold, and that scrubbed text may always be written."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import ROOT
from safecost.core.privacy import scrub, secrets_here
from safecost.core.text import CONTROL
from safecost.document.io import write
from safecost.document.types import Document
from safecost.testing.refusals import HOST, with_text

pytestmark = pytest.mark.usefixtures("named_host")

PROJECT = ROOT


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /home/someone/x.cc", "a home folder"),
        ("-I/Users/someone/include", "a home folder"),
        (r"C:\Users\someone\x.cc", "a home folder"),
        ("-I/root/include", "a home folder"),
        ("HOME=/root", "a home folder"),
        (f"built on {HOST}.", "the host's name"),
        (f"in {PROJECT}/bench/x.cc", "this project's folder"),
    ],
)
def test_nothing_private_is_written(sample_document: Document, tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "run.json"
    with pytest.raises(ToolError, match=rf"cases\[0\]\.question holds {what}, which must not leave") as caught:
        write(with_text(sample_document, text), path)
    assert not isinstance(caught.value, UsageError)
    assert text not in str(caught.value)
    assert not list(tmp_path.iterdir())
    write(with_text(sample_document, scrub(text, [])), path)


BESIDE = f"{PROJECT}-2/x"  # private all the same where the project lies in a home folder


@pytest.mark.parametrize(
    "text",
    [
        f"pre{HOST}",
        f"{HOST}-2",
        "sysroot/rootfs",
        "the /home page",
        *([] if Path(PROJECT).is_relative_to(Path.home()) else [BESIDE]),
    ],
)
def test_what_only_resembles_something_private_is_written(sample_document: Document, tmp_path: Path, text: str) -> None:
    write(with_text(sample_document, text), tmp_path / "run.json")
    assert scrub(text, []) == text


@pytest.mark.parametrize("host", ["cpu", "localhost", "indexing"])
def test_hosts_named_like_common_words_hinder_nothing(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    write(with_text(sample_document, "The cpu of localhost."), tmp_path / "run.json")


def test_a_home_elsewhere_is_private(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/srv/people/someone"))
    with pytest.raises(ToolError, match="a home folder"):
        write(with_text(sample_document, "/srv/people/someone/x"), tmp_path / "run.json")


def test_a_project_right_below_the_root_hinders_no_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecost.core.privacy.ROOT", Path("/src"))
    assert scrub("../src/a.h bench/src/b -I/src/kernel /src/c.cc:1", []) == "../src/a.h bench/src/b -I./kernel ./c.cc:1"


def test_scrub_makes_compiler_output_fit() -> None:
    output = (
        "\x1b[01m\x1b[K/build/tree/sum.cc:3:\x1b[m\r\n"
        "\x1b]8;;file://measuring-box/build/tree/sum.cc\x1b\\link\x1b]8;;\x07\x1b(B in /build/lib/x.h\t\x00\u202e!\n"
        "from /home/someone/y.h"
    )
    replacements = [("/build", "<build>"), ("/build/tree", "bench"), ("", "nothing")]
    assert scrub(output, replacements) == "bench/sum.cc:3:\nlink in <build>/lib/x.h\t!\nfrom ~/y.h"


def test_scrub_bounds_the_length() -> None:
    assert scrub("x" * 100, [], limit=100) == "x" * 100
    text = scrub("x" * 101, [], limit=100)
    assert len(text) == 100
    assert text.endswith("\n(1 or more characters left out)")


PATHS = [
    "/home/",
    "/ho",
    "me/",
    "/root",
    "/",
    "/Users/",
    "C:\\Users\\",
    "\\",
    "~",
    ".",
    str(PROJECT),
    HOST,
    "x",
    "-",
    " ",
]
ESCAPES = ["\n", "\r", "\x1b", "[", "]8;;", "m", "\x07", "\x9b", "\u202e", "\ud800"]
PIECES = st.sampled_from(PATHS + ESCAPES)


@given(st.lists(PIECES, max_size=30).map("".join), st.integers(40, 120))
def test_whatever_scrub_returns_can_be_written(text: str, limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: HOST)
        clean = scrub(text, [("x", "/home/x")], limit)
        assert len(clean) <= limit
        assert not CONTROL.search(clean)
        assert not any(secret.expression.search(clean) for secret in secrets_here())
        assert scrub(clean, [], limit) == clean
