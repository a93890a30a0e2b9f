"""``python -m gmmpipe`` is ``gmmpipe``."""

import sys

from gmmpipe.cli import main

sys.exit(main())
