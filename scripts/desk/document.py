"""The run document: its types, and the only way to read, check and write one."""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from desk.errors import DeskError, UsageError

SCHEMA = "safecost-run"
SCHEMA_VERSION = 1
SCHEMA_FILE = Path(__file__).with_name("run.schema.json")
SIZE_LIMIT = 256 * 1024 * 1024  # bytes; far above any real run, and low enough to hold in memory
DEEPEST = 12  # levels; the schema needs seven

# Control characters except line feed and tab; line and paragraph separators; the marks that turn the direction of
# text, with which source code can be made to read as other than it is; halves of surrogate pairs.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# Escape sequences of ECMA-48: commands to the operating system (links, titles), other strings, CSI, the short ones.
_ESCAPE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)

_WANTED = {  # by keyword of JSON Schema
    "type": "must be of type {}",
    "enum": "must be one of {}",
    "const": "must be {}",
    "minimum": "must be at least {}",
    "exclusiveMinimum": "must be above {}",
    "maximum": "must be at most {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} entries",
    "maxItems": "must have at most {} entries",
    "maxProperties": "must have at most {} entries",
    "pattern": "must match {}",
}
# Entries whose values the schema holds to names and fixed words: a host called "safe" does not show in them.
_NAMES = frozenset(
    {"schema", "mode", "role", "language", "library", "kind", "status", "verdict", "family", "case", "variant"}
    | {"profile", "plain", "against", "name", "commit", "sha256", "started", "finished"}
)

Place = tuple[str | int, ...]
Role = Literal["raw", "safe", "null"]
Language = Literal["c++", "rust"]
PairKind = Literal["idiom", "profile", "language", "full", "null"]
Verdict = Literal["slower", "faster", "equivalent", "unresolved"]


@dataclass(frozen=True, slots=True)
class Suite:
    """The state of the suite that measured."""

    version: str
    commit: str | None
    modified: bool | None


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall time of each stage, in seconds."""

    build: float
    verify: float
    measure: float


@dataclass(frozen=True, slots=True)
class Runner:
    """The program that loaded and timed the plugins."""

    compiler: str
    benchmark_version: str
    benchmark_build: str
    abi_version: int


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for, and when; `complete` is false after an interruption."""

    mode: Literal["quick", "default", "full"]
    seed: int
    started: str
    finished: str | None
    complete: bool
    seconds: Seconds
    launches: int
    epoch_seconds: float
    contender_seconds: float
    margin: float
    filter: str | None
    runner: Runner


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache of the processor."""

    level: int
    kind: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured, and what makes noise there."""

    cpu: str
    architecture: str
    logical_cpus: int
    memory_bytes: int
    caches: tuple[Cache, ...]
    kernel: str
    distribution: str
    virtualization: str | None
    governor: str | None
    turbo: bool | None
    address_randomization: int | None
    hardware_counters: bool
    load_before: float
    load_after: float
    steal_share: float
    noise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Compiler, standard library and flags; `flags` are (flag, why) and `facts` what the compiler reports of itself."""

    name: str
    summary: str
    language: Language
    library: Literal["libstdc++", "libc++", "std"]
    plain: str
    against: str | None
    status: Literal["measured", "absent"]
    reason: str | None
    compiler: str | None
    flags: tuple[tuple[str, str], ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """One source file of a case."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A point at which a case is measured."""

    size: int
    rate: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to solve the task of a case."""

    name: str
    role: Role
    language: Language
    summary: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A bug that the raw variant commits."""

    name: str
    cwe: int
    kind: Literal["input", "tape", "kernel"]
    description: str
    contract: str


@dataclass(frozen=True, slots=True)
class Case:
    """One task with its variants."""

    family: str
    case: str
    question: str
    status: Literal["measured", "struck", "not_built", "not_measured"]
    reason: str | None
    system_bound: bool
    sources: tuple[Source, ...]
    parameters: tuple[Parameter, ...]
    variants: tuple[Variant, ...]
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """The reference used elsewhere in the document: `family/case`."""
        return f"{self.family}/{self.case}"


@dataclass(frozen=True, slots=True)
class Plugin:
    """The shared object built from one case in one profile."""

    case: str
    profile: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Gap:
    """An idiom that a toolchain cannot build."""

    case: str
    variant: str
    profile: str
    reason: str


