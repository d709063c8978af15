"""What a plant costs, earns and brings to its region."""

from hokkaido_gis.economics.cases import BIOMASS_1000_KW, BIOMASS_2000_KW
from hokkaido_gis.economics.cash_flow import Plant, cash_flow

__all__ = ["BIOMASS_1000_KW", "BIOMASS_2000_KW", "Plant", "cash_flow"]
