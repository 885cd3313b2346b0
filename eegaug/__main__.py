"""``python -m eegaug`` is the command, as for ``torchrun -m eegaug learn``."""

import sys

from eegaug.study.cli import main

sys.exit(main())
