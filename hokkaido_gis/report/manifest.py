"""What a run was made of: version, options, and every input with its hash, terms and origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hokkaido_gis._version import __version__
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.report.layer_files import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hokkaido_gis.report.making import Making
    from hokkaido_gis.report.outcome import Outcome
    from hokkaido_gis.report.rerun import Fingerprints


def write_manifest(
    making: Making, outcomes: Iterable[Outcome], options: Mapping[str, Any], path: Path
) -> Path:
    """Write the manifest of a run; it holds no clock, so equal runs give equal bytes.

    Parameters
    ----------
    making
        The run.
    outcomes
        What became of each figure and table.
    options
        What was asked for.
    path
        Where to write.

    Returns
    -------
    pathlib.Path
        `path`.
    """
    manifest = {
        "version": __version__,
        "options": dict(options),
        "inputs": [_input(layer, file, making.prints) for layer, file in making.files()],
        "results": {outcome.entry.id: _result(outcome) for outcome in outcomes},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    with replace_when_complete(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def _how_much(outcome: Outcome) -> dict[str, object]:
    """Share of the report's figure, what of it is missing, or why there is nothing."""
    told: dict[str, object] = {"share": None if outcome.share is None else round(outcome.share, 4)}
    record = outcome.record
    if record is not None and record.gap is not None:
        gap = record.gap
        told["missing"] = {
            "ja": gap.what_ja,
            "en": gap.what_en,
            "shown": gap.shown,
            "of": gap.whole,
        }
    if record is not None and record.why_not is not None:
        told["why_not"] = {"ja": record.why_not[1], "en": record.why_not[0]}
    if outcome.lost:
        told["figures_lost"] = outcome.lost
    if outcome.is_older:
        told["older"] = True
    return told


def _input(layer: str, file: Path, prints: Fingerprints) -> dict[str, object]:
    origin = origin_of(file)
    return {
        "layer": layer,
        "file": file.name,
        "sha256": prints.file(file),
        "kind": origin.kind,
        "synthetic": origin.is_synthetic,
        "terms": origin.terms,
        "credit": origin.credit,
    }


def _result(outcome: Outcome) -> dict[str, object]:
    record = outcome.record
    return {
        "state": outcome.state,
        **_how_much(outcome),
        "synthetic": outcome.is_synthetic,
        "origins": sorted(outcome.kinds),
        "inputs": sorted({file.split("/")[-1] for _, file in record.files}) if record else [],
        "files": dict(record.outputs) if record else {},
    }
