"""What a run was made of: version, options, and every input with its hash and its origin."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from hokkaido_gis._version import __version__
from hokkaido_gis.io.output import replace_when_complete

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hokkaido_gis.report.inputs import Inputs


def write_manifest(inputs: Inputs, options: Mapping[str, Any], path: Path) -> Path:
    """Write the manifest of a run; it holds no clock, so equal runs give equal bytes.

    Parameters
    ----------
    inputs
        Layers and tables of the run, after it has read them.
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
        "inputs": [
            {
                "layer": layer,
                "file": file.name,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "kind": origin.kind,
                "synthetic": origin.kind in ("synthetic", "mixed"),
                "credit": origin.credit,
            }
            for layer, file, origin in inputs.used()
        ],
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    with replace_when_complete(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path
