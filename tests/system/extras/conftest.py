"""The libraries of the extras, which `make test-formats` puts into a folder of their own."""

import os
import sys

if folder := os.environ.get("GMMPIPE_FORMATS"):
    sys.path.append(folder)
