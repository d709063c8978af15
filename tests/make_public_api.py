"""The public API as text: one line a name, with its parameters and types.

Run it after a change that is meant, and commit what it writes beside the change::

    python tests/make_public_api.py
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "public_api.txt"
PACKAGE = "hokkaido_gis"


def public_names() -> dict[str, str]:
    """Where each public name is defined, by name, as the stub of the package says."""
    stub = ast.parse((ROOT / PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: ".".join(filter(None, [PACKAGE, node.module, alias.name]))
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def describe_api() -> str:
    """Every public name, a line each; members of classes are indented below them."""
    package = griffe.load(PACKAGE, search_paths=[ROOT], resolve_aliases=True)
    lines: list[str] = []
    for name, path in sorted(public_names().items()):
        item = package[path.removeprefix(f"{PACKAGE}.")]
        item = item.final_target if item.is_alias else item
        # A module hides from griffe what its package takes out of it by the same name.
        hidden = item.is_module and name in item.members
        lines += describe(name, item[name] if hidden else item)
    return "\n".join(lines) + "\n"


def describe(name: str, item: griffe.Object) -> Iterator[str]:
    """Lines of one name."""
    if item.is_module or item.is_class:
        kind = "module" if item.is_module else "class"
        yield f"{kind} {name}" + (signature(item) + bases(item) if item.is_class else "")
        told = {parameter.name for parameter in item.parameters} if item.is_class else set()
        for inner, member in sorted(item.members.items()):
            if not (inner.startswith("_") or inner in told or member.is_alias):
                yield from (f"    {line}" for line in describe(inner, member))
    elif item.is_function:
        marks = "".join(f"@{text(mark.value)} " for mark in item.decorators)
        for overload in item.overloads or [item]:
            yield f"{marks}{name}{signature(overload)}"
    else:
        annotation = f": {text(item.annotation)}" if item.annotation else ""
        yield f"{name}{annotation}{value(item)}"


def bases(item: griffe.Class) -> str:
    names = [text(base) for base in item.bases]
    return f" of {', '.join(names)}" if names else ""


def signature(item: griffe.Class | griffe.Function) -> str:
    """Parameters with types and defaults, and what is returned."""
    shown: list[str] = []
    kinds = griffe.ParameterKind
    before = None
    for parameter in item.parameters:
        if parameter.name in {"self", "cls"}:
            continue
        if parameter.kind is kinds.keyword_only and before not in {
            kinds.keyword_only,
            kinds.var_positional,
        }:
            shown.append("*")
        if before is kinds.positional_only and parameter.kind is not kinds.positional_only:
            shown.append("/")
        stars = {kinds.var_positional: "*", kinds.var_keyword: "**"}.get(parameter.kind, "")
        annotation = f": {text(parameter.annotation)}" if parameter.annotation else ""
        # The empty tuple and mapping that griffe gives `*args` and `**kwargs` are no defaults.
        default = f" = {text(parameter.default)}" if parameter.default and not stars else ""
        shown.append(f"{stars}{parameter.name}{annotation}{default}")
        before = parameter.kind
    if before is kinds.positional_only:
        shown.append("/")
    returns = f" -> {text(item.returns)}" if item.is_function and item.returns else ""
    return f"({', '.join(shown)}){returns}"


def value(item: griffe.Attribute) -> str:
    """A plain value; of a long one or a call, the name alone is promised."""
    shown = text(item.value)
    is_plain = len(shown) <= 40 and re.fullmatch(r"'.*'|-?[\d._]+|[A-Z]\w*", shown)
    return f" = {shown}" if is_plain and item.name != "__version__" else ""


def text(expression: object) -> str:
    """An expression on one line, with one kind of quotes."""
    return re.sub(r"\s+", " ", str(expression or "")).replace('"', "'")


def main() -> None:
    """Write the record."""
    RECORD.write_text(describe_api(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
