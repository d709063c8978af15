"""Criteria of a siting study, written in TOML: indicators, tests, effects and knock-outs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hokkaido_gis.errors import CriteriaError, list_faults

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Operator = Literal[">=", ">", "<=", "<", "==", "!="]


class _Strict(BaseModel):
    """Settings that refuse keys they do not know, so that a misspelt one is not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Strict):
    """One comparison of an indicator with a threshold.

    Attributes
    ----------
    column
        Column of the table that holds the indicator.
    op
        How it is compared.
    threshold
        A number, or ``"mean"`` or ``"median"`` of the indicator over all units that have it.
    unit
        Unit of the indicator, for tables and balloons.
    """

    column: str
    op: Operator
    threshold: float | Literal["mean", "median"]
    unit: str = ""


class Criterion(_Strict):
    """One axis of the evaluation.

    Attributes
    ----------
    id
        Short name, which heads its column in the result.
    effect
        What it means when the tests hold.
    tests
        Comparisons of which all must hold, or any with ``need = "any"``.
    """

    id: str
    title: str = ""
    title_en: str = ""
    effect: Literal["positive", "negative"]
    tests: tuple[Comparison, ...] = Field(min_length=1)
    need: Literal["all", "any"] = "all"


class KnockOut(_Strict):
    """What rules a candidate out, however good its marks.

    Attributes
    ----------
    criterion
        Id of the criterion it belongs to, named as the reason.
    tests
        Comparisons of which all must hold; where none are given, the criterion's own mark counts.
    reach
        ``"own"``: only the unit itself is ruled out. ``"neighbours"``: those that touch it, too.
    within
        Column whose value a neighbour must share to be ruled out, such as the subprefecture.
    """

    criterion: str
    tests: tuple[Comparison, ...] = ()
    reach: Literal["own", "neighbours"] = "own"
    within: str | None = None


class Candidates(_Strict):
    """Which units are candidates, and how many of them are first and second ones."""

    positives: int | Literal["most"] = "most"
    first: int = 1
    second: int = 0


class Criteria(_Strict):
    """A whole siting study.

    Attributes
    ----------
    rank_by
        Column by which candidates are ranked.
    descending
        Whether the greatest value ranks first.
    """

    title: str = ""
    rank_by: str
    descending: bool = True
    candidates: Candidates = Candidates()
    criterion: tuple[Criterion, ...] = Field(min_length=1)
    knock_out: tuple[KnockOut, ...] = ()

    @model_validator(mode="after")
    def _ids_fit(self) -> Self:
        ids = [criterion.id for criterion in self.criterion]
        repeated = sorted({i for i in ids if ids.count(i) > 1})
        unknown = sorted({k.criterion for k in self.knock_out} - set(ids))
        faults = []
        if repeated:
            faults.append(f"criterion id {', '.join(repeated)} stands more than once")
        if unknown:
            faults.append(f"knock_out names criterion {', '.join(unknown)}, which is not there")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def columns(self) -> list[str]:
        """Columns that the study reads, without repeats."""
        tests = [test for criterion in self.criterion for test in criterion.tests]
        tests += [test for knock_out in self.knock_out for test in knock_out.tests]
        return list(dict.fromkeys([self.rank_by, *(test.column for test in tests)]))

    @property
    def asks_neighbours(self) -> bool:
        """Whether a knock-out reaches over to the units that touch."""
        return any(knock_out.reach == "neighbours" for knock_out in self.knock_out)


def parse_criteria(settings: dict[str, Any], *, what: str = "criteria") -> Criteria:
    """Check settings that have been read already.

    Raises
    ------
    CriteriaError
        Listing every fault with its place.
    """
    try:
        return Criteria.model_validate(settings)
    except ValidationError as error:
        faults = [_told(fault) for fault in error.errors() if not _follows_from_another(fault)]
        raise CriteriaError(f"{what}: " + list_faults(faults)) from error


def read_criteria(path: str | Path) -> Criteria:
    """Read criteria from a TOML file.

    Raises
    ------
    CriteriaError
        If the file is absent, no TOML, or its settings are wrong; all faults are listed.
    """
    try:
        settings = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise CriteriaError(f"{path}: there is no such file. Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CriteriaError(f"{path}: it is no TOML in UTF-8 ({error}).") from error
    return parse_criteria(settings, what=str(path))


def _told(fault: ErrorDetails) -> str:
    """Say where a fault is, what it is, and, where that is one value, what stands there."""
    place = ".".join(str(step) for step in fault["loc"]) or "the file"
    got = "" if isinstance(fault["input"], dict | list) else f" (got {fault['input']!r})"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}{got}."


def _follows_from_another(fault: ErrorDetails) -> bool:
    """Whether a list counts as too short only because its items are wrong, which is told there."""
    return fault["type"] == "too_short" and len(fault["input"]) > 0
