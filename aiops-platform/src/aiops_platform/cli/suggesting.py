"""A parser that says of a word it does not know which one may have been meant."""

import re
from argparse import ArgumentParser
from difflib import get_close_matches
from typing import Any, NoReturn

_NO_COMMAND = re.compile(r"invalid choice: '([^']*)'")
_NO_OPTION = re.compile(r"unrecognized arguments: (.*)")


class SuggestingParser(ArgumentParser):
    """As `ArgumentParser`, which also makes its subparsers of this class."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._options: list[str] = []
        self._commands: dict[str, SuggestingParser] = {}
        super().__init__(*args, **options)

    def add_argument(self, *names: Any, **options: Any) -> Any:
        """See `ArgumentParser`."""
        action = super().add_argument(*names, **options)
        self._options += action.option_strings
        return action

    def add_subparsers(self, **options: Any) -> Any:
        """See `ArgumentParser`."""
        commands = super().add_subparsers(**options)
        self._commands = commands.choices  # It grows with each one that is added.
        return commands

    def error(self, message: str) -> NoReturn:
        """Ends the program with the usage and a sentence."""
        if no_command := _NO_COMMAND.search(message):
            super().error(self._of_command(no_command[1]))
        if no_option := _NO_OPTION.search(message):
            super().error(message + self._of_options(no_option[1].split()))
        super().error(message)

    def _of_command(self, typed: str) -> str:
        near = get_close_matches(typed, self._commands, n=1)
        if near:
            return f"there is no command '{typed}': did you mean `{self.prog} {near[0]}`?"
        return f"there is no command '{typed}'; there are {', '.join(self._commands)}"

    def _of_options(self, typed: list[str]) -> str:
        for word in typed:
            near = get_close_matches(word.partition("=")[0], self._all_options(), n=1)
            if word.startswith("-") and near:
                return f": did you mean {near[0]}?"
        return ""

    def _all_options(self) -> list[str]:
        # What nobody has understood is told to the outermost parser.
        below = [name for parser in self._commands.values() for name in parser._all_options()]
        return [name for name in self._options if name.startswith("--")] + below
