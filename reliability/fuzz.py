"""Fuzz the readers and writers: inputs tried, and what became of them.

    python reliability/fuzz.py [--seconds 20] [--only TARGET ...] [--results FOLDER]

Every target runs so many seconds with inputs by Hypothesis, and the parsers in Python as long again
with Atheris, which looks for inputs that reach further lines; it is left out where it is not
installed. Each runs in a child process. A child that ends by itself is a crash; one that takes
over 10 s for an input is stopped and the input counted as a hang; one that takes over 2 GB of
memory likewise. Inputs that made a fault are kept beside the counts. POSIX only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keeping import RESULTS, be_kind, joined, keep, read_kept
from tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuzz_targets import Target

LONGEST = 10  # seconds for one input
MEMORY = 2 * 2**30  # bytes in use
ADDRESSES = 16 * 2**30  # bytes that may be reserved
OUTCOMES = ("results", "refused", "faults", "crashes", "hangs", "out_of_memory")
AT_ONCE = 100  # examples of Hypothesis with one seed
NOTE_EVERY = 0.5  # seconds between two notes of the counts


class Watch:
    """Tries inputs of one target in this process, and notes what became of them on the disk.

    Parameters
    ----------
    target
        What is tried.
    folder
        For the counts and the input at hand, which the parent reads when this process ends.
    seconds
        How long.
    """

    def __init__(self, target: Target, folder: Path, seconds: float) -> None:
        self.target, self.folder = target, folder
        self.until = time.monotonic() + seconds
        self.counts: Counter[str] = Counter()
        self.faults: dict[str, str] = {}
        self._noted = 0.0
        # The input must be on the disk before it is tried, for the child may not outlive it.
        self._at_hand = os.open(folder / "input", os.O_RDWR | os.O_CREAT)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.until

    def attempt(self, tried: str | bytes) -> None:
        """Try one input."""
        raw = tried.encode("utf-8", "surrogatepass") if isinstance(tried, str) else tried
        os.ftruncate(self._at_hand, 0)
        os.pwrite(self._at_hand, raw, 0)
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        self.counts["inputs"] += 1
        try:
            self.counts["results" if self.target.run(tried) else "refused"] += 1
        except MemoryError:
            self.counts["out_of_memory"] += 1
        except Exception as error:  # noqa: BLE001  (this is what is looked for)
            self.counts["faults"] += 1
            self.faults.setdefault(_where(error), raw.hex())
        signal.setitimer(signal.ITIMER_REAL, 0)
        if _memory() > MEMORY:
            os.kill(os.getpid(), signal.SIGUSR1)
        if time.monotonic() - self._noted > NOTE_EVERY:
            self.note()

    def note(self) -> None:
        """Write the counts down."""
        told = {"counts": self.counts, "faults": self.faults}
        (self.folder / "counts.new").write_text(json.dumps(told), encoding="utf-8")
        (self.folder / "counts.new").replace(self.folder / "counts")
        self._noted = time.monotonic()


def _memory() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def _where(error: Exception) -> str:
    """Say an error with the last line of the project that it passed."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if "hokkaido_gis" in step.filename]
    last = (own or [step for step in steps if step.name != "require"])[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


def try_with_hypothesis(watch: Watch, seed: int) -> None:
    """Try inputs by Hypothesis, a new seed for each hundred, until the time is up."""
    import hypothesis  # noqa: PLC0415

    chance = random.Random(seed)  # noqa: S311  (inputs, no secrets)

    def check(tried: str | bytes) -> None:
        if not watch.is_over:
            watch.attempt(tried)

    while not watch.is_over:
        many = hypothesis.settings(
            max_examples=AT_ONCE,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        try_many = many(hypothesis.given(watch.target.inputs)(check))
        hypothesis.seed(chance.getrandbits(64))(try_many)()
    watch.note()


def try_with_atheris(watch: Watch, seed: int) -> None:
    """Try inputs by Atheris, which follows the lines that they reach, until the time is up."""
    import atheris  # noqa: PLC0415

    takes_bytes = watch.target.name.endswith(("bytes", "file"))

    def check(data: bytes) -> None:
        if watch.is_over:
            watch.note()
            os._exit(0)
        text = data if takes_bytes else data.decode("utf-8", "replace")
        watch.attempt(text)

    options = [f"-seed={seed}", "-timeout=0", "-rss_limit_mb=0", "-max_len=400", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options], check)
    atheris.Fuzz()


def run_child(name: str, engine: str, folder: Path, seconds: float, seed: int) -> None:
    """Try inputs in this process; its end tells the parent what went wrong, if anything."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    if engine == "Atheris":
        import atheris  # noqa: PLC0415

        with atheris.instrument_imports(include=["hokkaido_gis"], enable_loader_override=False):
            from fuzz_targets import TARGETS  # noqa: PLC0415
        try_with_atheris(Watch(TARGETS[name], folder, seconds), seed)
    else:
        from fuzz_targets import TARGETS  # noqa: PLC0415

        try_with_hypothesis(Watch(TARGETS[name], folder, seconds), seed)


def fuzz(name: str, engine: str, seconds: float, seed: int, found: Path) -> dict[str, Any]:
    """Fuzz one target; a child that ends is followed by another until the time is up."""
    total: Counter[str] = Counter()
    faults: dict[str, str] = {}
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 1 or not total:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--child", name, engine, folder]
            run = subprocess.run(  # noqa: S603  (our own command)
                [*command, "--seconds", str(max(left, 2)), "--seed", str(seed)],
                capture_output=True,
                check=False,
            )
            noted = Path(folder, "counts")
            told = json.loads(noted.read_text()) if noted.exists() else {"counts": {}, "faults": {}}
            total.update(told["counts"])
            faults = {**told["faults"], **faults}
            if run.returncode:
                total[kind := _end(run.returncode)] += 1
                last = Path(folder, "input")
                raw = last.read_bytes() if last.exists() else b""
                said = run.stderr.decode(errors="replace").strip().splitlines()
                why = said[-1] if said else ""
                faults.setdefault(f"{kind}: {run.returncode} {why}"[:300], raw.hex())
                if not told["counts"] and total[kind] > 3:
                    break
        seed += 1
    for number, (why, raw) in enumerate(faults.items()):
        found.mkdir(parents=True, exist_ok=True)
        file = found / f"{name} by {engine} {number}".replace(" ", "_").replace("/", "_")
        file.write_bytes(bytes.fromhex(raw))
        file.with_name(f"{file.name}.txt").write_text(why, encoding="utf-8")
    row = {"target": name, "engine": engine, "seconds": seconds, "inputs": total["inputs"]}
    row |= {outcome: total[outcome] for outcome in OUTCOMES}
    return row | {"note": "; ".join(sorted(faults))}


def _end(status: int) -> str:
    if status == -signal.SIGALRM:
        return "hangs"
    return "out_of_memory" if status in (-signal.SIGUSR1, -signal.SIGKILL) else "crashes"


def measure(
    seconds: float, seed: int, only: Sequence[str] = (), found: Path | None = None
) -> dict[str, Any]:
    """Fuzz all targets, or some, and give a row of counts for each and each engine."""
    from fuzz_targets import GUIDED, TARGETS  # noqa: PLC0415

    engines = ["Hypothesis"] + ["Atheris"] * (importlib.util.find_spec("atheris") is not None)
    rows = []
    for name in only or TARGETS:
        for engine in engines:
            if engine == "Hypothesis" or name in GUIDED:
                rows.append(fuzz(name, engine, seconds, seed, found or RESULTS / "found"))
                print(as_markdown(rows[-1:]), file=sys.stderr, flush=True)
    return {"seed": seed, "rows": rows}


def main() -> int:
    """Fuzz, print the counts and keep them; 1 if there was anything but results and refusals."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20, help="for each target and engine")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=(), metavar="TARGET")
    parser.add_argument("--results", type=Path, help="folder to keep the counts in; none if not")
    parser.add_argument("--child", nargs=3, metavar=("TARGET", "ENGINE", "FOLDER"))
    chosen = parser.parse_args()
    if chosen.child:
        name, engine, folder = chosen.child
        run_child(name, engine, Path(folder), chosen.seconds, chosen.seed)
        return 0
    be_kind()
    found = (chosen.results or Path(tempfile.gettempdir())) / "found"
    result = measure(chosen.seconds, chosen.seed, chosen.only, found)
    if chosen.results:
        kept = read_kept("fuzz", chosen.results) if chosen.only else None
        result["rows"] = joined(kept, result["rows"], ("target", "engine"))
        keep("fuzz", result, chosen.results)
    print(as_markdown(result["rows"]))
    return int(any(row[outcome] for row in result["rows"] for outcome in OUTCOMES[2:]))


if __name__ == "__main__":
    sys.exit(main())
