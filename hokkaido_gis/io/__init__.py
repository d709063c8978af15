"""The file boundary: vectors, tables and whole-or-nothing output."""
