"""The file name of the SDK that the platform hands out; the build makes a wheel of this name (`hatch_build.py`)."""

from typing import Final

SDK_WHEEL: Final = "aiops_sdk-0.2.0-py3-none-any.whl"
