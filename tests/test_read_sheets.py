"""Sheets as they are laid out: what Excel keeps as numbers comes as people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from hokkaido_gis.readers.sheets import _text, read_sheet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("value", "text"), [(187.0, "187"), (0.5, "0.5"), (66, "66"), (None, ""), ("187.0", "187.0")]
)
def test_numbers_are_text_as_people_see_them(value: object, text: str) -> None:
    assert _text(value) == text


def test_merged_cells_are_filled_and_stay_as_written_beside(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["駅", 187.0, 0.5], [None, 66, None], ["計", True, "-"]):
        book.active.append(row)
    book.active.merge_cells("A1:A2")
    book.save(tmp_path / "a.xlsx")
    sheet = read_sheet(tmp_path / "a.xlsx")
    assert sheet.written.to_numpy().tolist() == [
        ["駅", "187", "0.5"], ["", "66", ""], ["計", "True", "-"],
    ]  # fmt: skip
    assert sheet.filled.iloc[:, 0].tolist() == ["駅", "駅", "計"]


def test_first_sheet_that_holds_what_is_looked_for_is_taken(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["表紙"])
    book.create_sheet().append(["変電所"])
    book.save(tmp_path / "a.xlsx")
    found = read_sheet(tmp_path / "a.xlsx", holds=lambda cells: (cells == "変電所").any(axis=None))
    assert found.written.iloc[0, 0] == "変電所"
    other = read_sheet(tmp_path / "a.xlsx", holds=lambda _: False)
    assert other.written.iloc[0, 0] == "表紙"
