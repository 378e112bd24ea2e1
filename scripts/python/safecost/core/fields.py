"""Makes a dataclass of what others have under the names of its fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

_T = TypeVar("_T")


def filled(kind: type[_T], *sources: object, **others: Any) -> _T:
    """A `kind` whose fields are `others`, and where these lack one, the attribute of the first source that has it."""
    names = [one.name for one in fields(kind) if one.init and one.name not in others]  # type: ignore[arg-type]
    has = {name: next((one for one in sources if hasattr(one, name)), None) for name in names}
    return kind(**{name: getattr(source, name) for name, source in has.items()}, **others)
