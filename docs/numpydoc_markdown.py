"""The few marks of reStructuredText in numpydoc, turned into Markdown for the reference."""

from __future__ import annotations

import re
from typing import Any

import griffe

_BLOCK = re.compile(r"^\.\. math:: *(.*(?:\n +\S.*)*)", re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]+)`")
_REFERENCE = re.compile(r"^\.\. \[(\d+)\] ", re.MULTILINE)
_CITATION = re.compile(r" ?(\[\d+\])_")


def to_markdown(text: str) -> str:
    """Rewrite formulas and references of a docstring.

    Parameters
    ----------
    text
        Docstring without its indentation.

    Returns
    -------
    str
        With formulas between dollar signs, and references as a numbered list.
    """
    text = _BLOCK.sub(lambda found: f"$$ {' '.join(found[1].split())} $$", text)
    text = _INLINE.sub(r"$\1$", text)
    text = _REFERENCE.sub(r"\1. ", text)
    return _CITATION.sub(r" \1", text)


class NumpydocMarkdown(griffe.Extension):
    """Rewrites every docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)
