"""Layers larger than memory: cut into parts, and worked on part by part by Dask."""
