"""Recover chapter 2's tables of the 2013 report from its damaged text transcription.

Usage::

    python sample_data/build/report_tables.py TEXT --out DIR

The transcription dropped every run of seven or more digits, blanks and hyphens and kept all
the commas. A row of a table therefore survives as pieces between commas, each whole or empty.
Nothing is guessed here: every way in which the row's numbers could have produced exactly these
pieces is kept, the report's own relations (sums, ratios, orders) remove the impossible ones,
and what is left is written as a lower and an upper bound. Equal bounds are an exact value.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: A run of digits, blanks and hyphens survives only when shorter than this, blanks included.
DROPPED_RUN = 7
#: The run after a row's last number goes on with " 1234 ", the next row's municipality code.
NEXT_CODE = 6
#: kW per GJ/yr at 27 % efficiency, run all year (report, chapter 2).
KW_PER_GJ = 1000 * 0.27 / (3.6 * 8760)

HERE = Path(__file__).resolve().parent
REPORT = HERE.parent / "report"


class ContradictionError(ValueError):
    """The surviving text admits no value at all."""


# --------------------------------------------------------------------------------------------
# Cells and rows: what the surviving pieces allow
# --------------------------------------------------------------------------------------------


class Cell(NamedTuple):
    """Integers from `low` to `high` that leave `residue` when divided by `modulus`."""

    low: int
    high: int
    modulus: int = 1
    residue: int = 0

    def within(self, low: float, high: float) -> Cell | None:
        """Cut the cell to an interval; None when no integer of the cell is left."""
        bottom = math.ceil(max(self.low, low - 1e-6))
        top = math.floor(min(self.high, high + 1e-6))
        bottom += (self.residue - bottom) % self.modulus
        top -= (top - self.residue) % self.modulus
        return Cell(bottom, top, self.modulus, self.residue) if bottom <= top else None


class Group(NamedTuple):
    """One comma-separated group of digits: `width` is its least and greatest length."""

    column: int
    width: tuple[int, int]
    text: str = ""


class Ratio(NamedTuple):
    """Column `y` is `low` to `high` times column `x`, both rounded to integers."""

    y: int
    x: int
    low: float
    high: float


class Sum(NamedTuple):
    """Column `total` is the sum of the columns `parts`, give or take `slack`."""

    total: int
    parts: tuple[int, ...]
    slack: float


@dataclass(frozen=True)
class Layout:
    """The columns of a table and the relations that hold inside each of its rows.

    Attributes
    ----------
    commas
        Greatest number of thousands commas of each column.
    ratios, sums
        Relations between columns.
    at_most
        Pairs (a, b) of columns with a <= b.
    dashes
        Groups of columns that the report prints as "-" together, meaning none.
    """

    commas: tuple[int, ...]
    ratios: tuple[Ratio, ...] = ()
    sums: tuple[Sum, ...] = ()
    at_most: tuple[tuple[int, int], ...] = ()
    dashes: tuple[tuple[int, ...], ...] = ()


def comma_patterns(limits: Sequence[int], total: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to share `total` commas among columns of the given limits."""
    if not limits:
        if total == 0:
            yield ()
        return
    for here in range(min(limits[0], total) + 1):
        if total - here <= sum(limits[1:]):
            for rest in comma_patterns(limits[1:], total - here):
                yield (here, *rest)


def split_into_pieces(commas: Sequence[int], dashed: set[int]) -> list[list[Group]]:
    """Lay out the groups of a row as they stand between its commas."""
    pieces: list[list[Group]] = [[]]
    for column, count in enumerate(commas):
        if column in dashed:
            pieces[-1].append(Group(column, (1, 1), "-"))
            continue
        pieces[-1].append(Group(column, (1, 3)))
        pieces.extend([Group(column, (3, 3))] for _ in range(count))
    return pieces


def match_piece(groups: Sequence[Group], text: str, margin: int) -> list[Group] | None:
    """Fill the groups of one piece with its surviving text, or bound their lengths.

    `margin` counts the characters of the same run outside the row's own numbers.
    """
    tokens = text.split()
    if tokens:
        if len(tokens) != len(groups):
            return None
        filled = []
        for group, digits in zip(groups, tokens, strict=True):
            right_length = group.width[0] <= len(digits) <= group.width[1]
            if not right_length or (digits == "-") != (group.text == "-"):
                return None
            filled.append(group._replace(text=digits))
        return filled
    # The run was dropped, so it had at least DROPPED_RUN characters.
    longest = sum(g.width[1] for g in groups) + len(groups) - 1 + margin
    if longest < DROPPED_RUN:
        return None
    spare = longest - DROPPED_RUN
    return [g._replace(width=(max(g.width[0], g.width[1] - spare), g.width[1])) for g in groups]


def read_cell(groups: Sequence[Group]) -> Cell | None:
    """Give the values that one number's groups allow; None for an impossible number."""
    first, *rest = groups
    if first.text == "-":
        return Cell(0, 0)
    if rest and first.text.startswith("0"):
        return None
    if first.text:
        low = high = int(first.text)
    else:
        low = 10 ** (first.width[0] - 1) if rest or first.width[0] > 1 else 0
        high = 10 ** first.width[1] - 1
    modulus = 1
    for group in rest:
        low = low * 1000 + int(group.text or 0)
        high = high * 1000 + int(group.text or 999)
    for group in reversed(rest):
        if not group.text:
            break
        modulus *= 1000
    residue = low % modulus
    return Cell(low, high, modulus, residue)


