"""Geospatial analysis of renewable energy in Hokkaido, from official data to Google Earth.

Names load what they need when first used, so that importing the package costs little.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
