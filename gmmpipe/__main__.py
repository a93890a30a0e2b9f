"""``python -m gmmpipe`` is ``gmmpipe``."""

import sys
from pathlib import Path

if not sys.flags.safe_path and sys.path[:1] in ([""], [str(Path.cwd())]):
    del sys.path[0]  # a numpy.py beside the data is no module

from gmmpipe.cli.main import main

sys.exit(main())