def readings(text: str, layout: Layout, margin: int) -> list[list[Cell]]:
    """List every reading of a row's surviving text, one list of cells each."""
    pieces = text.split(",")
    found = []
    dash_choices = list(product((False, True), repeat=len(layout.dashes)))
    for commas in comma_patterns(layout.commas, len(pieces) - 1):
        for choice in dash_choices:
            dashed = {c for on, cols in zip(choice, layout.dashes, strict=True) if on for c in cols}
            if any(commas[c] for c in dashed):
                continue
            cells = _read(split_into_pieces(commas, dashed), pieces, len(layout.commas), margin)
            if cells is not None:
                found.append(cells)
    return found


def _read(
    groups: list[list[Group]], pieces: list[str], columns: int, margin: int
) -> list[Cell] | None:
    numbers: list[list[Group]] = [[] for _ in range(columns)]
    last = len(pieces) - 1
    for index, (part, text) in enumerate(zip(groups, pieces, strict=True)):
        # The name before the row ends in a blank; the next row's code follows its last number.
        outside = (1 if index == 0 else 0) + (margin if index == last else 0)
        filled = match_piece(part, text, outside)
        if filled is None:
            return None
        for group in filled:
            numbers[group.column].append(group)
    cells = [read_cell(number) for number in numbers]
    return None if any(c is None for c in cells) else [c for c in cells if c is not None]


@dataclass
class Row:
    """The readings of one row that are still possible."""

    label: str
    layout: Layout
    options: list[list[Cell]] = field(repr=False)

    def bounds(self, column: int) -> tuple[int, int]:
        """Lowest and highest value of a column over all readings."""
        cells = [option[column] for option in self.options]
        return min(c.low for c in cells), max(c.high for c in cells)

    def cut(self, column: int, low: float, high: float) -> bool:
        """Cut a column to an interval; say whether anything changed."""
        old_low, old_high = self.bounds(column)
        if low <= old_low and high >= old_high:
            return False
        before = [list(option) for option in self.options]
        kept = []
        for option in self.options:
            cell = option[column].within(low, high)
            if cell is not None:
                kept.append([*option[:column], cell, *option[column + 1 :]])
        self._replace(kept, f"column {column} in {low:.1f}..{high:.1f}")
        return self.options != before

    def refine(self) -> bool:
        """Apply the relations inside the row to every reading; say whether any changed."""
        before = self.options
        refined = [apply_relations(option, self.layout) for option in self.options]
        self._replace([option for option in refined if option is not None], "relations")
        return self.options != before

    def _replace(self, options: list[list[Cell]], why: str) -> None:
        if not options:
            raise ContradictionError(f"{self.label}: nothing left ({why}); had {self.options}")
        self.options = options


def apply_relations(option: Sequence[Cell], layout: Layout) -> list[Cell] | None:
    """Narrow one reading by its layout's relations until nothing moves; None if impossible."""
    cells = list(option)
    while True:
        before = list(cells)
        for column, low, high in _implied(cells, layout):
            cut = cells[column].within(low, high)
            if cut is None:
                return None
            cells[column] = cut
        if cells == before:
            return cells


def _implied(cells: Sequence[Cell], layout: Layout) -> Iterator[tuple[int, float, float]]:
    """Yield (column, low, high) for each relation; reads `cells` as they are narrowed."""
    for y, x, low, high in layout.ratios:
        yield y, (cells[x].low - 0.5) * low - 0.5, (cells[x].high + 0.5) * high + 0.5
        yield x, (cells[y].low - 0.5) / high - 0.5, (cells[y].high + 0.5) / low + 0.5
    for small, large in layout.at_most:
        yield small, 0, cells[large].high
        yield large, cells[small].low, math.inf
    for total, parts, slack in layout.sums:
        low = sum(cells[p].low for p in parts)
        high = sum(cells[p].high for p in parts)
        yield total, low - slack, high + slack
        for part in parts:
            others_low, others_high = low - cells[part].low, high - cells[part].high
            yield (
                part,
                cells[total].low - slack - others_high,
                cells[total].high + slack - others_low,
            )


# --------------------------------------------------------------------------------------------
# Pages and municipalities
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Municipality:
    """A municipality as the report codes it, with the neighbours that table 2-17 prints."""

    code: str
    name: str
    neighbours: tuple[str, ...]


def read_municipalities(path: Path) -> list[Municipality]:
    """Read `adjacency.csv`; a municipality printed as its own neighbour is dropped."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Municipality(
            row["report_code"],
            row["name"],
            tuple(n for n in dict.fromkeys(row["neighbours"].split()) if n != row["name"]),
        )
        for row in rows
    ]


def read_pages(text: str) -> dict[int, str]:
    """Split the transcription: one page a line, each line starting with its page number."""
    pages: dict[int, str] = {}
    for line in text.splitlines():
        number, _, body = line.partition(" ")
        if number.isdigit():
            # Other documents follow the report; the first line of a number is the report's.
            pages.setdefault(int(number), body)
    return pages


def table_rows(pages: Mapping[int, str], numbers: Iterable[int], names: set[str]) -> dict[str, str]:
    """Give the surviving text of each municipality's row on the given pages."""
    rows: dict[str, list[str]] = {}
    for number in numbers:
        current: list[str] | None = None
        for token in pages[number].split():
            if token in names:
                current = rows.setdefault(token, [])
            elif current is not None and re.fullmatch(r"[\d,]+|-", token):
                current.append(token)
            else:
                current = None
    return {name: " ".join(tokens) for name, tokens in rows.items()}


