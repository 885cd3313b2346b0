"""The README's code, as a newcomer pastes it."""

import re
import runpy
from pathlib import Path

import pytest
import torch

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.slow
def test_the_snippets_run_one_after_the_other(tmp_path):
    script = tmp_path / "snippets.py"
    script.write_text("\n".join(BLOCKS), encoding="utf-8")
    names = runpy.run_path(str(script))
    assert len(BLOCKS) == 7
    assert names["loss"].isfinite()
    assert names["average"].predict_proba(names["windows"].X[:4]).shape == (4, 5)
    assert names["layer"](torch.randn(4, 2, 300)).shape == (4, 2, 300)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page):
    text = (README.parent / page).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    anchors = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("https://"):
            assert (README.parent / link).exists(), link


def test_the_pipeline_snippet_runs_by_itself(tmp_path, capsys):
    script = tmp_path / "pipeline.py"
    script.write_text(BLOCKS[0], encoding="utf-8")
    runpy.run_path(str(script))
    assert "max_delta_freq" in capsys.readouterr().out
