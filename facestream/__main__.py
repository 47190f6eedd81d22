"""`python -m facestream`."""

import sys

from facestream.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
