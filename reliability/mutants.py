"""Small faults that can be put into a module, made by mutmut's operators."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.mutators import mutation_operators

if TYPE_CHECKING:
    from collections.abc import Iterator

# What states types or loads names computes nothing.
_NOT_COMPUTING = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
_STATEMENTS = (cst.SimpleStatementLine, cst.If, cst.For, cst.While, cst.With, cst.FunctionDef)


@dataclass(frozen=True)
class Mutant:
    """One changed place: where it is, what stood there and what stands there now."""

    function: str
    lines: range
    """Lines of the statement it is in."""
    before: str
    after: str
    nth: int
    """Which of the like changes in one function it is."""
    in_function: bool
    """Whether it is in a function, which can be changed after its module was imported."""
    shared: bool
    """Whether what the function computes is kept for later calls, so that any test may use it."""
    node: cst.CSTNode
    changed: cst.CSTNode

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What it is, wherever in the module it stands."""
        return self.function, self.before, self.after, self.nth

    def rank(self, seed: int) -> str:
        """Its place in the order in which mutants are drawn; the same when others come or go."""
        return hashlib.sha256(repr((seed, *self.key)).encode()).hexdigest()


def find_mutants(source: str) -> tuple[cst.Module, list[Mutant]]:
    """Every mutant of a module's source that is another program.

    Left out are the wording of messages (texts with a blank), docstrings, type annotations,
    decorators, imports, and the guard ``strict=True`` of `zip`, which tells only of our own faults.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder(wrapper.module)
    wrapper.visit(finder)
    return wrapper.module, finder.found


def source_with(module: cst.Module, mutant: Mutant) -> str:
    """The module's source with one change."""
    changed = module.deep_replace(mutant.node, mutant.changed)
    return cast("cst.Module", changed).code


class _Finder(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (ParentNodeProvider, PositionProvider)

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.module = module
        self.found: list[Mutant] = []
        self._names: list[str] = []
        self._functions = 0
        self._shared = 0
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _NOT_COMPUTING) or self._is_no_code(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
            self._functions += isinstance(node, cst.FunctionDef)
            self._shared += _keeps_results(node)
        for changed in _changes(node):
            self._keep(node, changed)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
            self._functions -= isinstance(original_node, cst.FunctionDef)
            self._shared -= _keeps_results(original_node)

    def _is_no_code(self, node: cst.CSTNode) -> bool:
        """Docstrings, the imports of type checkers, and names for types."""
        if isinstance(node, cst.Expr):
            return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
        if isinstance(node, cst.If):
            return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
        if isinstance(node, cst.Assign) and isinstance(node.value, cst.Subscript):
            return isinstance(node.value.value, cst.Name) and node.value.value.value == "Literal"
        return False

    def _keep(self, node: cst.CSTNode, changed: cst.CSTNode) -> None:
        before, after = self._text(node), self._text(changed)
        parent = self.get_metadata(ParentNodeProvider, node, None)
        if _is_wording(node, parent) or _is_guard(parent) or _plain(before) == _plain(after):
            return
        function = ".".join(self._names) or "module"
        like = (function, before, after)
        mutant = Mutant(
            function=function,
            lines=self._lines(node),
            before=before,
            after=after,
            nth=self._seen[like],
            in_function=self._functions > 0,
            shared=self._shared > 0,
            node=node,
            changed=changed,
        )
        self._seen[like] += 1
        self.found.append(mutant)

    def _text(self, node: cst.CSTNode) -> str:
        return re.sub(r"\s+", " ", self.module.code_for_node(node)).strip()

    def _lines(self, node: cst.CSTNode) -> range:
        """Lines of the statement that holds a node; of a block, those of the node alone."""
        own = self.get_metadata(PositionProvider, node)
        holder: cst.CSTNode | None = node
        while holder is not None and not isinstance(holder, _STATEMENTS):
            holder = self.get_metadata(ParentNodeProvider, holder, None)
        if isinstance(holder, cst.SimpleStatementLine):
            own = self.get_metadata(PositionProvider, holder)
        return range(own.start.line, own.end.line + 1)


def _changes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from operator(node)


def _keeps_results(node: cst.FunctionDef | cst.ClassDef) -> bool:
    return any("cache" in cst.Module([]).code_for_node(d.decorator) for d in node.decorators)


def _is_wording(node: cst.CSTNode, parent: cst.CSTNode | None) -> bool:
    """Whether text is a sentence, or a piece of one."""
    if not isinstance(node, cst.SimpleString):
        return False
    return " " in str(node.evaluated_value) or isinstance(parent, cst.ConcatenatedString)


def _is_guard(parent: cst.CSTNode | None) -> bool:
    keyword = parent.keyword if isinstance(parent, cst.Arg) else None
    return keyword is not None and keyword.value == "strict"


def _plain(code: str) -> str:
    """Code without what changes nothing, to tell whether two pieces are one program."""
    code = re.sub(r",?\s*strict\s*=\s*(True|False|None)", "", code)
    try:
        return ast.dump(ast.parse(code, mode="eval"))
    except SyntaxError:
        return re.sub(r"[\s,]+", "", code)
