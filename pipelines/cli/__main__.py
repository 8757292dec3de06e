"""`python -m pipelines.cli` is `tribometer`."""

import sys

from pipelines.cli import main

sys.exit(main())
