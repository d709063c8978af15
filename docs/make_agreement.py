"""Write ``docs/agreement.md`` from the ledger: ``python docs/make_agreement.py``.

The sentences stand here; every number and every list comes from `hokkaido_gis.ledger`. A sentence
whose row the ledger no longer holds stops the script, so that the page cannot outlive the facts.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

import hokkaido_gis as hg
from hokkaido_gis.errors import LayerWarning

PAGE = Path(__file__).with_name("agreement.md")
VERDICTS = ("equal", "within rounding", "input lost", "differs")
# Differences listed one a line where there are few, as a run of names where there are many.
MANY = 20
# From here on decimals say nothing to a reader.
LARGE = 100_000

CHAPTERS = {
    2: "woody biomass",
    3: "irrigation dams",
    4: "abandoned farmland",
    5: "fishing ports",
    6: "summary",
}

HEAD = """\
# Agreement with the report

<!-- Made by docs/make_agreement.py from the ledger; do not edit by hand. -->

`hokkaido-gis check` recomputes {total:,} figures that the report prints and compares them one by
one, on the sample where no other layers are named with `--data`; `--chapter N` takes one chapter.
This page is made from the same table.

| verdict | meaning | rows |
|---|---|---:|
| equal | all that was computed is what is printed | {equal:,} |
| within rounding | as near as the step of print, its own or that of the figures it is made \
from | {rounding:,} |
| input lost | digits of the input are lost; the print lies within the bounds that remain, so it \
is not contradicted, but not confirmed either | {lost:,} |
| differs | all else; the cause is named in each row | {differs:,} |

"""

NOT_INDEPENDENT = """\
## What "equal" and "within rounding" do not prove

- The recovery of both cash-flow cases ({recovery} rows of tables 2-12, 2-13, 2-15 and 2-16): the
  loan's term and the income are not stated in the report and were fitted to these very figures.
- The marks of D-1 ({marks} rows of table 2-9): the output with neighbours is taken from figure 2-5
  where its label survives, and recomputed elsewhere. The recomputed bounds stand beside the
  surviving labels in the rows of figure 2-5.
- The answer (figure 2-12 and the last rows of table 2-9): the axes D-4 and C-2 are the report's own
  marks, since their figures are lost, axis C-3 is left out, and the knock-out rule was written to
  follow the report's argument. See [Method](method.md).
- Incomes and costs of the three small hydro cases ({hydro} rows of figures 3-6 and 3-7 and of table
  3-10): their outputs and some items of cost are lost and were fitted to these figures. One output
  a case gives all of its months.
- Sums of farmland ({totals} rows of figures 4-1, 4-19 and 4-48 and of table 6-1): the sample's
  areas by settlement are synthetic and were made to sum to the report's.
- The 63 dams of table 3-11, the 24 months of figures 5-19 and 5-21 and their sums ({sun} rows): the
  sample's irradiation at these places was worked out from them. That the two agree shows that the
  formula can be turned round, and says nothing of the irradiation.
- Jobs and effects of construction ({jobs} rows of tables 4-17, 4-21, 5-18 and 5-23): multipliers
  that are lost were fitted. Own use at 能取 takes 24.0 yen where 24.5 are stated.

On layers of another origin the same rows are computed from them, and differ where they do.

"""


def main() -> None:
    """Make the page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        table = hg.ledger(hg.Inputs(), lang="en")
    parts = [
        _head(table),
        _chapters(table),
        _counts(table),
        _not_independent(table),
        _causes(table),
        _errors(table),
    ]
    PAGE.write_text("".join(parts).rstrip() + "\n", encoding="utf-8", newline="\n")


def _head(table: pd.DataFrame) -> str:
    count = table["verdict"].value_counts()
    equal, rounding, lost, differs = (int(count.get(verdict, 0)) for verdict in VERDICTS)
    return HEAD.format(total=len(table), equal=equal, rounding=rounding, lost=lost, differs=differs)


