"""Measures over frames and Series: no files, no drawing."""
