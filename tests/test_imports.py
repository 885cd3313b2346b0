"""Who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eegaug

PACKAGE = Path(eegaug.__file__).parent
#: From the bottom up; a module may import those below it, and its own.
TIERS = [
    {"validation", "extra"},
    {"strength", "functional", "montage"},
    {"transforms"},
    {"layers"},
    {"models"},
    {"ensemble", "export"},
    {"objectives"},
    {"inspect"},
    {"policies", "recordings"},
    {"plots"},
    {"study"},
    {"__main__"},
]
LEVEL = {name: level for level, tier in enumerate(TIERS) for name in tier}
#: Integrations see the core; only a study stands above them.
LEVEL["integrations"] = LEVEL["inspect"] + 0.5
SEES_INTEGRATIONS = {"integrations", "study"}


def imports(path):
    """Yield the parts of the package that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [node.module]
                if node.module != "eegaug"
                else [f"eegaug.{alias.name}" for alias in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("eegaug."):
                yield name.split(".")[1]


FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downwards(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for imported in imports(path):
        if imported not in LEVEL:  # a name of the package itself, such as its version
            continue
        assert imported == part or LEVEL[imported] < LEVEL[part], f"{part} imports {imported}"
        assert imported != "integrations" or part in SEES_INTEGRATIONS


#: What the extra ``eeg`` brings, by the names of its modules.
EXTRA = (
    "accelerate braindecode filelock matplotlib mne mne_bids pandas psutil"
    " sklearn scipy skorch tqdm"
).split()


def test_the_core_imports_torch_alone():
    code = "import eegaug, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "torch" in loaded
    of_torch = {"filelock", "psutil", "tqdm"}  # which it imports where they are
    assert not (set(EXTRA) - of_torch) & set(loaded)


def test_what_needs_the_extra_says_so_in_one_line():
    code = """
import importlib, sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))  # as if they were not installed
from eegaug.__main__ import main
for part in ("recordings.bids", "plots.style", "integrations.skorch", "study.fit"):
    try:
        importlib.import_module(f"eegaug.{part}")
    except ImportError as error:
        print(error)
print("exit", main())
"""
    done = subprocess.run([sys.executable, "-c", code, *EXTRA], capture_output=True, text=True)
    how = 'pip install "eegaug[eeg]".'
    assert done.stdout.splitlines() == [
        f"eegaug.recordings needs mne: {how}",
        f"eegaug.plots needs matplotlib: {how}",
        f"eegaug.integrations needs skorch: {how}",
        f"eegaug.recordings needs mne: {how}",
        "exit 2",
    ]
    assert done.stderr == f"eegaug: error: eegaug.recordings needs mne: {how}\n"
