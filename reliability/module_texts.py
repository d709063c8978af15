"""Modules of the package as they were measured: a figure of one holds for its text alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(__file__).resolve().parents[1] / "hokkaido_gis"


def path_of(module: str) -> Path:
    """File of a module of the package."""
    return PACKAGE / (module.replace(".", "/") + ".py")


def fingerprint(text: str) -> str:
    """Hash of a module's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def changed_since(measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Modules that were measured with another text than they have now, or it is not known which."""
    return [
        name
        for name, kept in measured.items()
        if not path_of(name).is_file()
        or kept.get("sha256") != fingerprint(path_of(name).read_text("utf-8"))
    ]
