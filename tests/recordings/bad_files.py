"""Files that cannot be read, each with the error and the message wanted."""

import os

from ..conftest import write_hypnogram, write_psg


def no_such_path(folder, night):
    return folder / "nowhere", FileNotFoundError, "nowhere: no such file"


def empty_folder(folder, night):
    return folder, ValueError, "no recording in this folder; wanted files that end in .edf"


def not_a_recording(folder, night):
    (folder / "notes.edf").write_text("milk, bread")
    return folder, ValueError, "notes.edf: not a recording that MNE can read"


def unknown_kind(folder, night):
    (folder / "notes.txt").write_text("milk, bread")
    return folder / "notes.txt", ValueError, "notes.txt: not a recording that MNE can read"


def truncated(folder, night):
    write_hypnogram(folder / "a-Hypnogram.edf", night)
    path = write_psg(folder / "a-PSG.edf", night)
    path.write_bytes(path.read_bytes()[:-50_000])
    return path, ValueError, "a-PSG.edf: truncated"


def truncated_header(folder, night):
    write_hypnogram(folder / "a-Hypnogram.edf", night)
    path = write_psg(folder / "a-PSG.edf", night)
    path.write_bytes(path.read_bytes()[:300])
    return path, ValueError, "a-PSG.edf: "


def no_hypnogram(folder, night):
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-PSG.edf: no hypnogram; wanted a-Hypnogram.edf beside it"


def truncated_hypnogram(folder, night):
    path = write_hypnogram(folder / "a-Hypnogram.edf", night)
    path.write_bytes(path.read_bytes()[:-500])
    return write_psg(folder / "a-PSG.edf", night), ValueError, "a-Hypnogram.edf: truncated"


def two_hypnograms(folder, night):
    for scorer in "CH":
        write_hypnogram(folder / f"SC4001E{scorer}-Hypnogram.edf", night)
    path = write_psg(folder / "SC4001E0-PSG.edf", night)
    return path, ValueError, "one hypnogram is wanted. Found SC4001EC-Hypnogram.edf and SC4001EH"


def unreadable_hypnogram(folder, night):
    (folder / "a-Hypnogram.edf").write_text("W W W")
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-Hypnogram.edf: no annotations, so no sleep stages"


def unknown_labels(folder, night):
    write_hypnogram(folder / "a-Hypnogram.edf", night, lambda s: s.replace("stage 2", "stage X"))
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-Hypnogram.edf: unknown sleep stages 'Sleep stage X'"


def no_stages_inside(folder, night):
    path = folder / "a.edf"
    write_psg(path, night)
    return path, ValueError, "a.edf: no annotations, so no sleep stages"


def hypnogram_alone(folder, night):
    path = write_hypnogram(folder / "a-Hypnogram.edf", night)
    return path, ValueError, "a hypnogram alone is not enough"


def a_pipe(folder, night):
    os.mkfifo(folder / "a.edf")
    return folder / "a.edf", ValueError, "a.edf: a pipe, a socket or a device, where a file is"


def pipes_alone(folder, night):
    os.mkfifo(folder / "a.edf")
    return folder, ValueError, "no recording in this folder"


def a_pipe_for_a_hypnogram(folder, night):
    os.mkfifo(folder / "a-Hypnogram.edf")
    path = write_psg(folder / "a-PSG.edf", night)
    return path, ValueError, "a-Hypnogram.edf: a pipe, a socket or a device"


def a_device(folder, night):
    (folder / "a.edf").symlink_to("/dev/zero")
    return folder / "a.edf", ValueError, "a.edf: a pipe, a socket or a device"


def links_in_a_circle(folder, night):
    (folder / "a.edf").symlink_to("b.edf")
    (folder / "b.edf").symlink_to("a.edf")
    return folder / "a.edf", OSError, "a.edf: cannot be read (Too many levels of symbolic links)."


def a_file_for_a_folder(folder, night):
    return write_psg(folder / "a.edf", night) / "b.edf", FileNotFoundError, "no such file"


def with_header(folder, night, *fields):
    """Write a PSG with texts in its header: where each starts, its length, and the text."""
    path = write_psg(folder / "a.edf", night)
    content = bytearray(path.read_bytes())
    for start, length, text in fields:
        content[start : start + length] = text.encode().ljust(length)
    path.write_bytes(content)
    return path


def too_many_signals(folder, night):
    path = with_header(folder, night, (252, 4, "9999"))
    return path, ValueError, "a.edf: truncated: its header announces"


def too_many_records(folder, night):
    path = with_header(folder, night, (236, 8, "10000000"))
    return path, ValueError, "a.edf: truncated: its header announces 10000000 records"


def records_without_samples(folder, night):
    path = with_header(folder, night, (236, 8, "1000000"), (688, 8, "0"), (696, 8, "0"))
    return path, ValueError, "a.edf: no signals: 0 samples at 0 Hz."


def no_sampling_rate(folder, night):
    path = with_header(folder, night, (244, 8, "nan"))
    return path, ValueError, "samples at nan Hz"


BAD_FILES = [
    no_such_path,
    empty_folder,
    not_a_recording,
    unknown_kind,
    truncated,
    truncated_header,
    no_hypnogram,
    truncated_hypnogram,
    two_hypnograms,
    unreadable_hypnogram,
    unknown_labels,
    no_stages_inside,
    hypnogram_alone,
    a_pipe,
    pipes_alone,
    a_pipe_for_a_hypnogram,
    a_device,
    links_in_a_circle,
    a_file_for_a_folder,
    too_many_signals,
    too_many_records,
    records_without_samples,
    no_sampling_rate,
]
