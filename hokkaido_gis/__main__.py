"""Run the command line as ``python -m hokkaido_gis``."""

from hokkaido_gis.cli import main

if __name__ == "__main__":
    main()
