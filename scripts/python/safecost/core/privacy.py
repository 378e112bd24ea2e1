"""What must not leave this machine with a document, and how text is rid of it: private paths, and the host's name."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.core.paths import ROOT, Folders
from safecost.core.text import CONTROL

# Escape sequences of ECMA-48: commands to the operating system (links, titles), other strings, CSI, the short ones.
_ESCAPE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)

# Folders whose names are the system's, and the same on many machines; a compiler's below /opt is, too.
_SYSTEM = (
    r"(?:usr|lib(?:32|64|x32)?|s?bin|etc|proc|dev|sys|boot|nix/store|rustc"
    r"|opt/(?:gcc|llvm|clang|rust)[\w.+-]*|tmp/safecost-[\w-]+)(?![\w.+-])"
)
# Where an absolute path begins: behind a flag, or behind nothing that makes it part of something else.
_BEGIN = rf"(?=/)(?:(?<![\w.~/+)\]}}*…-])|(?<=-[ILB])|(?<=-isystem)|(?<=-iquote)|(?<=-include))(?!/{_SYSTEM})"
_STEP = r"/[^\s/\"'`<>:;,()\[\]{}|=*?$&#\\]+"
_FILE = r"/[\w+-]+\.(?:[ch]|cc|[ch]pp|cxx|hh|inc|rs|[ao]|so)(?![\w/])"


@dataclass(frozen=True, slots=True)
class Secret:
    """Something private: how it is found, what stands for it in scrubbed text, and what it is called."""

    expression: re.Pattern[str]
    instead: str
    what: str


def secrets_here() -> list[Secret]:
    """What is private on this machine, for this user."""
    home, project, host = Path.home(), ROOT, socket.gethostname()
    found = [
        Secret(_folder(project), ".", "this project's folder"),
        Secret(re.compile(rf"{_BEGIN}(?:{_STEP})+?(?={_FILE})"), "…", "a private path"),
        Secret(re.compile(rf"{_BEGIN}{_STEP}(?:{_STEP})+/?"), "…", "a private path"),
        Secret(re.compile(r"[A-Za-z]:\\Users\\[^\\\s]+"), "~", "a home folder"),
        Secret(re.compile(r"/root/|(?<![\w.~/])/root(?![\w-])"), "~/", "a home folder"),
    ]
    if home != Path(home.anchor):
        found.append(Secret(_folder(home), "~", "a home folder"))
    for name in {host, host.partition(".")[0]} - {"localhost"}:
        if len(name) > 3:
            found.append(Secret(re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])"), "***", "the host's name"))
    return found


def _folder(path: Path) -> re.Pattern[str]:
    # A folder right below the root, such as /src, is also the end of many relative paths, which are fine.
    before = r"(?:(?<![\w.~])|(?<=-[ILB]))" if len(path.parts) < 3 else ""
    return re.compile(before + re.escape(str(path)) + r"(?![\w-])")


def scrub(text: str, replacements: Sequence[tuple[str, str]], limit: int = 20_000) -> str:
    """Text of compilers and tools made fit for a document: nothing private, no escapes, at most `limit` characters.

    `replacements` are (absolute prefix, what to write instead); the longest prefix is replaced first. Of every other
    path that is not the system's the name of a source, an object or a library stays; the host's name goes too.
    """
    text = CONTROL.sub("", _ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))
    for prefix, instead in sorted(replacements, key=lambda pair: len(pair[0]), reverse=True):
        if prefix:
            # Not of another folder whose name begins like this one's.
            whole = r"(?![\w-])" if prefix.startswith("/") and not prefix.endswith("/") else ""
            text = re.sub(re.escape(prefix) + whole, CONTROL.sub("", instead).replace("\\", "\\\\"), text)
    if len(text) > limit:
        marker = f"\n({len(text) - limit} or more characters left out)"
        text = (text[: max(0, limit - len(marker))] + marker)[:limit]
    secrets, before = secrets_here(), None
    while before != text:  # taking one thing out can bring two others together; each turn shortens the text
        before = text
        for secret in secrets:
            text = secret.expression.sub(lambda _, instead=secret.instead: instead, text)  # type: ignore[misc]
    return text


def clean(folders: Folders, text: str, limit: int) -> str:
    """Text of others as the document takes it: without paths, escapes and excess."""
    replacements = [(str(folder), "bench") for folder in folders.cases]
    replacements += [(str(folders.build), "build"), (str(ROOT), ".")]
    return scrub(text, replacements, limit)
