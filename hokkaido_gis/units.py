"""Conversions of units, each named for what it does, each with its inverse.

A conversion stands here when a reader or a measure uses it; readers convert, and nothing after them
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

HOURS_PER_YEAR = 8760
"""Hours of a common year."""

Quantity = TypeVar("Quantity", float, "npt.NDArray[np.float64]", "pd.Series[float]")

VOLTS_PER_KILOVOLT = 1000.0
METRES_PER_KILOMETRE = 1000.0
KMH_PER_MS = 3.6
KILOWATTS_PER_MEGAWATT = 1000.0


def volts_to_kilovolts(volts: Quantity) -> Quantity:
    """Voltage in volts [V] as kilovolts [kV]."""
    return volts / VOLTS_PER_KILOVOLT


def kilovolts_to_volts(kilovolts: Quantity) -> Quantity:
    """Voltage in kilovolts [kV] as volts [V]."""
    return kilovolts * VOLTS_PER_KILOVOLT


def metres_to_kilometres(metres: Quantity) -> Quantity:
    """Length in metres [m] as kilometres [km]."""
    return metres / METRES_PER_KILOMETRE


def kilometres_to_metres(kilometres: Quantity) -> Quantity:
    """Length in kilometres [km] as metres [m]."""
    return kilometres * METRES_PER_KILOMETRE


def kmh_to_ms(kilometres_per_hour: Quantity) -> Quantity:
    """Speed in kilometres per hour [km/h] as metres per second [m/s]."""
    return kilometres_per_hour / KMH_PER_MS


def ms_to_kmh(metres_per_second: Quantity) -> Quantity:
    """Speed in metres per second [m/s] as kilometres per hour [km/h]."""
    return metres_per_second * KMH_PER_MS


def kilowatts_to_megawatts(kilowatts: Quantity) -> Quantity:
    """Power in kilowatts [kW] as megawatts [MW]."""
    return kilowatts / KILOWATTS_PER_MEGAWATT


def megawatts_to_kilowatts(megawatts: Quantity) -> Quantity:
    """Power in megawatts [MW] as kilowatts [kW]."""
    return megawatts * KILOWATTS_PER_MEGAWATT
