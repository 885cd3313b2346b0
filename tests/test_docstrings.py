"""What every public name has to tell."""

import importlib
import inspect
from functools import cached_property
from pathlib import Path
from types import FunctionType

import pytest
from numpydoc.validate import validate

MODULES = [
    "eegaug",
    "eegaug.functional",
    "eegaug.policies",
    "eegaug.plots",
    "eegaug.recordings",
    "eegaug.study",
    "eegaug.study.report",
    "eegaug.study.cli",
    "eegaug.integrations.braindecode",
    "eegaug.integrations.skorch",
]
#: All checks of numpydoc but those of blank first and last lines (GL01, GL02), an extended summary
#: (ES01), a "See Also" (SA), and what a result is beyond its type (RT03).
CHECKS = (
    "GL03 GL05 GL06 GL07 GL08 GL09 SS01 SS02 SS03 SS04 SS05 SS06"
    " PR01 PR02 PR03 PR04 PR05 PR06 PR07 PR08 PR09 PR10 RT01 RT02 RT04 RT05 YD01 EX01"
).split()
#: Constructors of others: torch's wants none of what it takes, and skorch's has its first argument,
#: the module, by position.
EXCEPTIONS = {
    "eegaug.Augmentation": "PR01",
    "eegaug.BatchTransform": "PR01",
    "eegaug.integrations.braindecode.EEGClassifier": "PR02",
    "eegaug.integrations.braindecode.EEGRegressor": "PR02",
}


def public():
    """Yield name and object of every public function and class."""
    for path in MODULES:
        module = importlib.import_module(path)
        own = [name for name, it in vars(module).items() if getattr(it, "__module__", "") == path]
        for name in getattr(module, "__all__", own):
            it = getattr(module, name)
            if not name.startswith("_") and (inspect.isclass(it) or inspect.isfunction(it)):
                yield f"{path}.{name}", it


PUBLIC = dict(public())


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_are_complete(name):
    wanted = set(CHECKS) - {EXCEPTIONS.get(name)}
    errors = [f"{code}: {text}" for code, text in validate(name)["errors"] if code in wanted]
    assert not errors, "; ".join(errors)


def test_the_api_lists_every_public_name():
    api = Path(__file__).parents[1] / "docs" / "api.rst"
    listed = {line.strip().split(".")[-1] for line in api.read_text(encoding="utf-8").splitlines()}
    with_all = [path for path in MODULES if hasattr(importlib.import_module(path), "__all__")]
    names = [name.rpartition(".") for name in PUBLIC]
    missing = {name for module, _, name in names if module in with_all} - listed
    assert not missing


@pytest.mark.parametrize("name", [name for name, it in PUBLIC.items() if inspect.isclass(it)])
def test_methods_say_what_they_do(name):
    ours = [cls for cls in PUBLIC[name].__mro__ if cls.__module__.startswith("eegaug.")]
    members = [pair for cls in ours for pair in vars(cls).items() if not pair[0].startswith("_")]
    kinds = (FunctionType, property, cached_property, staticmethod, classmethod)
    silent = [member for member, it in members if isinstance(it, kinds) and not it.__doc__]
    assert not silent, f"{name} has no docstring for {', '.join(silent)}"
