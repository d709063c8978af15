"""Official data from its publisher into a cache on this machine, with its terms."""
