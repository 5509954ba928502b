"""Code that fails deep down, as applications do: different functions in several files, each with a few local variables."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Callable

FILES = 4

_STEP = '''

def {name}(order, flow):
    """One step of an order."""
    customer = {{"id": order, "name": "Ada Example", "city": "London", "since": 2019}}
    prices = [order % 7, 12.5, 99, {number}]
    note = "step {number} of the order"
    flow = flow + 1
    {last}
    return customer, prices, note
'''


def write(folder: Path, frames: int) -> None:
    """Write the files of a flow whose traceback has so many frames, counting the one of its caller."""
    steps = frames - 1
    texts = [f'"""Orders, part {part}."""\n' for part in range(FILES)]
    for number in range(steps):
        following = f"step_{number + 1}"
        if number == steps - 1:
            last = 'raise LookupError("No stock for order {:07d}".format(order))'
        else:
            part = (number + 1) % FILES
            last = f"import orders_{frames}_{part} as other; result = other.{following}(order, flow)"
        texts[number % FILES] += _STEP.format(name=f"step_{number}", number=number, last=last)
    for part, text in enumerate(texts):
        (folder / f"orders_{frames}_{part}.py").write_text(text, encoding="utf-8")


def load(folder: Path, frames: int) -> Callable[[int, int], object]:
    """The first step; called with a number, it raises a LookupError with that number in its message."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    first: Callable[[int, int], object] = importlib.import_module(f"orders_{frames}_0").step_0
    return first