def build_rows(
    texts: Mapping[str, str], layout: Layout, names: Sequence[str], title: str
) -> dict[str, Row]:
    """Read the rows of a table, each with every reading its text and relations allow."""
    rows = {}
    for name in names:
        row = Row(f"{title} {name}", layout, readings(texts[name], layout, NEXT_CODE))
        row.refine()
        rows[name] = row
    return rows


# --------------------------------------------------------------------------------------------
# Tables 2-18 to 2-34: heat of the eight resources
# --------------------------------------------------------------------------------------------

#: Columns of tables 2-18 to 2-25.
MASS, USABLE_MASS, HEAT, USABLE_HEAT, NEIGHBOUR_HEAT, OUTPUT, NEIGHBOUR_OUTPUT = range(7)
#: Columns of table 2-26.
TOTAL_HEAT, TOTAL_NEIGHBOUR_HEAT, TOTAL_OUTPUT, TOTAL_NEIGHBOUR_OUTPUT = range(4)


@dataclass(frozen=True)
class Resource:
    """One of the eight resources.

    Attributes
    ----------
    pages, order_pages
        Pages of its municipality table and of its table in order of output.
    heat_per_tonne
        Bounds of GJ per dry tonne. 18.1 and 11.5 follow from the rows that survive whole. For
        the forest's resources no row is whole; all that is used is that dry wood holds 15 to
        25 GJ/t (the table itself asks for more than 20: 20,xxx GJ from under 1,000 t).
    usable_share
        Bounds of usable heat over heat where one constant fits every row; None where none does.
    """

    name: str
    pages: range
    order_pages: range
    heat_per_tonne: tuple[float, float]
    usable_share: tuple[float, float] | None = None


FOREST_HEAT = (15.0, 25.0)
RESOURCES = (
    Resource("林地残材", range(57, 62), range(101, 103), FOREST_HEAT),
    Resource("切捨間伐材", range(62, 67), range(103, 105), FOREST_HEAT),
    Resource("果樹剪定枝", range(67, 72), range(105, 107), (11.495, 11.502), (0.763959, 0.764023)),
    Resource(
        "国産材製材廃材", range(72, 77), range(107, 109), (18.0999, 18.1002), (0.0642859, 0.0642863)
    ),
    Resource("外材製材廃材", range(77, 82), range(109, 111), (17.0, 18.4), (0.0384994, 0.038505)),
    Resource("建築廃材", range(82, 87), range(111, 113), (18.0995, 18.1005)),
    Resource("新増築廃材", range(87, 92), range(113, 115), (18.0995, 18.1023)),
    Resource("公園剪定枝", range(92, 97), range(115, 117), (11.499, 11.505), (0.712967, 0.713012)),
)
TOTAL_PAGES = range(97, 100)
#: 外材製材廃材 is this share of 国産材製材廃材 in every row where both survive whole.
IMPORTED_PER_DOMESTIC = (0.064703, 0.064716)


def resource_layout(resource: Resource) -> Layout:
    """Lay out one of tables 2-18 to 2-25."""
    ratios = [
        Ratio(HEAT, MASS, *resource.heat_per_tonne),
        Ratio(USABLE_HEAT, USABLE_MASS, *resource.heat_per_tonne),
        Ratio(OUTPUT, USABLE_HEAT, KW_PER_GJ, KW_PER_GJ),
        Ratio(NEIGHBOUR_OUTPUT, NEIGHBOUR_HEAT, KW_PER_GJ, KW_PER_GJ),
    ]
    if resource.usable_share is not None:
        ratios.append(Ratio(USABLE_HEAT, HEAT, *resource.usable_share))
    return Layout(
        commas=(1, 1, 2, 1, 1, 0, 1),
        ratios=tuple(ratios),
        at_most=((USABLE_MASS, MASS), (USABLE_HEAT, HEAT), (USABLE_HEAT, NEIGHBOUR_HEAT)),
    )


TOTAL_LAYOUT = Layout(
    commas=(1, 1, 1, 1),
    ratios=(
        Ratio(TOTAL_OUTPUT, TOTAL_HEAT, KW_PER_GJ, KW_PER_GJ),
        Ratio(TOTAL_NEIGHBOUR_OUTPUT, TOTAL_NEIGHBOUR_HEAT, KW_PER_GJ, KW_PER_GJ),
    ),
    at_most=((TOTAL_HEAT, TOTAL_NEIGHBOUR_HEAT),),
)

#: A column of a row.
Place = tuple[Row, int]


@dataclass(frozen=True)
class Link:
    """One place is the sum of others, all rounded to integers."""

    total: Place
    parts: tuple[Place, ...]

    def holds(self) -> bool:
        """Say whether the bounds of the total and of the parts' sum meet."""
        slack = (len(self.parts) + 1) / 2
        bounds = [row.bounds(column) for row, column in self.parts]
        low, high = self.total[0].bounds(self.total[1])
        parts_low, parts_high = sum(b[0] for b in bounds), sum(b[1] for b in bounds)
        return parts_low - slack <= high and low <= parts_high + slack

    def narrow(self) -> bool:
        """Narrow the total and each part; say whether anything changed."""
        # Half a unit for each rounded part and for the total itself.
        slack = (len(self.parts) + 1) / 2
        bounds = [row.bounds(column) for row, column in self.parts]
        low, high = sum(b[0] for b in bounds), sum(b[1] for b in bounds)
        row, column = self.total
        changed = row.cut(column, low - slack, high + slack)
        total_low, total_high = row.bounds(column)
        for (part, place), (part_low, part_high) in zip(self.parts, bounds, strict=True):
            changed |= part.cut(
                place,
                total_low - slack - (high - part_high),
                total_high + slack - (low - part_low),
            )
        return changed


