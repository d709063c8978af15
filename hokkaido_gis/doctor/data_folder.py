"""Whether a folder of data holds what the report can use, and in a form that is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.doctor.between_layers import check_between
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.layers import check_layer
from hokkaido_gis.doctor.unclaimed import check_unclaimed
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.layer_files import LAYERS
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang


def check_data_folder(folder: str | Path, *, lang: Lang = "ja") -> list[Finding]:
    """Look at every layer of a folder as the report would, and at what no layer claims.

    Each file is read by the reader that the report uses; what the reader refuses has to be mended,
    and what it tells is a note. Files are only read.

    Parameters
    ----------
    folder
        Folder of layers, as for ``hokkaido-gis report --data``.
    lang
        Language of the findings. What readers say is English, with its gist in Japanese before it.

    Returns
    -------
    list of Finding
        At least one for each of `LAYERS`, then how layers fit together, then files of no layer.

    Examples
    --------
    >>> from hokkaido_gis.datasets import sample_data
    >>> findings = check_data_folder(sample_data(), lang="en")
    >>> print(findings[0].level, findings[0].subject)
    ok municipal boundaries: municipalities.geojson
    """
    path = Path(folder)
    subject = say(lang, "データフォルダ", "folder of data")
    if not path.is_dir():
        return [_no_folder(path, subject, lang)]
    inputs = Inputs(path)
    findings, layers = [*_in_the_cloud(path, subject, lang)], {}
    for layer in LAYERS:
        told, read = check_layer(inputs, layer, lang)
        findings += told
        if read is not None:
            layers[layer] = read
    return [*findings, *check_between(layers, lang), *check_unclaimed(path, lang)]


def _no_folder(path: Path, subject: str, lang: Lang) -> Finding:
    found = (
        say(lang, f"{path} はファイルです", f"{path} is a file")
        if path.exists()
        else say(lang, f"{path} がありません", f"there is no {path}")
    )
    advice = say(
        lang,
        '層のファイルを入れたフォルダを --data で指定してください。空白を含むパスは " " '
        "で囲みます。",
        'Name a folder of layers with --data. A path with blanks stands in " ".',
    )
    return Finding("mend", subject, found, advice)


def _in_the_cloud(path: Path, subject: str, lang: Lang) -> list[Finding]:
    """A note where the folder is kept in step with OneDrive."""
    roots = [os.environ.get(name) for name in ("OneDrive", "OneDriveCommercial")]
    inside = any(root and path.resolve().is_relative_to(Path(root).resolve()) for root in roots)
    if not inside and not any(part.startswith("OneDrive") for part in path.resolve().parts):
        return []
    found = say(lang, f"{path} は OneDrive の中です", f"{path} is in OneDrive")
    advice = say(
        lang,
        "「このデバイス上で常に保持する」にするか、C:\\hokkaido などへ移してください。"
        "クラウドにだけあるファイルは読み込みに失敗することがあります。",
        "Choose 'Always keep on this device', or move it: files kept only in the cloud may fail to "
        "be read.",
    )
    return [Finding("note", subject, found, advice)]
