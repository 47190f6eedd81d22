"""`python server.py` is the same as `facestream serve`."""

import sys

from facestream.cli.start import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
