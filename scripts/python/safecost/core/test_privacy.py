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
        ("see /home/someone/x.cc", "a private path"),
        ("-I/Users/someone/include", "a private path"),
        (r"C:\Users\someone\x.cc", "a home folder"),
        ("-I/root/include", "a private path"),
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


@pytest.mark.parametrize(
    "text",
    [
        f"pre{HOST}",
        f"{HOST}-2",
        "sysroot/rootfs",
        "the /home page",
        "/usr/lib/llvm-19/bin/../include/c++/v1/vector:12: and /lib/x86_64-linux-gnu/libc.so.6",
        "/opt/gcc-14/include/c++, ${ROOT}/src/kernel",
        "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/slice/mod.rs:1",
        "/tmp/safecost-XXXXXXXX/plugins/a.so",
        "a/b/c, 1/2/3, (a)/b/c, x[1]/y/z, */ int i; /* see https://example.org/a/b */ // and/or/not",
        'data + "/tokenize.txt"',
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
    monkeypatch.setattr(Path, "home", lambda: Path("/usr/people/someone"))
    with pytest.raises(ToolError, match="a home folder"):
        write(with_text(sample_document, "/usr/people/someone/x"), tmp_path / "run.json")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/builds/acme-secret/alice/sum.cc:3:4: error", "…/sum.cc:3:4: error"),
        ("/__w/acme/acme/x.h", "…/x.h"),
        ("/mnt/c/Users/alice", "…"),
        ("/var/lib/jenkins/workspace/acme/", "…"),
        ("-I/srv/acme -L/data/alice/lib -B/opt/acme/bin", "-I… -L… -B…"),
        ("-isystem/srv/acme/inc --sysroot=/srv/acme/root", "-isystem… --sysroot=…"),
        ("-ffile-prefix-map=/srv/alice=/srv/bob", "-ffile-prefix-map=…=…"),
        ("'/srv/acme/lib/libx.a'", "'…/libx.a'"),
        ("/home/alice/secret/x.tar", "…"),
        ("/usrlocal/alice, /tmp/alice/x, /opt/acme/gcc", "…, …, …"),
    ],
)
def test_a_path_that_is_not_the_systems_is_replaced(text: str, clean: str) -> None:
    assert scrub(text, []) == clean


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
    assert scrub(output, replacements) == "bench/sum.cc:3:\nlink in <build>/lib/x.h\t!\nfrom …/y.h"


def test_a_folder_whose_name_begins_like_the_projects_is_none_of_it() -> None:
    text = "/srv/suite-of-mine/secret/x.h /srv/suite/x.h /srv/suite_x/y.o -I/srv/suite"
    assert scrub(text, [("/srv/suite", "\\bench")]) == "…/x.h \\bench/x.h …/y.o -I\\bench"


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
    "/srv",
    "/usr",
    "/x.cc",
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