def narrow_order(places: Sequence[Place]) -> bool:
    """Narrow places printed in descending order; say whether anything changed."""
    changed = False
    ceiling = math.inf
    for row, column in places:
        changed |= row.cut(column, 0, ceiling)
        ceiling = row.bounds(column)[1]
    floor = 0
    for row, column in reversed(places):
        changed |= row.cut(column, floor, math.inf)
        floor = row.bounds(column)[0]
    return changed


def narrow_ratio(y: Place, x: Place, low: float, high: float) -> bool:
    """Narrow two places of which `y` is `low` to `high` times `x`."""
    x_low, x_high = x[0].bounds(x[1])
    changed = y[0].cut(y[1], (x_low - 0.5) * low - 0.5, (x_high + 0.5) * high + 0.5)
    y_low, y_high = y[0].bounds(y[1])
    return changed | x[0].cut(x[1], (y_low - 0.5) / high - 0.5, (y_high + 0.5) / low + 0.5)


def order_and_marks(
    pages: Mapping[int, str], numbers: Iterable[int], names: set[str]
) -> tuple[list[str], dict[str, int]]:
    """Read a table in order of output: the order, and the kW that survive at column ends."""
    order: list[str] = []
    marks: dict[str, int] = {}
    for number in numbers:
        previous = ""
        for token in pages[number].split():
            if token in names:
                order.append(token)
            elif token.isdigit() and previous in names:
                marks[previous] = int(token)
            previous = token
    return order, marks


@dataclass
class HeatModel:
    """Tables 2-18 to 2-26 and everything that ties their cells together.

    Attributes
    ----------
    resources, totals
        Rows by resource and municipality, and the rows of table 2-26.
    own
        Sums over the resources of one municipality.
    around
        Sums over a municipality and its neighbours, by municipality.
    orders
        Places in descending order.
    rejected
        Municipalities whose printed sums do not follow from the printed neighbours.
    """

    resources: dict[str, dict[str, Row]]
    totals: dict[str, Row]
    own: list[Link]
    around: dict[str, list[Link]]
    orders: list[list[Place]]
    rejected: list[str] = field(default_factory=list)

    def solve(self) -> None:
        """Narrow all cells until nothing moves, setting aside sums the report itself breaks."""
        self._narrow(self.own)
        self.rejected = [
            name for name, links in self.around.items() if not all(link.holds() for link in links)
        ]
        trusted = [
            link
            for name, links in self.around.items()
            if name not in self.rejected
            for link in links
        ]
        self._narrow([*self.own, *trusted])

    def _narrow(self, links: Sequence[Link]) -> None:
        rows = [row for table in self.resources.values() for row in table.values()]
        rows += self.totals.values()
        changed = True
        while changed:
            changed = False
            for link in links:
                changed |= link.narrow()
            for order in self.orders:
                changed |= narrow_order(order)
            for name, row in self.resources["外材製材廃材"].items():
                domestic = self.resources["国産材製材廃材"][name]
                changed |= narrow_ratio(
                    (row, USABLE_HEAT), (domestic, USABLE_HEAT), *IMPORTED_PER_DOMESTIC
                )
            for row in rows:
                changed |= row.refine()


def own_links(resources: Mapping[str, Mapping[str, Row]], totals: Mapping[str, Row]) -> list[Link]:
    """Build the sums over the eight resources, alone and with neighbours."""
    return [
        Link((total, column), tuple((table[name], part) for table in resources.values()))
        for name, total in totals.items()
        for column, part in ((TOTAL_HEAT, USABLE_HEAT), (TOTAL_NEIGHBOUR_HEAT, NEIGHBOUR_HEAT))
    ]


def neighbour_links(
    municipalities: Sequence[Municipality],
    resources: Mapping[str, Mapping[str, Row]],
    totals: Mapping[str, Row],
) -> dict[str, list[Link]]:
    """Build the sums over each municipality and the neighbours that table 2-17 prints."""
    links = {}
    for town in municipalities:
        around = (town.name, *town.neighbours)
        links[town.name] = [
            Link(
                (table[town.name], NEIGHBOUR_HEAT),
                tuple((table[name], USABLE_HEAT) for name in around),
            )
            for table in resources.values()
        ]
        whole = tuple((totals[name], TOTAL_HEAT) for name in around)
        links[town.name].append(Link((totals[town.name], TOTAL_NEIGHBOUR_HEAT), whole))
    return links


