"""Get a data set: from the cache if it is there and sound, else from its publisher."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.errors import OutputError, name_some
from hokkaido_gis.fetch.archive import unpack
from hokkaido_gis.fetch.cache import (
    Record,
    cache_folder,
    checksum,
    forget,
    read_record,
    set_aside,
    write_record,
)
from hokkaido_gis.fetch.catalogue import DataSet, Edition, Lang, choose_edition, find_data_set
from hokkaido_gis.fetch.convert import convert_power, convert_stations
from hokkaido_gis.fetch.errors import FetchError, UnreachableError
from hokkaido_gis.fetch.transport import PartFile, Rules, describe_page, download

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CONVERTERS: dict[str, Callable[[Path, Path], list[Path]]] = {
    "unpack": unpack,
    "overpass": convert_power,
    "amedas": convert_stations,
}
_FIRST_BYTES = {"zip": (b"PK\x03\x04",), "json": (b"{", b"[")}


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


@dataclass(frozen=True, kw_only=True)
class FetchSettings:
    """How to fetch.

    Parameters
    ----------
    cache
        Folder of the cache; by default that of `HOKKAIDO_GIS_CACHE`, else the user's.
    refresh
        Ask the publisher again, and take what comes for the new truth.
    lang
        Language of title and terms.
    progress
        Show a bar on standard error, if that is a terminal.
    tell
        Where terms and credit go.
    """

    cache: Path | None = None
    refresh: bool = False
    lang: Lang = "ja"
    progress: bool = False
    tell: Callable[[str], None] = _to_stderr
    _loopback: bool = False
    _pause: float = 2.0


def get_data(
    name: str | DataSet,
    *,
    year: int | None = None,
    prefecture: str | None = None,
    settings: FetchSettings | None = None,
) -> list[Path]:
    """Get a data set of the catalogue, and show its terms.

    A file in the cache is used without a request if it is as it was written down when it first
    came. A file put there by hand, under the name that messages give, is taken as well.

    Parameters
    ----------
    name
        Name in the catalogue, as ``n03``.
    year
        Edition, where there are several; by default a recent one.
    prefecture
        Number of the prefecture, where files are cut so; by default Hokkaido, 01.
    settings
        How to fetch.

    Returns
    -------
    list of Path
        The files to open, in the cache.

    Raises
    ------
    FetchError
        If the data set cannot be had, or what came cannot be used; the message says how to go on.
    OutputError
        If the cache cannot be written.
    """
    chosen = settings or FetchSettings()
    data_set = find_data_set(name) if isinstance(name, str) else name
    edition = choose_edition(data_set, year=year, prefecture=prefecture)
    folder = cache_folder(chosen.cache) / data_set.name
    chosen.tell(describe(data_set, chosen.lang))
    try:
        paths = _get(edition, folder, chosen)
    except OSError as error:
        raise OutputError(
            f"Cannot use the cache {folder}: {error.strerror or error}. Check that it may be "
            "written and the disk has room, or choose another with --cache or HOKKAIDO_GIS_CACHE."
        ) from error
    chosen.tell(f"{data_set.name}: credit to print with it: {data_set.credit}")
    return paths


def describe(data_set: DataSet, lang: Lang) -> str:
    """Title, publisher and terms of a data set, for people."""
    return (
        f"{data_set.name}: {data_set.title.to(lang)} / {data_set.publisher.to(lang)}\n"
        f"{data_set.name}: {data_set.terms.to(lang)} ({data_set.page})"
    )


def _get(edition: Edition, folder: Path, settings: FetchSettings) -> list[Path]:
    data_set = edition.data_set
    folder.mkdir(parents=True, exist_ok=True)  # messages may ask a person to put a file there
    if not edition.url:
        return _saved_by_hand(data_set, folder, settings.lang)
    file = folder / edition.file_name
    if settings.refresh or not file.exists():
        return _fetch(file, edition, settings)
    known = read_record(file)
    if known is None:
        _require_content(file, data_set)
        return _adopt(file, file, _describe_file(file, edition, "by hand"), data_set)
    _require_undamaged(file, known)
    if _is_untouched(file, known):
        return _require_layers([file.parent / name for name in known.files], file, data_set)
    return _adopt(file, file, known, data_set)


def _saved_by_hand(data_set: DataSet, folder: Path, lang: Lang) -> list[Path]:
    found = _choose_layers(sorted(folder.glob("*")), data_set)
    if found:
        return found
    advice = data_set.by_hand.to(lang) if data_set.by_hand else "download it"
    raise FetchError(
        f"{data_set.name} must be got by hand: {advice} ({data_set.page}). Put the files into "
        f"{folder} and run the same command again."
    )


def _fetch(file: Path, edition: Edition, settings: FetchSettings) -> list[Path]:
    known = None if settings.refresh else read_record(file)
    try:
        arrived = _download(file, edition, settings)
        if known is not None:
            _require_same(arrived, file, known, edition)
        record = known or _describe_file(arrived, edition, "downloaded")
        layers = _adopt(arrived, file, record, edition.data_set)
    except KeyboardInterrupt:
        settings.tell(
            f"{edition.data_set.name}: stopped; run the same command again to go on from there."
        )
        raise
    except FetchError:
        shutil.rmtree(_arrival(file).parent, ignore_errors=True)
        raise
    shutil.rmtree(_arrival(file).parent, ignore_errors=True)
    return layers


def _download(file: Path, edition: Edition, settings: FetchSettings) -> Path:
    """Download the file, look at its first bytes, and give the place where it waits."""
    data_set = edition.data_set
    part = PartFile(file.with_name(file.name + ".part"))
    rules = Rules(
        hosts=data_set.hosts,
        max_bytes=data_set.max_bytes,
        timeout=data_set.timeout,
        pause=settings._pause,  # noqa: SLF001 (for tests)
        loopback=settings._loopback,  # noqa: SLF001 (for tests)
    )
    arrived = _arrival(file)
    if arrived.exists() and not settings.refresh:  # an earlier call was stopped just after this
        return arrived
    try:
        download(edition.url, part, rules, query=data_set.query, progress=settings.progress)
        arrived.parent.mkdir(exist_ok=True)
        part.move_to(arrived)
        _require_content(arrived, data_set)
    except UnreachableError as error:
        raise UnreachableError(f"{error} {_advice(edition, file)}") from error
    return arrived


def _arrival(file: Path) -> Path:
    """Where a downloaded file waits, under its own name, until all is made of it."""
    return file.parent / f".{file.name}.arrived" / file.name


def _advice(edition: Edition, file: Path) -> str:
    return (
        f"On a closed network download {edition.url_by_hand} on another machine, put it here as "
        f"{file} and run the same command again. Page of the data set: {edition.data_set.page} "
        f"(on the address: {edition.data_set.basis})."
    )


def _require_content(file: Path, data_set: DataSet) -> None:
    """Look at the first bytes, since an error page often comes under the name of the file."""
    with file.open("rb") as opened:
        start = opened.read(65536)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_FIRST_BYTES[data_set.kind]):
        return
    if text[:1] == b"<":
        raise UnreachableError(
            f"{file.name} is {describe_page(text)}, not the {data_set.kind} file expected: the "
            "publisher or this network sent a message instead. If you put it into the cache, "
            "replace it."
        )
    raise FetchError(
        f"{file.name} is no {data_set.kind} file: it begins with {start[:8]!r} "
        f"({file.stat().st_size:,} bytes). If you put it into the cache, replace it; else look at "
        f"{data_set.page} for whether the data set changed."
    )


def _require_same(arrived: Path, file: Path, known: Record, edition: Edition) -> None:
    """Refuse a file that is not the one that first came."""
    sha256 = checksum(arrived)
    if sha256 == known.sha256:
        return
    aside = set_aside(arrived, file, mark="different")
    raise FetchError(
        f"What {edition.data_set.hosts[0]} sent is not the file that was fetched on "
        f"{known.retrieved[:10]} (checksum {sha256[:12]}, then {known.sha256[:12]}). It was set "
        f"aside as {aside}. If the publisher has corrected the data, take the new file with "
        "--refresh."
    )


def _require_undamaged(file: Path, known: Record) -> None:
    if checksum(file) == known.sha256:
        return
    aside = set_aside(file, file, mark="damaged")
    raise FetchError(
        f"{file} is no longer the file that was fetched on {known.retrieved[:10]} (its checksum "
        f"differs). It was set aside as {aside.name}; run the same command again to download it "
        "anew."
    )


def _describe_file(
    file: Path, edition: Edition, origin: Literal["downloaded", "by hand"]
) -> Record:
    return Record(
        url=edition.url,
        sha256=checksum(file),
        bytes=file.stat().st_size,
        retrieved=datetime.now(UTC).isoformat(timespec="seconds"),
        origin=origin,
        terms=edition.data_set.terms.ja,
        credit=edition.data_set.credit,
    )


def _is_untouched(file: Path, record: Record | None) -> bool:
    """Whether all that was made of a file is there as it was made."""
    return (
        record is not None
        and bool(record.files)
        and all(
            (path := file.parent / name).is_file() and checksum(path) == sha256
            for name, sha256 in record.files.items()
        )
    )


def _adopt(source: Path, file: Path, record: Record, data_set: DataSet) -> list[Path]:
    """Make of a file what readers need, then put both in place; on failure all stays as it was."""
    target = file.with_suffix("")
    building = file.with_name(f".{target.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        made = _CONVERTERS[data_set.converter](source, building)
        layers = _require_layers(made, file, data_set)
        # In this order an end in between leaves a file without a record, which is looked at anew.
        before = forget(file)
        source.replace(file)
        _replace_folder(building, target, keep=not _is_untouched(file, before))
    except FetchError as error:
        if source == file:
            raise
        aside = set_aside(source, file, mark="refused")
        raise FetchError(f"{error} What came was set aside as {aside}.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    placed = {path: target / path.relative_to(building) for path in made}
    files = {p.relative_to(file.parent).as_posix(): checksum(p) for p in placed.values()}
    write_record(file, replace(record, files=files))
    return [placed[path] for path in layers]


def _replace_folder(new: Path, target: Path, *, keep: bool) -> None:
    """Put a folder in place of another, which is kept under another name if someone changed it."""
    if target.exists():
        older = set_aside(target, target, mark="older")
        new.rename(target)
        if not keep:
            shutil.rmtree(older)
    else:
        new.rename(target)


def _require_layers(paths: list[Path], file: Path, data_set: DataSet) -> list[Path]:
    found = _choose_layers(paths, data_set)
    if not found:
        names = name_some(sorted(path.name for path in paths), most=12)
        raise FetchError(
            f"{file.name} holds {names or 'no file'}, and none of these is what "
            f"{data_set.reader} reads. Look at {data_set.page} for whether the data set changed."
        )
    return found


def _choose_layers(paths: list[Path], data_set: DataSet) -> list[Path]:
    """Files to open: of the first pattern that any has, in UTF-8 where there are two encodings."""
    for pattern in data_set.layers:
        found: dict[str, Path] = {}
        for path in paths:
            fits = path.is_file() and re.fullmatch(pattern, path.name)
            if fits and (path.name not in found or path.parent.name.upper() == "UTF-8"):
                found[path.name] = path
        if found:
            return list(found.values())
    return []
