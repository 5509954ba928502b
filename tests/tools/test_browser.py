"""How `make test` comes by a Chromium, without installing one."""

from collections.abc import Sequence

import pytest

import browser

INSTALLED = "/usr/bin/chromium"


class Machine:
    """A machine on which Chromium appears once the named program succeeds."""

    def __init__(self, *, installed: bool = False, works: str = "") -> None:
        self.installed = installed
        self.works = works
        self.ran: list[str] = []

    def find(self) -> str | None:
        return INSTALLED if self.installed else None

    def run(self, command: Sequence[str]) -> None:
        line = " ".join(command)
        self.ran.append(line)
        self.installed = self.installed or (" install " in line and bool(self.works) and self.works in line)


def test_where_there_is_a_chromium_nothing_is_run() -> None:
    machine = Machine(installed=True)

    browser.ensure(machine.find, machine.run, browser.ways(root=True, apt=True))

    assert machine.ran == []


def test_root_installs_the_distribution_s() -> None:
    machine = Machine(works="apt-get")

    browser.ensure(machine.find, machine.run, browser.ways(root=True, apt=True))

    assert machine.ran == ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends chromium"]


def test_where_the_distribution_has_none_root_installs_playwright_s_with_its_libraries() -> None:
    machine = Machine(works="playwright")

    browser.ensure(machine.find, machine.run, browser.ways(root=True, apt=True))

    assert machine.ran[-1].endswith("-m playwright install --with-deps chromium")


@pytest.mark.parametrize(("root", "apt"), [(False, True), (False, False), (True, False)])
def test_who_may_not_ask_apt_installs_playwright_s(root: bool, apt: bool) -> None:
    machine = Machine(works="playwright")

    browser.ensure(machine.find, machine.run, browser.ways(root=root, apt=apt))

    (command,) = machine.ran
    assert command.endswith("-m playwright install chromium")


def test_where_nothing_works_one_sentence_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine()

    with pytest.raises(browser.NoChromiumError) as failure:
        browser.ensure(machine.find, machine.run, browser.ways(root=False, apt=True))

    assert "sudo apt-get install chromium" in str(failure.value)
    assert str(browser.LOG) in str(failure.value)
    assert "\n" not in str(failure.value)
    assert capsys.readouterr().out == "Installing Chromium with Playwright's installer, for the tests in a browser\n"
