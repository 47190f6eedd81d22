"""`python -m facestream`."""

import sys

from facestream.start import main

if __name__ == "__main__":
    sys.exit(main())
