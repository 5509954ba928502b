"""What the pages point at is there: files, headings, make targets, and code that compiles."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"""\[[^\]]*\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)\"""")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z-]+)", re.MULTILINE)


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


PAGES = _pages()


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get on the usual forges."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for target in (link or image for link, image in LINK.findall(text)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_make_target_named_in_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join(body for _, body in FENCE.findall(page.read_text(encoding="utf-8")))
    inline = "\n".join(re.findall(r"`make [^`]+", page.read_text(encoding="utf-8")))
    assert set(MAKE.findall(code + "\n" + inline)) - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_python_snippet_compiles(page: Path) -> None:
    for language, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            compile(body, _name(page), "exec")


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    assert [
        page.name for page in PAGES if page.parent.name == "adr" and page.name[0] == "0" and page.name not in listed
    ] == []
