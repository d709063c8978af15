"""Readers, one a layer: source files in, layers with our names, units, index and CRS out."""