def build_heat_model(pages: Mapping[int, str], municipalities: Sequence[Municipality]) -> HeatModel:
    """Read tables 2-18 to 2-34 and figures 2-4 to 2-6 into one model."""
    names = [town.name for town in municipalities]
    known = set(names)
    resources = {}
    orders: list[list[Place]] = []
    for resource in RESOURCES:
        texts = table_rows(pages, resource.pages, known)
        table = build_rows(texts, resource_layout(resource), names, resource.name)
        order, marks = order_and_marks(pages, resource.order_pages, known)
        if sorted(order) != sorted(names):
            raise ContradictionError(f"{resource.name}: the ordered table is not a permutation")
        for name, kilowatts in marks.items():
            table[name].cut(OUTPUT, kilowatts, kilowatts)
        orders.append([(table[name], USABLE_HEAT) for name in order])
        resources[resource.name] = table
    texts = table_rows(pages, TOTAL_PAGES, known)
    totals = build_rows(texts, TOTAL_LAYOUT, names, "合計")
    own_order = run_of_names(pages[16], names)
    orders.append([(totals[name], TOTAL_HEAT) for name in own_order])
    ranked = run_of_names(pages[14], names)
    orders.append([(totals[name], TOTAL_NEIGHBOUR_HEAT) for name in ranked])
    for rank, cell in heat_labels(pages).items():
        cut_to(totals[ranked[rank - 1]], TOTAL_NEIGHBOUR_HEAT, cell)
    for rank, cell in output_labels(pages).items():
        cut_to(totals[ranked[rank - 1]], TOTAL_NEIGHBOUR_OUTPUT, cell)
    return HeatModel(
        resources,
        totals,
        own_links(resources, totals),
        neighbour_links(municipalities, resources, totals),
        orders,
    )


# --------------------------------------------------------------------------------------------
# Figures 2-4, 2-5 and 2-6
# --------------------------------------------------------------------------------------------

FIGURE_TOWNS = 80
#: The labels of the three longest bars stand last, so the first label is the fourth bar's.
LONGEST_BARS = 3


def run_of_names(page: str, names: Sequence[str]) -> list[str]:
    """Read the run of municipality names, unseparated, under a figure's bars.

    The axis cuts names of more than four characters, so a prefix of four is accepted as well.
    """
    spellings = {name: name for name in names}
    spellings |= {name[:4]: name for name in names if len(name) > 4}
    pattern = "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))
    longest = max(re.findall(f"(?:{pattern})+", page), key=len)
    found = [spellings[spelling] for spelling in re.findall(pattern, longest)]
    if len(set(found)) != FIGURE_TOWNS or len(found) != FIGURE_TOWNS:
        raise ContradictionError(f"{len(found)} names under a figure of {FIGURE_TOWNS} bars")
    return found


def figure_labels(page: str, axis_labels: int, every_label_has_comma: bool) -> dict[int, Cell]:
    """Read the bars' labels of 1,000 and more of figure 2-4 or 2-5, by rank.

    Labels run from the fourth bar down, then come those of the three longest bars, then the
    axis labels. Where every label has a comma, a piece holds the end of one label and the
    start of the next, so a dropped start had three digits.
    """
    pieces = [piece.split() for piece in page.partition("上川町")[0].split(",")]
    count = len(pieces) - 1 - axis_labels
    width = (3, 3) if every_label_has_comma else (1, 3)
    found = {}
    for index in range(count):
        head = pieces[index][-1] if pieces[index] else ""
        tail = pieces[index + 1][0] if pieces[index + 1] else ""
        cell = read_cell([Group(0, width, head), Group(0, (3, 3), tail)])
        longest = index - (count - LONGEST_BARS)
        rank = 1 + longest if longest >= 0 else 1 + LONGEST_BARS + index
        if cell is not None:
            found[rank] = cell
    return found


def heat_labels(pages: Mapping[int, str]) -> dict[int, Cell]:
    """Read figure 2-4, whose axis has three labels with a comma (100,000 to 300,000)."""
    return figure_labels(pages[14], axis_labels=3, every_label_has_comma=True)


def output_labels(pages: Mapping[int, str]) -> dict[int, Cell]:
    """Read figure 2-5, whose axis has four labels with a comma (1,000 to 2,500)."""
    return figure_labels(pages[15], axis_labels=4, every_label_has_comma=False)


def cut_to(row: Row, column: int, cell: Cell) -> None:
    """Cut a row's column to a cell read elsewhere, its last digits included."""
    kept = []
    for option in row.options:
        cut = option[column].within(cell.low, cell.high)
        if cut is not None and cell.modulus > cut.modulus:
            cut = Cell(cut.low, cut.high, cell.modulus, cell.residue).within(cut.low, cut.high)
        if cut is not None:
            kept.append([*option[:column], cut, *option[column + 1 :]])
    if not kept:
        raise ContradictionError(f"{row.label}: {cell} of a figure fits no reading")
    row.options = kept


# --------------------------------------------------------------------------------------------
# Table 2-37: private forest
# --------------------------------------------------------------------------------------------

FOREST_PAGES = range(120, 124)
#: Columns 0 to 5 are area and stock of the three kinds of owner; then the totals and stock/ha.
FOREST_AREA, FOREST_STOCK, FOREST_DENSITY = 6, 7, 8
#: Not printed here: municipal and private forest together, which table 2-38 prints.
GENERAL_AREA = 9
#: Three rounded parts and their rounded sum can differ by at most two.
FOREST_LAYOUT = Layout(
    commas=(1, 1, 1, 1, 1, 1, 1, 1, 0),
    sums=(
        Sum(FOREST_AREA, (0, 2, 4), 2),
        Sum(FOREST_STOCK, (1, 3, 5), 2),
        Sum(GENERAL_AREA, (2, 4), 2),
    ),
    # The printed stock per hectare has no comma: it stays under 1,000 m3/ha.
    at_most=((FOREST_STOCK, FOREST_AREA),),
    dashes=((0, 1), (2, 3), (4, 5)),
)
#: Table 2-37's last row: mean area [ha] and mean stock [thousand m3] of the municipalities.
FOREST_MEANS = {FOREST_AREA: 13_869, FOREST_STOCK: 1_927}


