"""Puts the clone's data files into the package that is built. Everything else is said in pyproject.toml.

A package keeps them in its folder `data/` under the names they have in the clone (arena/settings/places.py). With the
variable WHEEL_CALCULATOR, the path of a built calculator, the wheel holds that too and is one for this platform.
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
DATA = ("config", "src", "calculator/Cargo.toml", "calculator/Cargo.lock", "calculator/src", "calculator/benches")
"""Files, and folders with all that is in them. Cargo wants the benchmarks that the manifest names to be there."""

CALCULATOR = os.environ.get("WHEEL_CALCULATOR", "").strip()
CALCULATOR_PLACE = "bin/crypto_calculator_cli"


def data_files() -> list[Path]:
    """Return every data file, relative to the clone. Fails where one of DATA is missing or empty."""
    found: list[Path] = []
    for name in DATA:
        whole = ROOT / name
        files = [whole] if whole.is_file() else [path for path in sorted(whole.rglob("*")) if path.is_file()]
        if not files:
            raise FileNotFoundError(f"{whole}: the package would lack its data; build it from a clone or its sdist")
        found += [path.relative_to(ROOT) for path in files]
    return found


class BuildWithData(build_py):
    """Copies the data files into the built package; an editable installation reads those of the clone."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        data = Path(self.build_lib) / "arena" / "data"
        for file in data_files():
            self._put(ROOT / file, data / file)
        if CALCULATOR:
            self._put(Path(CALCULATOR), data / CALCULATOR_PLACE)

    def _put(self, source: Path, target: Path) -> None:
        self.mkpath(str(target.parent))
        self.copy_file(str(source), str(target))


class WheelOfPlatform(bdist_wheel):
    """A wheel with the calculator runs on one platform, with any Python 3."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = not CALCULATOR

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        return ("py3", "none", platform) if CALCULATOR else (python, abi, platform)


setup(cmdclass={"build_py": BuildWithData, "bdist_wheel": WheelOfPlatform})
