"""Bytes that grow towards code that has not run yet (atheris), against what must hold of any bytes: see `holding.py`.

python bench/platform/fuzzing.py                 ten minutes, beginning with the golden bodies of the wire
python bench/platform/fuzzing.py --seconds 3600 --corpus FOLDER    longer, and keep what was found for the next time
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from peers import ROOT, atheris

_LONGEST = 65_536  # bytes of a body
_MEMORY = 1_024  # MB that the process may take
_SLOWEST = 10  # seconds for one body


def main() -> int:
    """Fuzz, and say how it went: 0 when all held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, help="where to keep what was found")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="fuzzing-") as folder:
        corpus = options.corpus or Path(folder) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        environ = {
            "PATH": os.environ["PATH"],
            # The same Python as ours, so that it can use what ours has.
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT / "aiops-platform" / "src"), str(Path(__file__).parent), sysconfig.get_path("purelib")]
            ),
        }
        limits = [f"-max_total_time={options.seconds}", f"-max_len={_LONGEST}", f"-rss_limit_mb={_MEMORY}"]
        command = [str(atheris().python), __file__, "--child", str(corpus), str(ROOT / "wire" / "samples")]
        done = subprocess.run(
            [*command, *limits, f"-timeout={_SLOWEST}", f"-artifact_prefix={corpus}{os.sep}", "-print_final_stats=1"],
            env=environ, timeout=options.seconds * 2 + 120, check=False,
        )  # fmt: skip
    print("all held" if done.returncode == 0 else f"something did not hold: it ended with {done.returncode}")
    return int(done.returncode != 0)


def _fuzz(arguments: list[str]) -> None:
    import atheris as fuzzer  # type: ignore[import-untyped,import-not-found,unused-ignore]  # in its own environment

    with fuzzer.instrument_imports(include=["aiops_platform.core"]):
        import holding

        from aiops_platform.core.opening import Opener
        from aiops_platform.core.scrubbing import Scrubber
    opener = Opener(Scrubber())
    fuzzer.Setup([__file__, *arguments], lambda raw: holding.check(raw, opener))
    fuzzer.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _fuzz(sys.argv[2:])
    sys.exit(main())