@dataclass(frozen=True, slots=True)
class Launch:
    """One fresh process measuring one panel."""

    seed: int
    calls: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A variant in a profile; `nanoseconds` per call, one median per launch."""

    variant: str
    profile: str
    role: Role
    nanoseconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contenders (indices into the panel) and their ratio; above 1 the numerator is slower."""

    kind: PairKind
    numerator: int
    denominator: int
    ratios: tuple[float, ...]
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: Verdict
    reason: str | None
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Panel:
    """The contenders timed together, launch by launch."""

    case: str
    profile: str
    size: int
    rate: float | None
    label: str
    launches: tuple[Launch, ...]
    contenders: tuple[Contender, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong; `strikes` says that it struck its case."""

    kind: Literal[
        "build", "load", "abi", "layout", "exports", "folded", "pool", "digest", "growth", "crash", "hang", "timing"
    ]
    case: str | None
    variant: str | None
    profile: str | None
    size: int | None
    rate: float | None
    message: str
    strikes: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A whole run."""

    schema: str
    schema_version: int
    suite: Suite
    run: Run
    machine: Machine
    profiles: tuple[Profile, ...]
    cases: tuple[Case, ...]
    plugins: tuple[Plugin, ...]
    gaps: tuple[Gap, ...]
    panels: tuple[Panel, ...]
    problems: tuple[Problem, ...]


def contender_name(case: str, variant: str, size: int, rate: float | None, profile: str) -> str:
    """The name a contender has everywhere, for instance `indexing/sum/at/size:4096@gcc-o2`; `case` is `family/case`."""
    parameters = f"size:{size}" if rate is None else f"size:{size}/rate:{rate:g}"
    return f"{case}/{variant}/{parameters}@{profile}"


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def to_json(value: Any) -> Any:
    """Plain dictionaries, lists and scalars of a dataclass of this module."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    return value


def from_json(kind: Any, value: Any) -> Any:
    """The `kind` (a dataclass of this module or a field's type) that `value` describes; `value` must fit the schema."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{name: from_json(hint, value[name]) for name, hint in hints.items()})  # type: ignore[operator]
    if origin in (Union, UnionType):
        (present,) = (argument for argument in arguments if argument is not NoneType)
        return None if value is None else from_json(present, value)
    if origin is tuple:
        each = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(from_json(item_kind, item) for item_kind, item in zip(each, value, strict=True))
    if kind in (int, float):
        return kind(value)  # JSON writes 1.0 and 1 for the same number; Python should see one type
    return dict(value) if origin is Mapping or kind is Mapping else value


def read(path: Path) -> Document:
    """The document in the file `path`; raises UsageError naming the file and the first thing wrong with it."""
    name = _file_name(path)
    try:
        if not path.exists():
            raise UsageError(f"{name} does not exist: give the run.json of a run.")
        if not path.is_file():
            raise UsageError(f"{name} is not a file: give the run.json of a run.")
        _refuse_oversized(path.stat().st_size, name)
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name} cannot be read: {cause}.") from error
    return parse(data, str(path))


def parse(data: bytes, name: str) -> Document:
    """The document in `data`; raises UsageError beginning with `name` and saying the first thing wrong."""
    shown = _shown(name, quoted=False, limit=400)
    return _checked(_decoded(data, shown), shown)


def encode(document: Document) -> bytes:
    """The bytes of a document: the same for the same document, and one value in a line, so that runs can be diffed."""
    plain = to_json(from_json(Document, to_json(document)))
    return (json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def write(document: Document, path: Path) -> None:
    """Writes atomically: `path` holds the old document or the whole new one, also after a power cut.

    Raises DeskError, and writes nothing, if the document could not be read back or holds anything private.
    """
    try:
        _checked(to_json(document), "the document")
        data = encode(document)
        _refuse_oversized(len(data), "the document")
    except UsageError as error:
        raise DeskError(f"{_file_name(path)} was not written: {error}") from error
    _refuse_private(document, _file_name(path))
    try:
        _replace(path, data)
    except OSError as error:
        raise DeskError(f"{_file_name(path)} cannot be written: {error.strerror}.") from error


def _refuse_oversized(size: int, name: str) -> None:
    if size > SIZE_LIMIT:
        raise UsageError(f"{name} has {size} bytes, and a run document at most {SIZE_LIMIT}: this is something else.")


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name has to survive as well
    finally:
        os.close(folder)


def _decoded(data: bytes, name: str) -> Any:
    _refuse_oversized(len(data), name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}.") from error

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise UsageError(f"{name} has the key {_shown(twice)} twice in one object.")
        return result

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        if not text[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            raise UsageError(f"{name} is cut off {where}: the file is incomplete.") from error
        raise UsageError(f"{name} is not JSON: {error.msg} {where}.") from error
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply for a run document.") from error
    except ValueError as error:  # Python refuses integers of thousands of digits
        raise UsageError(f"{name} holds a number with too many digits.") from error


def _checked(plain: Any, name: str) -> Document:
    """The document that decoded JSON describes, after every check."""
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise UsageError(f"{name} is not a run document: its schema is not {SCHEMA}.")
    version = plain.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UsageError(
            f"{name} was written by a newer safecost (schema {_shown(version)}; this one reads {SCHEMA_VERSION}):"
            " update."
        )
    for place, leaf in _leaves(plain, ()):
        if len(place) > DEEPEST:
            raise UsageError(f"{name} is nested too deeply for a run document: see {_place(place[:4])}.")
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise UsageError(f"{name}: {_place(place)} is {leaf}, and must be a finite number.")
        if isinstance(leaf, str) and (found := _CONTROL.search(leaf)):
            raise UsageError(f"{name}: {_place(place)} holds the control character U+{ord(found[0]):04X}.")
    error = next(_validator().iter_errors(plain), None)
    if error is not None:
        raise UsageError(f"{name}: {_violation(error)}.")
    document: Document = from_json(Document, plain)
    complaint = next(_contradictions(document), None)
    if complaint is not None:
        raise UsageError(f"{name}: {complaint}.")
    return document


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Every scalar and where it is; what lies below DEEPEST is handed out whole."""
    if isinstance(value, (dict, list)) and len(place) <= DEEPEST:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*place, key))
    else:
        yield place, value


def _place(place: Iterable[str | int]) -> str:
    """A place as `panels[3].pairs[0].ratio`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_shown(step, quoted=False)}" for step in place)
    return "".join(steps).removeprefix(".") or "the document"


def _file_name(path: Path) -> str:
    return _shown(str(path), quoted=False, limit=400)


def _shown(value: Any, *, quoted: bool = True, limit: int = 80) -> str:
    """A value, shortened and safe to print whatever it holds."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} with {len(value)} entries"
    text = value[: limit + 1] if isinstance(value, str) else json.dumps(value, default=str)
    text = "".join(c if c.isprintable() and not _CONTROL.match(c) else ascii(c)[1:-1] for c in text)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return f'"{text}"' if quoted and isinstance(value, str) else text


@cache
def _validator() -> Any:
    """The validator of run.schema.json."""

    def pattern(_: Any, expression: str, instance: Any, __: Any) -> Iterator[ValidationError]:
        # JSON Schema means ECMAScript's $, the end of the text; Python's $ would let a trailing newline pass.
        if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", expression), instance):
            yield ValidationError(f"{instance!r} does not match {expression!r}")

    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return extend(Draft202012Validator, {"pattern": pattern})(schema)  # type: ignore[no-untyped-call]


def _violation(error: ValidationError) -> str:
    """A violation of the schema in words."""
    place, rule = _place(error.absolute_path), error.validator
    found: Any = error.instance
    value: Any = error.validator_value
    if rule == "required":
        return f"{place} lacks {_shown(next(key for key in value if key not in found))}"
    if rule == "additionalProperties":
        known: Any = error.schema
        return f"{place} has the unknown entry {_shown(next(key for key in found if key not in known['properties']))}"
    wanted = _WANTED.get(str(rule), f"breaks the rule {rule}, {{}}")
    bound = ", ".join(value) if isinstance(value, list) else value
    return f"{place} is {_shown(found)}, and {wanted.format(bound)}"


def _contradictions(document: Document) -> Iterator[str]:
    """What is wrong between the parts of a document that fits the schema, as sentences without a full stop."""
    profiles = {profile.name for profile in document.profiles}
    cases = {case.name: case for case in document.cases}
    yield from _repeated("profiles", [profile.name for profile in document.profiles])
    yield from _repeated("cases", [case.name for case in document.cases])
    for index, case in enumerate(document.cases):
        # The Rust twin of a case may give an idiom the name it has in C++; the profile tells them apart.
        yield from _repeated(f"cases[{index}].variants", [f"{v.name} ({v.language})" for v in case.variants])
        yield from _repeated(f"cases[{index}].sources", [source.name for source in case.sources])
        yield from _repeated(f"cases[{index}].faults", [fault.name for fault in case.faults])
    parts: dict[str, Sequence[Plugin | Gap | Problem]] = {
        "plugins": document.plugins,
        "gaps": document.gaps,
        "problems": document.problems,
    }
    for part, entries in parts.items():
        for index, entry in enumerate(entries):
            if entry.case is not None and entry.case not in cases:
                yield f"{part}[{index}] names the case {entry.case}, which the document does not have"
            if entry.profile is not None and entry.profile not in profiles:
                yield f"{part}[{index}] names the profile {entry.profile}, which the document does not have"
    for index, profile in enumerate(document.profiles):
        for key, other in (("plain", profile.plain), ("against", profile.against)):
            if other is not None and other not in profiles:
                yield f"profiles[{index}].{key} is {other}, a profile that the document does not have"
    for index, panel in enumerate(document.panels):
        for complaint in _panel_contradictions(panel, cases.get(panel.case), profiles):
            yield f"panels[{index}]{complaint}"


def _panel_contradictions(panel: Panel, case: Case | None, profiles: set[str]) -> Iterator[str]:
    """What is wrong within a panel, to be put behind the panel's place."""
    if case is None:
        yield f" names the case {panel.case}, which the document does not have"
        return
    if (panel.size, panel.rate) not in {(parameter.size, parameter.rate) for parameter in case.parameters}:
        yield f" is at size {panel.size}, rate {panel.rate}, which {panel.case} does not list among its parameters"
    variants = {variant.name for variant in case.variants}
    launches, contenders = len(panel.launches), len(panel.contenders)
    for profile in (panel.profile, *(contender.profile for contender in panel.contenders)):
        if profile not in profiles:
            yield f" names the profile {profile}, which the document does not have"
    for index, contender in enumerate(panel.contenders):
        if contender.variant not in variants:
            yield f".contenders[{index}] names the variant {contender.variant}, which {panel.case} does not have"
        if len(contender.nanoseconds) != launches:
            yield f".contenders[{index}] has {len(contender.nanoseconds)} times for {launches} launches"
    for index, pair in enumerate(panel.pairs):
        if max(pair.numerator, pair.denominator) >= contenders:
            wrong = max(pair.numerator, pair.denominator)
            yield f".pairs[{index}] names contender {wrong}, and the panel has {contenders}, counted from 0"
        elif pair.numerator == pair.denominator:
            yield f".pairs[{index}] compares contender {pair.numerator} with itself"
        if len(pair.ratios) != launches:
            yield f".pairs[{index}] has {len(pair.ratios)} ratios for {launches} launches"
        yield from (f".pairs[{index}] {complaint}" for complaint in _interval_contradictions(pair))


def _interval_contradictions(pair: Pair) -> Iterator[str]:
    if pair.low is None or pair.high is None or pair.level is None:
        if (pair.low, pair.high, pair.level) != (None, None, None):
            yield "has part of an interval: low, high and level belong together"
        if pair.verdict != "unresolved":
            yield f"is called {pair.verdict} without an interval"
    elif not pair.low <= pair.ratio * (1 + 1e-9) or not pair.ratio <= pair.high * (1 + 1e-9):
        yield f"has the ratio {pair.ratio} outside of its interval, {pair.low} to {pair.high}"


def _repeated(place: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"{place} has {name} twice" for name, count in Counter(names).items() if count > 1)


def scrub(text: str, replacements: Sequence[tuple[str, str]], limit: int = 20_000) -> str:
    """Text of compilers and tools made fit for a document: nothing private, no escapes, at most `limit` characters.

    `replacements` are (absolute prefix, what to write instead); the longest prefix is replaced first. Whatever of
    home folders, this project's folder and the host name is left over is replaced after them.
    """
    text = _CONTROL.sub("", _ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))
    for prefix, instead in sorted(replacements, key=lambda pair: len(pair[0]), reverse=True):
        if prefix:
            text = text.replace(prefix, _CONTROL.sub("", instead))
    if len(text) > limit:
        marker = f"\n({len(text) - limit} or more characters left out)"
        text = (text[: max(0, limit - len(marker))] + marker)[:limit]
    before = None
    while before != text:  # taking one thing out can bring two others together; each turn shortens the text
        before = text
        for expression, instead, _ in _private():
            text = expression.sub(lambda _, instead=instead: instead, text)  # type: ignore[misc]
    return text


def _private() -> list[tuple[re.Pattern[str], str, str]]:
    """What must not leave this machine: expression, what to write instead, and its name."""
    home, project, host = Path.home(), Path(__file__).resolve().parents[2], socket.gethostname()
    found = [
        (_folder(project), ".", "this project's folder"),
        (re.compile(r"/(?:home|Users)/[^/\s'\":<>]+|[A-Za-z]:\\Users\\[^\\\s]+"), "~", "a home folder"),
        (re.compile(r"/root/|(?<![\w.~/])/root(?![\w-])"), "~/", "a home folder"),
    ]
    if home != Path(home.anchor):
        found.append((_folder(home), "~", "a home folder"))
    for name in {host, host.partition(".")[0]} - {"localhost"}:
        if len(name) > 3:
            found.append((re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])"), "***", "the host's name"))
    return found


def _folder(path: Path) -> re.Pattern[str]:
    # A folder right below the root, such as /src, is also the end of many relative paths, which are fine.
    before = r"(?:(?<![\w.~])|(?<=-[ILB]))" if len(path.parts) < 3 else ""
    return re.compile(before + re.escape(str(path)) + r"(?![\w-])")


def _refuse_private(document: Document, name: str) -> None:
    """Raises DeskError naming the first place that holds something private."""
    private = _private()
    for place, leaf in _leaves(to_json(document), ()):
        if not isinstance(leaf, str) or place[-1] in _NAMES:
            continue
        for expression, _, what in private:
            if expression.search(leaf):
                raise DeskError(
                    f"{name} was not written: {_place(place)} holds {what}, which must not leave this machine:"
                    " pass the text through document.scrub."
                )