def read_general_area(path: Path) -> dict[str, Cell]:
    """Read the thousands that survive of table 2-38's forest area."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: Cell(thousands * 1000, thousands * 1000 + 999)
            for row in csv.DictReader(file)
            if (thousands := int(row["forest_ha_thousand_prefix"] or 0)) > 0
        }


def build_forest(
    pages: Mapping[int, str], names: Sequence[str], general: Mapping[str, Cell]
) -> dict[str, Row]:
    """Read table 2-37, with table 2-38's area as one more column."""
    texts = table_rows(pages, FOREST_PAGES, set(names))
    rows = {}
    for name in names:
        extra = general.get(name, Cell(0, 10**6 - 1))
        options = readings(texts[name], FOREST_LAYOUT, NEXT_CODE)
        row = Row(f"民有林 {name}", FOREST_LAYOUT, [[*option, extra] for option in options])
        row.refine()
        rows[name] = row
    for column, mean in FOREST_MEANS.items():
        if f"{mean:,}" not in pages[FOREST_PAGES[-1]]:
            raise ContradictionError(f"table 2-37 does not print the mean {mean:,}")
        cap_by_mean(list(rows.values()), column, mean)
    for row in rows.values():
        row.refine()
    return rows


def cap_by_mean(rows: Sequence[Row], column: int, mean: int) -> None:
    """Cap each value by what the others leave of the total.

    The mean may be of fewer municipalities than there are rows; the total is then smaller
    still, so the cap holds.
    """
    total = (mean + 0.5) * len(rows)
    lows = [row.bounds(column)[0] for row in rows]
    for row, low in zip(rows, lows, strict=True):
        row.cut(column, 0, total - (sum(lows) - low))


def density_bounds(row: Row) -> tuple[int, int]:
    """Bound the stock per hectare [m3/ha] by the printed column and by stock over area."""
    low, high = row.bounds(FOREST_DENSITY)
    area_low, area_high = row.bounds(FOREST_AREA)
    stock_low, stock_high = row.bounds(FOREST_STOCK)
    if area_low > 0:
        high = min(high, math.floor(1000 * (stock_high + 0.5) / (area_low - 0.5) + 0.5))
    if area_high > 0:
        low = max(low, math.ceil(1000 * (stock_low - 0.5) / (area_high + 0.5) - 0.5))
    return low, high


# --------------------------------------------------------------------------------------------
# Tables 2-4, 2-6 and 2-7: plants
# --------------------------------------------------------------------------------------------


class Competitor(NamedTuple):
    """A row of table 2-4; `words` are its words as the page scatters them, to be checked."""

    code: str
    number: str
    kind: str
    company: str
    note: str
    words: str


#: Table 2-4 put back in rows by its municipality codes: the page sets wrapped cells before or
#: after their row. An empty number is lost.
COMPETITORS = (
    Competitor("1100", "6", "木くず焚ボイラー", "株式会社北海道熱供給公社", "地域熱供給用", ""),
    Competitor("1204", "9", "製紙工場", "日本製紙株式会社北海道工場旭川事業所", "", ""),
    Competitor("1206", "11", "製紙工場", "王子製紙株式会社釧路工場", "", ""),
    Competitor("1206", "12", "製紙工場", "王子板紙株式会社釧路工場", "", ""),
    Competitor("1206", "13", "製紙工場", "日本製紙株式会社釧路工場", "", ""),
    Competitor("1213", "24", "製紙工場", "王子製紙株式会社苫小牧工場", "", ""),
    Competitor(
        "1213",
        "25",
        "製紙工場",
        "日本製紙株式会社北海道工場勇払事業所",
        "",
        "日本製紙株式会社北海道工場勇 払事業所",
    ),
    Competitor("1213", "26", "繊維板工場", "株式会社イワクラ", "", ""),
    Competitor("1213", "27", "繊維板工場", "株式会社木の繊維", "", ""),
    Competitor("1217", "31", "製紙工場", "王子特殊紙株式会社江別工場", "", ""),
    Competitor("1218", "32", "製紙工場", "赤平製紙株式会社", "", ""),
    Competitor("1221", "34", "製紙工場", "王子板紙株式会社名寄工場", "", ""),
    Competitor(
        "1226",
        "35",
        "火力発電所",
        "北海道電力株式会社砂川発電所",
        "平成22年12月より石炭混焼試験(木質チップ3号機を石炭に1~3%混合)",
        "月より石炭混焼試北海道電力株式会社砂川発電所験 号機を石炭に",
    ),
    Competitor(
        "1231",
        "38",
        "木質バイオマス発電所",
        "株式会社アレフ恵庭事務所",
        "30kW(2002年設置)",
        "30kW(2002 年設株式会社アレフ恵庭事務所置",
    ),
    Competitor(
        "1468",
        "61",
        "木くず焚ボイラー",
        "地域熱供給(役場 消防署 公民館 総合福祉センター)",
        "地域熱供給用",
        "地域熱供給 役場 消防署 公民地域熱供給用館 総合福祉センター",
    ),
    Competitor(
        "1544",
        "",
        "木質バイオマス発電所",
        "津別単板協同組合バイオマスエネルギーセンター",
        "4700kW(2008年度稼動)",
        "津別単板協同組合バイオマスエネ 4700kW(2008 年ルギーセンター度稼動",
    ),
    Competitor("1578", "73", "製紙工場", "日本製紙株式会社北海道工場白老事業所", "", ""),
)
COMPETITOR_PAGE = 17
CHIP_PAGES = range(23, 27)
PELLET_PAGES = range(27, 28)