def _chapters(table: pd.DataFrame) -> str:
    """Rows by chapter and verdict."""
    chapter = table["id"].str.split("-").str[1].astype(int)
    counted = pd.crosstab(chapter, table["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    rows = [
        _line(f"{number} ({CHAPTERS[number]})", *row, sum(row))
        for number, row in zip(counted.index.tolist(), counted.to_numpy().tolist(), strict=True)
    ]
    head = _line("chapter", *VERDICTS, "rows") + "|---" + "|---:" * (len(VERDICTS) + 1) + "|\n"
    return "## By chapter\n\n" + head + "".join(rows) + "\n"


def _counts(table: pd.DataFrame) -> str:
    counted = pd.crosstab(table["id"], table["verdict"]).reindex(
        index=table["id"].drop_duplicates(), columns=list(VERDICTS), fill_value=0
    )
    rows = [
        _line(str(figure), *row)
        for figure, row in zip(counted.index, counted.to_numpy(), strict=True)
    ]
    head = _line("figure or table", *VERDICTS) + "|---" + "|---:" * len(VERDICTS) + "|\n"
    return "## By figure and table\n\n" + head + "".join(rows) + "\n"


def _not_independent(table: pd.DataFrame) -> str:
    """Count the rows that each caveat is about."""
    agree = table[table["verdict"].isin(["equal", "within rounding"])]
    quantity, cause = agree["quantity"], agree["cause"]
    about = {
        "recovery": quantity.str.contains("recovery after year"),
        "marks": quantity.str.contains("D-1 "),
        "hydro": cause.str.startswith("outputs and some items are lost"),
        "totals": cause.str.contains("was made to sum to the report's"),
        "sun": cause.str.startswith("the irradiation of the sample was worked out")
        & ~quantity.str.contains("on a roof to that on the ground"),
        "jobs": cause.str.contains("fitted to the printed (?:number|1,314)"),
    }
    return NOT_INDEPENDENT.format(
        **{name: _some(int(rows.sum()), name) for name, rows in about.items()}
    )


def _causes(table: pd.DataFrame) -> str:
    """Differences by figure and kind of cause."""
    differing = table[table["verdict"] == "differs"]
    kind = differing["cause"].str.partition(":")[0].rename("kind")
    text = "## Differences by cause\n\n"
    for (figure, cause), rows in differing.groupby(["id", kind], sort=False):
        text += f"### {figure}: {cause} ({len(rows)})\n\n"
        text += _run_of_names(rows) if len(rows) > MANY else _list_of_rows(rows)
    return text


def _run_of_names(rows: pd.DataFrame) -> str:
    """Rows of one cause in a paragraph: name, printed and computed value."""
    (cause,) = rows["cause"].unique()
    quantity = rows["quantity"].str.partition(" ")
    (what,) = quantity[2].unique()
    told = [
        f"{name} {_plain(published)} → {_plain(computed)}"
        for name, published, computed in zip(
            quantity[0], rows["published"], rows["computed"], strict=True
        )
    ]
    return f"{_sentence(cause)} Quantity: {what}; printed → computed:\n\n{', '.join(told)}.\n\n"


def _list_of_rows(rows: pd.DataFrame) -> str:
    """Rows as a table, with a cause that they share said once above it."""
    causes = rows["cause"].unique()
    shared = len(causes) == 1
    text = f"{_sentence(causes[0])}\n\n" if shared else ""
    columns = ["quantity", "printed", "computed", *([] if shared else ["cause"])]
    text += _line(*columns) + "|---" * len(columns) + "|\n"
    for row in rows.to_dict("records"):
        cells = [row["quantity"], _plain(row["published"]), _plain(row["computed"])]
        text += _line(*cells, *([] if shared else [row["cause"]]))
    return text + "\n"


def _errors(table: pd.DataFrame) -> str:
    """What the report itself has wrong, each with its row of the ledger."""
    wrong = table[table["verdict"] == "differs"]
    pairs = _rows(wrong, "table-2-17", " contact")
    names = "; ".join(pairs["quantity"].str.removesuffix(" contact"))
    count = _row(wrong, "table-2-17", "pairs of municipalities that touch")
    itself = _row(wrong, "table-2-17", "listed in its own row")
    shari = _row(wrong, "table-2-26", "斜里町")
    mean = _row(wrong, "fig-2-9", "mean of logging residue")
    rule = _row(wrong, "fig-2-12", "any competing plant")
    small = _row(wrong, "fig-3-1", "500 kW or less")
    months = _row(wrong, "fig-3-6", "without income")
    hamanaka = _row(wrong, "table-4-6", "浜中町")
    plots = _row(wrong, "table-5-4", "白糠 sum of the plots")
    saved = _row(table, "table-5-18", "saved by own use")
    return f"""\
## What the report itself has wrong

1. **{len(pairs)} missing pairs.** Table 2-17 has {_plain(count["published"])} pairs of neighbours,
   the boundaries {_plain(count["computed"])}. Missing:
   {names}.
2. **A town beside itself.** {str(itself["quantity"]).partition(":")[0]} stands in its own row of
   table 2-17.
3. **A neighbour counted twice.** 斜里町's heat with neighbours begins with
   {_thousand(shari["published"])} thousand GJ/yr in print, while its parts give
   {_plain(shari["computed"])}; {str(shari["cause"]).partition(": ")[2]}.
4. **A mean that is none.** Figure 2-9 draws the mean of logging residue and unused thinnings at
   {_plain(mean["published"])} dry t/yr. The mean of the 179 municipalities lies between
   {_bounds(mean["computed"])} by what survives. Cause named in the ledger: {mean["cause"]}.
5. **A knock-out rule that the answer does not follow.** Read as printed, any competing plant in the
   town or next door would leave {_named(rule["computed"])} of the six candidates, whereas the
   report keeps {rule["published"]}. {_sentence(str(rule["cause"]).partition(": ")[2])}
   See [Method](method.md) for the rule used here.
6. **A share that its tables do not give.** {_plain(small["published"])} % of the dams are said to
   have 500 kW or less; the tables give {_plain(small["computed"])} %.
   {_sentence(str(small["cause"]).partition(": ")[2])}
7. **A month without income.** Case I is said to earn nothing in
   {" and ".join(str(months["published"]).split())} months of operation; by figure 3-6 it is
   {", ".join(str(months["computed"]).split())}.
   {_sentence(str(months["cause"]).partition(": ")[2])}
8. **Labels that contradict an energy.** 浜中町 has {_thousand(hamanaka["published"])} thousand
   kWh/yr in print.
   {_sentence(str(hamanaka["cause"]).partition(": ")[2])}
9. **Plots that exceed their sum.** Table 5-7 sums to {_plain(plots["published"])} m2.
   {_sentence(str(plots["cause"]).partition(": ")[2])}
10. **A price that is not the one stated.** At 能取 the saving by own use is printed as
    {_plain(saved["published"])}. {_sentence(str(saved["cause"]).partition(": ")[2])}
"""


def _row(table: pd.DataFrame, figure: str, words: str) -> dict[str, Any]:
    """Give the one row of a figure whose quantity holds some words."""
    rows = _rows(table, figure, words)
    if len(rows) != 1:
        raise LookupError(f"{figure}: {len(rows)} rows of the ledger are about {words!r}, not 1.")
    return {str(column): value for column, value in rows.iloc[0].items()}


def _rows(table: pd.DataFrame, figure: str, words: str) -> pd.DataFrame:
    rows = table[(table["id"] == figure) & table["quantity"].str.contains(words, regex=False)]
    if rows.empty:
        raise LookupError(f"{figure}: no row of the ledger is about {words!r} any more.")
    return rows


def _some(count: int, what: str) -> int:
    if count == 0:
        raise LookupError(f"The ledger has no rows about {what} any more.")
    return count


def _plain(value: object) -> str:
    """Write a value as a reader expects: no ``.0``, commas in thousands."""
    if isinstance(value, int | float):
        whole = float(value).is_integer() or abs(value) >= LARGE
        return f"{value:,.0f}" if whole else f"{value:,g}"
    return str(value) or "(none)"


def _thousand(value: object) -> str:
    return f"{float(str(value)) / 1000:,.0f}"


def _bounds(text: object) -> str:
    """Write a range of the ledger in whole numbers."""
    low, _, high = str(text).replace(",", "").partition("–")
    return f"{float(low):,.0f} and {float(high):,.0f}"


def _named(names: object) -> str:
    return str(names) or "none"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def _line(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    main()
