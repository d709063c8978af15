"""What is amiss with an installation or a folder of data, and how to mend it."""