#: Districts (郡) that head the addresses of towns and villages.
DISTRICTS = (
    "上磯|茅部|二海|山越|檜山|瀬棚|磯谷|虻田|岩内|余市|空知|夕張|樺戸|上川|中川|雨竜|苫前|網走|斜里|常呂|"
    "紋別|白老|勇払|沙流|様似|日高|河東|河西|広尾|足寄|十勝|釧路|厚岸|川上|阿寒|標津"
)
#: Tokens that carry an address on after a number.
ADDRESS_UNIT = re.compile(r"(?:丁目|番地の?|番|号南?|区|条\S*|線\S*)$")
#: Words that name a company; where one stands tells whose a wrapped word is.
COMPANY = re.compile("株式会社|有限会社|組合|共同体")


def check_competitors(pages: Mapping[int, str]) -> None:
    """Make sure that every word of `COMPETITORS` stands on the page."""
    page = pages[COMPETITOR_PAGE]
    for plant in COMPETITORS:
        label = f"{plant.number} {plant.kind}" if plant.number else plant.kind
        for words in (label, *(plant.words or f"{plant.company} {plant.note}").split()):
            if words not in page:
                raise ContradictionError(f"table 2-4 does not hold {words}")


@dataclass
class Factory:
    """A row of table 2-6 or 2-7.

    `before` and `after` are the words that belong to the row but stand before and after its
    address; a company name that `wraps` over two lines leaves some in both.
    """

    number: int
    municipality: str
    address: str
    before: list[str]
    wraps: bool = False
    after: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All surviving words of the row, in the order of the page."""
        return " ".join([*self.before, self.address, *self.after])

    @property
    def is_clear(self) -> bool:
        """Whether exactly one word stands before the address, on its line, and none after it."""
        return len(self.before) == 1 and not self.after and not self.wraps


def address_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Match where an address starts; a name alone is a label, a company may hold a name too."""
    ordered = sorted(names, key=len, reverse=True)
    cities = "|".join(n for n in ordered if n.endswith("市"))
    towns = "|".join(n for n in ordered if not n.endswith("市"))
    return re.compile(
        rf"(?:{DISTRICTS})郡(?P<town>{towns})\S*"
        # 伊達市木質ペレットプラント and 伊達市胆振西部森林組合 are companies.
        rf"|(?P<city>{cities})(?!木質|胆振)\S+"
        r"|(?P<bare>えりも町|南富良野町)字\S*"
    )


def address_end(words: Sequence[str], next_number: int) -> int:
    """Count the words that carry an address on; a row's number or a code ends it."""
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        is_number = re.fullmatch(r"\d{1,4}(?:-\d+)?", word) is not None
        is_row_number = word == str(next_number) or re.fullmatch(r"1\d{3}", word) is not None
        carries = is_number and (ADDRESS_UNIT.match(following) is not None or not is_row_number)
        if not carries and ADDRESS_UNIT.match(word) is None:
            return index
    return len(words)


def read_factories(
    pages: Mapping[int, str], numbers: Iterable[int], names: set[str]
) -> list[Factory]:
    """Read table 2-6 or 2-7: one row an address, in the order of its running numbers."""
    pattern = address_pattern(names)
    factories: list[Factory] = []
    for page in numbers:
        body = re.sub(r" \d-\d+$", "", pages[page].partition("所在地")[2].strip())
        starts = list(pattern.finditer(body))
        ends = [m.start() for m in starts[1:]] + [len(body)]
        waiting = body[: starts[0].start()].split()
        for match, end in zip(starts, ends, strict=True):
            number = len(factories) + 1
            before, leftover = split_words(waiting, number, names)
            if factories:
                factories[-1].after += leftover
            words = body[match.end() : end].split()
            length = address_end(words, number + 1)
            municipality = match["town"] or match["city"] or match["bare"]
            address = " ".join([match.group(), *words[:length]])
            # A number right before the address is one between a company's two lines.
            wraps = waiting[-1:] == [str(number)]
            factories.append(Factory(number, municipality, address, before, wraps))
            waiting = words[length:]
        # What stands after a page's last address wraps its last row.
        factories[-1].after += [w for w in waiting if not is_label(w, names)]
    return factories


def is_label(word: str, names: set[str]) -> bool:
    """Whether a word is a municipality's label or code rather than part of a row."""
    return word in names or re.fullmatch(r"1\d{3}", word) is not None


def split_words(words: Sequence[str], number: int, names: set[str]) -> tuple[list[str], list[str]]:
    """Split the words before an address into its own and those wrapped from the row before.

    Where the row's number survived it divides them; where it did not, all are the row's own.
    A company of two lines has its number between them, and then nothing follows the number.
    """
    numbered = [word for word in words if not is_label(word, names)]
    if str(number) not in numbered:
        return numbered, []
    at = len(numbered) - 1 - numbered[::-1].index(str(number))
    own, ahead = numbered[at + 1 :], numbered[:at]
    if own:
        return own, ahead
    return (
        [word for word in ahead if COMPANY.search(word)],
        [word for word in ahead if not COMPANY.search(word)],
    )


