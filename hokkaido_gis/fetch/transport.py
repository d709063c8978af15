"""Download one file over HTTPS into a part file, going on where a broken connection stopped."""

from __future__ import annotations

import ipaddress
import json
import re
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit

from tqdm import tqdm

from hokkaido_gis._version import __version__
from hokkaido_gis.errors import OutputError
from hokkaido_gis.fetch.errors import FetchError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

CHUNK = 1 << 16
# Servers such as Overpass turn away programs that do not say who they are.
USER_AGENT = f"hokkaido-gis/{__version__} (Python library, one request a file)"

_HINTS = {
    403: "The publisher or a proxy forbids it.",
    404: "The publisher has no file of that address; it may have moved.",
    406: "The server does not take this program.",
    407: "A proxy asks for a name and password; set HTTPS_PROXY.",
    416: "The part on this machine does not fit the file.",
    429: "The server asks for fewer requests; wait some minutes and try again.",
    504: "The server is too busy; wait some minutes and try again.",
}
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a download may do.

    Parameters
    ----------
    hosts
        Hosts that may be asked; a redirect to another is refused.
    max_bytes
        Greatest size.
    timeout
        Seconds to wait for a connection, and for each piece of the answer.
    attempts
        How often a download that broke off is taken up again within one call, the first included.
    deadline
        Seconds that one attempt may take in all; a server that drips is left then.
    pause
        Seconds before the second attempt; each further one waits longer.
    loopback
        Also take plain HTTP, if it is from this very machine. For tests.
    """

    hosts: tuple[str, ...]
    max_bytes: int
    timeout: float = 30.0
    attempts: int = 3
    deadline: float = 3600.0
    pause: float = 2.0
    loopback: bool = False


class _BrokenOffError(Exception):
    """The connection ended before the file did."""


class _Progress(NamedTuple):
    """What a part file is known to be a part of."""

    url: str
    validator: str
    total: int | None


class PartFile:
    """The bytes that came so far, and beside them what tells whether more can be added.

    Parameters
    ----------
    path
        Where the bytes stand; notes stand beside it, with ``.json`` added to the name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notes = path.with_name(path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes that came so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def progress(self, url: str) -> _Progress | None:
        """Notes of a part that can be continued from `url`, or none."""
        try:
            notes = _Progress(**json.loads(self._notes.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return notes if notes.url == url and notes.validator and self.size else None

    def start(self, url: str, headers: HTTPMessage, total: int | None) -> None:
        """Begin anew with a file of which `headers` tell the version."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        notes = _Progress(url, _validator(headers), total)
        self._notes.write_text(json.dumps(notes._asdict()), encoding="utf-8")

    def discard(self) -> None:
        """Remove the part and its notes."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def move_to(self, target: Path) -> None:
        """Put the finished file in its place."""
        self.path.replace(target)
        self._notes.unlink(missing_ok=True)


def download(
    url: str, part: PartFile, rules: Rules, *, query: str = "", progress: bool = False
) -> None:
    """Download a file into `part`, which is left for a later call if this one does not end well.

    A part that is there already is continued if the server says that the file is still the same
    (``ETag`` or ``Last-Modified``) and gives ranges; else the file is taken from its start.

    Parameters
    ----------
    query
        Sent by POST as the field ``data``; such an answer is never continued.
    progress
        Show a bar on standard error, if that is a terminal.

    Raises
    ------
    UnreachableError
        If the server cannot be reached, refuses, or sends a page for people.
    FetchError
        If the address or a redirect is not allowed, or the file is larger than allowed.
    OutputError
        If the part cannot be written.
    """
    check_address(url, rules)
    for attempt in range(1, rules.attempts + 1):
        try:
            _attempt(url, part, rules, query=query, progress=progress)
        except _BrokenOffError as error:
            if attempt == rules.attempts:
                raise UnreachableError(
                    f"The connection to {_host(url)} broke off {attempt} times, last after "
                    f"{part.size:,} bytes ({error}). Run the same command again to go on."
                ) from error
            time.sleep(rules.pause * attempt)
        else:
            return


def check_address(url: str, rules: Rules) -> None:
    """Refuse an address that is not HTTPS or not at one of the publisher's hosts.

    Raises
    ------
    FetchError
        Naming what came and what was expected.
    """
    address = urlsplit(url)
    host = address.hostname or ""
    if rules.loopback and address.scheme == "http" and _is_loopback(host):
        return
    if address.scheme != "https":
        raise FetchError(f"{url} is not fetched: only https is, and this is {address.scheme!r}.")
    if host not in rules.hosts or address.port not in {None, 443}:
        raise FetchError(
            f"{url} is not fetched: the data set is published at {' or '.join(rules.hosts)}. If "
            "the publisher moved, download the file by hand."
        )


def _attempt(url: str, part: PartFile, rules: Rules, *, query: str, progress: bool) -> None:
    known = None if query else part.progress(url)
    if known and part.size == known.total:
        return
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if known:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": known.validator}
    body = urlencode({"data": query}).encode() if query else None
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 (checked above)
    with _open(request, part, rules) as response:
        _refuse_page(response, url)
        try:
            total = _place(response, part, url, known)
        except OSError as error:
            raise _cannot_write(part.path, error) from error
        _check_size(total or 0, part, rules)
        bar = tqdm(
            total=total,
            initial=part.size,
            desc=_host(url),
            unit="B",
            unit_scale=True,
            disable=None if progress else True,
        )
        with bar:
            _copy(response, part, rules, bar)
    if total is not None and part.size != total:
        raise _BrokenOffError(f"{total:,} were announced")


class _SameHosts(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where the data set may come from."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        check_address(newurl, self._rules)
        if req.data is not None:
            raise FetchError(f"{req.full_url} sends queries on to {newurl}; it has moved.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _open(request: urllib.request.Request, part: PartFile, rules: Rules) -> Iterator[HTTPResponse]:
    opener = urllib.request.build_opener(_SameHosts(rules))
    host = _host(request.full_url)
    try:
        response = opener.open(request, timeout=rules.timeout)
    except HTTPError as error:
        error.close()
        if error.code == 416:
            part.discard()
            raise _BrokenOffError(_HINTS[416]) from error
        hint = _HINTS.get(error.code, "")
        raise UnreachableError(
            f"{host} answered {error.code} {error.reason} to {request.full_url}. {hint}".strip()
        ) from error
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"{host} cannot be reached ({_reason(error, rules)}).") from error
    with response:
        yield response


def _refuse_page(response: HTTPResponse, url: str) -> None:
    """Notice a page for people (an error, a log-in of a network) by what the server calls it."""
    if response.headers.get_content_type() not in {"text/html", "application/xhtml+xml"}:
        return
    try:
        start = response.read(CHUNK)
    except (OSError, HTTPException):
        start = b""
    raise UnreachableError(f"{_host(url)} sent {describe_page(start)} instead of the file.")


def describe_page(start: bytes) -> str:
    """Say what a web page calls itself, for a message.

    Examples
    --------
    >>> describe_page(b"<html><title>Access denied</title></html>")
    "a web page ('Access denied')"
    """
    found = _TITLE.search(start)
    if not found:
        return "a web page"
    raw = found.group(1)
    try:
        title = raw.decode("utf-8")
    except UnicodeDecodeError:
        title = raw.decode("cp932", errors="replace")
    return f"a web page ({' '.join(title.split())[:80]!r})"


def _place(response: HTTPResponse, part: PartFile, url: str, known: _Progress | None) -> int | None:
    """Find where the answer belongs in the part, begin anew if need be, and give the whole size."""
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    if response.status != 206:
        part.start(url, response.headers, total)
        return total
    given = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if known is None or given is None or int(given[1]) != part.size:
        part.discard()
        raise _BrokenOffError("the server sent another range than the one asked for")
    return int(given[2])


def _copy(response: HTTPResponse, part: PartFile, rules: Rules, bar: tqdm[Any]) -> None:
    try:
        file = part.path.open("ab")
    except OSError as error:
        raise _cannot_write(part.path, error) from error
    end = time.monotonic() + rules.deadline
    with file:
        while chunk := _read(response, rules):
            if time.monotonic() > end:
                raise _BrokenOffError(f"the file took longer than {rules.deadline:g} seconds")
            try:
                file.write(chunk)
            except OSError as error:
                raise _cannot_write(part.path, error) from error
            bar.update(len(chunk))
            _check_size(file.tell(), part, rules)


def _read(response: HTTPResponse, rules: Rules) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, HTTPException) as error:
        raise _BrokenOffError(_reason(error, rules)) from error


def _check_size(size: int, part: PartFile, rules: Rules) -> None:
    if size > rules.max_bytes:
        part.discard()
        raise FetchError(
            f"The file is larger than the {rules.max_bytes:,} bytes that this data set may have "
            f"(at least {size:,}); it was not kept. Is it still the same data set?"
        )


def _validator(headers: HTTPMessage) -> str:
    """What tells that a file is unchanged, as ``If-Range`` takes it; blank if nothing does."""
    tag = str(headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(headers.get("Last-Modified", ""))


def _reason(error: Exception, rules: Rules) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {rules.timeout:g} seconds"
    text = getattr(cause, "strerror", None) or str(cause)
    return text or type(cause).__name__


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {path}: {error.strerror or error}. Check that the folder may be written and "
        "the disk has room, or choose another with --cache or HOKKAIDO_GIS_CACHE."
    )
