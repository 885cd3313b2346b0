"""Checks of arguments that several parts of the package share."""

import pytest

from eegaug.validation import check_count, check_list, did_you_mean

NETWORKS = ["EEGNet", "EEGNeX", "EEGNetv4", "EEGConformer", "ShallowFBCSPNet", "TCN"]


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("eegnet", "did you mean EEGNet or EEGNetv4 or EEGNeX?"),
        ("EEGNET", "did you mean EEGNet or EEGNetv4 or EEGNeX?"),
        ("shallow", "did you mean ShallowFBCSPNet?"),
        ("fbcsp", "did you mean ShallowFBCSPNet?"),
        ("Zzz", f"there is {', '.join(NETWORKS)}."),
    ],
)
def test_what_may_be_meant_by_a_name(name, end):
    assert did_you_mean(name, NETWORKS) == end


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (1, TypeError, "Files of text should be those of `read`, or be made by `bytes`, in a list. "
         "Found a single int."),
        ("ab", TypeError, "Files of text should be those of `read`, or be made by `bytes`, in a "
         "list. Found a single str."),
        (b"ab", TypeError, "Files of text should be those of `read`, or be made by `bytes`, in a "
         "list. Found a single bytes."),
        ([b"a", 1], TypeError, "Files of text should be those of `read`, or be made by `bytes`. "
         "Found int."),
        ([], ValueError, "At least one file of text is needed. Found none."),
    ],
)  # fmt: skip
def test_a_list_of_a_kind(values, error, message):
    with pytest.raises(error) as caught:
        check_list(values, bytes, "file of text", "read")
    assert str(caught.value) == message
    assert check_list(iter([b"a", b"b"]), bytes, "file of text", "read") == [b"a", b"b"]


def test_a_count_has_ends():
    check_count("n", 3, least=3, most=3)
    with pytest.raises(ValueError, match=r"`n` should be at most 3\. Found `n = 4`"):
        check_count("n", 4, most=3)
    with pytest.raises(ValueError, match=r"`n` should be 3 or more\. Found `n = 2`"):
        check_count("n", 2, least=3)
