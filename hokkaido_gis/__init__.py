"""Geospatial analysis of renewable energy in Hokkaido, from official data to Google Earth."""
