"""Names of files that come from data: whether they stay where they belong, on any system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from hokkaido_gis.errors import OutputError

# Windows opens a device by these, whatever ending follows.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_NOT_ON_WINDOWS = frozenset('<>:"/\\|?*')
# Windows drops these at the end of a name, so that ".. " is the folder above.
_DROPPED = ". "
_MOST_BYTES = 255


def is_file_name(name: str) -> bool:
    """Whether a text may name a file on Windows, macOS and Linux alike.

    Parameters
    ----------
    name
        Name with its ending, without a folder.

    Returns
    -------
    bool
        False for names that lead to another folder, that Windows keeps for devices or cuts
        (``CON``, a dot or a blank at the end), that hold a character it does not take, or that are
        longer than 255 bytes.

    Examples
    --------
    >>> [is_file_name(name) for name in ("札幌市.png", "../札幌市.png", "nul.png", "札幌市. ")]
    [True, False, False, False]
    """
    return (
        _is_plain(name)
        and not _NOT_ON_WINDOWS & set(name)
        and len(name.encode("utf-8")) <= _MOST_BYTES
    )


def require_file_name(name: str) -> None:
    """Refuse a text that `is_file_name` says may name no file.

    Raises
    ------
    OutputError
        If it is none.
    """
    if not is_file_name(name):
        raise OutputError(
            f"{name!r} cannot name a file on every system. Leave out / \\ : * ? < > | and quotes, "
            "dots and blanks at its end, and names such as con and nul; 255 bytes are the most."
        )


def inner_path(name: str) -> PurePosixPath:
    """Path within a folder or an archive; Windows and some publishers part it by backslashes."""
    return PurePosixPath(name.replace("\\", "/"))


def stays_inside(path: PurePosixPath | str) -> bool:
    r"""Whether a path leads to a file within the folder it starts from, on any system.

    Characters that Windows refuses in a name may stand in it, since they lead nowhere else; those
    of an archive come about where its names are in Shift_JIS.

    Examples
    --------
    >>> [stays_inside(path) for path in ("layers/a.shp", "../a.shp", r"..\a.shp", "C:a.shp")]
    [True, False, False, False]
    """
    plain = inner_path(str(path))
    return not plain.is_absolute() and bool(plain.parts) and all(map(_is_plain, plain.parts))


def _is_plain(part: str) -> bool:
    return (
        part.isprintable()
        and part[-1:] not in _DROPPED
        and ":" not in part
        and not _DEVICE.fullmatch(part)
    )


def one_spelling(path: PurePosixPath | str) -> str:
    r"""Spell a path as a disk does that tells neither case nor Unicode's forms of a letter apart.

    Examples
    --------
    >>> one_spelling("Ｎ03/ガ.SHP") == one_spelling("Ｎ03/カ\u3099.shp")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())
