"""The command; ``python -m eegaug`` is it too, as for ``torchrun -m eegaug learn``."""

import os
import sys

os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # else each process warns of each training


def main() -> int:
    """Run the command where its libraries are, and else say how to install them.

    Returns
    -------
    int
        Exit status: that of `eegaug.study.cli.main`, or 2.
    """
    try:
        from eegaug.study import cli
    except ImportError as error:
        print(f"eegaug: error: {error}", file=sys.stderr)
        return 2
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