# --------------------------------------------------------------------------------------------
# Output
# --------------------------------------------------------------------------------------------

Record = list[str]


def exact(low: int, high: int) -> str:
    """Write a value whose bounds meet, and nothing otherwise."""
    return str(low) if low == high else ""


def triple(bounds: tuple[int, int]) -> Record:
    """Write exact value, lower bound and upper bound."""
    low, high = bounds
    return [exact(low, high), str(low), str(high)]


def write_table(path: Path, header: Sequence[str], records: Iterable[Record]) -> None:
    """Write a CSV file with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(records)


def write_resource_heat(out: Path, model: HeatModel, towns: Sequence[Municipality]) -> None:
    """Write `resource_heat.csv`."""
    records = [
        [
            town.code,
            town.name,
            resource,
            *triple(table[town.name].bounds(MASS)),
            *triple(table[town.name].bounds(USABLE_HEAT)),
        ]
        for town in towns
        for resource, table in model.resources.items()
    ]
    header = ["report_code", "name", "resource"]
    for quantity, unit in (("available", "t"), ("usable_heat", "gj")):
        header += [f"{quantity}_{unit}", f"{quantity}_low", f"{quantity}_high"]
    write_table(out / "resource_heat.csv", header, records)


def ends_survive(labels: Mapping[int, Cell], rank: int) -> bool:
    """Whether the label of a rank kept its last three digits."""
    return rank in labels and labels[rank].modulus > 1


def write_neighbour_output(
    out: Path, model: HeatModel, pages: Mapping[int, str], towns: Sequence[Municipality]
) -> None:
    """Write `output_with_neighbours.csv`."""
    codes = {town.name: town.code for town in towns}
    printed = output_labels(pages)
    heat = heat_labels(pages)
    records = []
    for rank, name in enumerate(run_of_names(pages[14], list(codes)), start=1):
        low, high = model.totals[name].bounds(TOTAL_NEIGHBOUR_HEAT)
        # A label that lost its thousands counts as printed once the sums leave one value.
        value = exact(low, high) if ends_survive(heat, rank) else ""
        output = exact(*model.totals[name].bounds(TOTAL_NEIGHBOUR_OUTPUT))
        records.append(
            [
                codes[name],
                name,
                str(rank),
                output if ends_survive(printed, rank) else "",
                value,
                str(low),
                str(high),
            ]
        )
    header = ["report_code", "name", "rank", "printed_output_kw", "printed_heat_gj"]
    header += ["heat_low", "heat_high"]
    write_table(out / "output_with_neighbours.csv", header, records)


def write_private_forest(
    out: Path, pages: Mapping[int, str], towns: Sequence[Municipality]
) -> None:
    """Write `private_forest.csv`."""
    names = [town.name for town in towns]
    rows = build_forest(pages, names, read_general_area(REPORT / "forest_roads.csv"))
    records = [
        [
            town.code,
            town.name,
            *triple(rows[town.name].bounds(FOREST_AREA)),
            *triple(rows[town.name].bounds(FOREST_STOCK)),
            *map(str, density_bounds(rows[town.name])),
        ]
        for town in towns
    ]
    header = ["report_code", "name", "area_ha", "area_low", "area_high"]
    header += ["stock_thousand_m3", "stock_low", "stock_high"]
    header += ["stock_per_ha_low", "stock_per_ha_high"]
    write_table(out / "private_forest.csv", header, records)


def write_plants(out: Path, pages: Mapping[int, str], towns: Sequence[Municipality]) -> None:
    """Write `competing_plants.csv`, `chip_factories.csv` and `pellet_factories.csv`."""
    codes = {town.name: town.code for town in towns}
    names = {town.code: town.name for town in towns}
    check_competitors(pages)
    write_table(
        out / "competing_plants.csv",
        ["report_code", "municipality", "number", "kind", "company", "note"],
        ([p.code, names[p.code], p.number, p.kind, p.company, p.note] for p in COMPETITORS),
    )
    for file, numbers in (("chip", CHIP_PAGES), ("pellet", PELLET_PAGES)):
        write_table(
            out / f"{file}_factories.csv",
            ["report_code", "municipality", "number", "company", "address", "text"],
            (
                [
                    codes[f.municipality],
                    f.municipality,
                    str(f.number),
                    f.before[0] if f.is_clear else "",
                    f.address if f.is_clear else "",
                    f.text,
                ]
                for f in read_factories(pages, numbers, set(codes))
            ),
        )


def build(text: Path, out: Path) -> list[str]:
    """Write all tables and return the municipalities whose neighbour sums were set aside."""
    pages = read_pages(text.read_text(encoding="utf-8"))
    towns = read_municipalities(REPORT / "adjacency.csv")
    out.mkdir(parents=True, exist_ok=True)
    model = build_heat_model(pages, towns)
    model.solve()
    write_resource_heat(out, model, towns)
    write_neighbour_output(out, model, pages, towns)
    write_private_forest(out, pages, towns)
    write_plants(out, pages, towns)
    return model.rejected


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and build the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("text", type=Path, help="the report's transcription, a page a line")
    parser.add_argument("--out", type=Path, default=REPORT, help="directory of the tables")
    options = parser.parse_args(arguments)
    rejected = build(options.text, options.out)
    print(f"sums with neighbours that the printed neighbours do not give: {', '.join(rejected)}")


if __name__ == "__main__":
    main()
