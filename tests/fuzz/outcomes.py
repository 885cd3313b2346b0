"""What may come of any input: a result, or one line that says why not, and soon."""

import time

#: Longest time that an example may take (s).
LONGEST = 10.0


def outcome(make):
    """Return what is made, or None where it is refused in one line, and not too late."""
    start, made = time.perf_counter(), None
    try:
        made = make()
    except (ValueError, TypeError, OSError) as error:
        assert len(str(error).splitlines()) == 1, f"{error!r} is not one line"
    assert time.perf_counter() - start < LONGEST
    return made
