"""Change the core in thousands of small ways, and see which changes no test notices.

``python benchmarks/mutants.py`` needs ``pip install mutmut`` and takes hours on two cores; it goes
on where it was stopped. Each mutant is tried on the tests that call the function it is in.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "mutants.md"
#: What is changed: what users' models are made of.
CORE = ["eegaug/*.py"]
#: What is not.
OTHERS = [
    *(f"eegaug/{folder}/*.py" for folder in ("integrations", "plots", "recordings", "study")),
    *(f"eegaug/{name}.py" for name in ("__main__", "extra", "files")),
]
#: The tests of it. What compiles is left out: it does not see through a mutant.
TESTS = [
    *(f"tests/{folder}" for folder in ("functional", "inspect", "objectives", "transforms")),
    *(
        f"tests/test_{name}.py"
        for name in "ensemble layers models montage policies strength validation".split()
    ),
    "tests/integrations/test_braindecode.py",
    "tests/integrations/test_skorch.py",
    "tests/recordings/test_arrays.py",
]
#: Lines that are nothing but text, or raise it: messages.
TEXT = r"""^\s*(raise \w+\()?[rf]*"[^"]*"[,)]*$"""
SETTINGS = f"""

[tool.mutmut]
source_paths = ["eegaug"]
only_mutate = {json.dumps(CORE)}
do_not_mutate = {json.dumps(OTHERS)}
also_copy = ["README.md", "CHANGELOG.md", "docs"]
do_not_mutate_patterns = ['''{TEXT}''']
pytest_add_cli_args = ["-n", "0", "-p", "no:cacheprovider", "-k", "not compile"]
pytest_add_cli_args_test_selection = {json.dumps(TESTS)}
"""
#: Survivors that compute what the original does, by what they change, with the reason.
EQUIVALENT = ROOT / "benchmarks" / "mutants_equivalent.toml"


def copy_tracked(work: Path) -> None:
    """Copy the files of the repository, and add the settings of mutmut."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, work / name)
    with (work / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)


def mutmut(work: Path, *arguments: str) -> str:
    """Run a command of mutmut, and return what it prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=work, capture_output=True, text=True, check=True).stdout


def statuses(work: Path) -> dict[str, str]:
    """Return what became of each mutant."""
    lines = mutmut(work, "results", "--all", "true").splitlines()
    pairs = [line.strip().rsplit(": ", 1) for line in lines if ": " in line]
    return {name: status for name, status in pairs if "__mutmut_" in name}


#: What prints the differences of mutants; the command for one takes seconds, and fails for some.
DIFFERENCES = """
import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
paths = json.load(sys.stdin)
print(json.dumps({name: get_diff_for_mutant(name, path=path) for name, path in paths.items()}))
"""


def changes(work: Path, mutants: list[str]) -> dict[str, str]:
    """Return the lines that mutants take out and put in, without their indentation."""
    paths = {name: f"{name.split('.x')[0].replace('.', '/')}.py" for name in mutants}
    command = [sys.executable, "-c", DIFFERENCES]
    given = {"input": json.dumps(paths), "cwd": work, "capture_output": True, "text": True}
    printed = subprocess.run(command, check=True, **given).stdout
    found = {}
    for name, difference in json.loads(printed.splitlines()[-1]).items():
        lines = [line for line in difference.splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
        found[name] = "\n".join(line[0] + " " + line[1:].strip() for line in lines)
    return found


def survivors(work: Path, found: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    """Return what each survivor changes, and why it is equivalent, if it is."""
    reasons = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["reasons"]
    names = [name for name, status in found.items() if status in ALIVE]
    return {
        name: (
            text,
            next((each["reason"] for each in reasons if re.search(each["change"], text)), None),
        )
        for name, text in changes(work, names).items()
    }


def module_of(mutant: str) -> str:
    """Return the module of a mutant, as "transforms.spectral"."""
    return mutant.split(".x")[0].removeprefix("eegaug.")


def write_page(work: Path) -> None:
    """Write what was found, and print it."""
    everything = statuses(work)
    found = {name: status for name, status in everything.items() if status != "not checked"}
    known = survivors(work, found)
    alive = {name: text for name, (text, _) in known.items()}
    why = {name: reason for name, (_, reason) in known.items() if reason}
    equal = why.keys()
    rows = ["| module | mutants | equivalent | killed | survived |", "|---|---|---|---|---|"]
    for module in sorted({module_of(name) for name in found}):
        own = [name for name in found if module_of(name) == module]
        n_equal, n_alive = len(equal & {*own}), len(alive.keys() & {*own})
        rows.append(
            f"| `{module}` | {len(own)} | {n_equal} | {len(own) - n_alive} | {n_alive - n_equal} |"
        )
    n_other = len(found) - len(equal)
    killed = len(found) - len(alive)
    shown = [
        f"`{name.split('.x')[1].split('__mutmut')[0].replace('ǁ', '.').strip('._')}` of"
        f" `{module_of(name)}`:\n\n```diff\n{text}\n```\n"
        for name, text in alive.items()
        if name not in equal
    ]
    n_left = len(everything) - len(found)
    counted = Counter(why[name] for name in equal)
    PAGE.write_text(
        HEAD.format(
            n=len(found),
            killed=killed,
            other=n_other,
            percent=100 * killed / max(n_other, 1),
            table="\n".join(rows),
            equivalent="\n".join(f"- {n}: {reason}" for reason, n in counted.most_common()),
            survivors="\n".join(shown) or "None.",
            left=f" {n_left} more were not run." if n_left else "",
        ),
        encoding="utf-8",
    )
    print(
        "\n".join(rows), f"\n{killed} of {n_other} killed: {100 * killed / max(n_other, 1):.1f} %"
    )


#: What mutmut calls mutants that no test killed.
ALIVE = {"survived", "no tests"}
HEAD = """# Mutants

A test that no change of the code can fail is none. Here the core is changed in many small ways, one
at a time (a number, a sign, a comparison, an argument left out), by
[mutmut](https://mutmut.readthedocs.io), and the tests of the changed function are run. Written by
`benchmarks/mutants.py`; texts of messages are not changed.

**{killed} of {other} mutants that differ from the original were killed ({percent:.1f} %)**, of {n}
in all.{left}

{table}

## Equivalent

These compute what the original computes:

{equivalent}

## Survivors

{survivors}
"""


def main() -> None:
    """Run what is left, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutants")
    parser.add_argument("--only", nargs="+", metavar="GLOB", help="modules, as transforms.*")
    parser.add_argument(
        "--again", action="store_true", help="try those that survived on the tests of today"
    )
    parser.add_argument("--page", action="store_true", help="write the page of what was run")
    arguments = parser.parse_args()
    if arguments.again or not (arguments.work / "pyproject.toml").exists():
        copy_tracked(arguments.work)
    if not arguments.page:
        names = [f"eegaug.{glob}.x*" for glob in arguments.only or ()]
        if arguments.again:
            known = survivors(arguments.work, statuses(arguments.work))
            names = [name for name, (_, why) in known.items() if not why]
        command = [sys.executable, "-m", "mutmut", "run", *names]
        subprocess.run(command, cwd=arguments.work, check=True)
    write_page(arguments.work)


if __name__ == "__main__":
    main()
