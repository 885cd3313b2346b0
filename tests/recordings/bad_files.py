"""Files that cannot be read, each with the error and the message wanted."""

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
]
