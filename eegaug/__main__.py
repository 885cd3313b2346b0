"""``python -m eegaug`` is the command, as for ``torchrun -m eegaug learn``."""

import os
import sys

os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # else each process warns of each training

from eegaug.study.cli import main

sys.exit(main())
