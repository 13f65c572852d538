"""Makes a virtual environment with unfreed built and installed in it, doing only what is not done.

    python3 tools/environment.py .venv [--python PYTHON] [--need test] [--werror] [--only-tools]

The build directory under build/ is kept per interpreter and set of options, so that a rebuild
compiles only what changed. Stamps inside the environment say what it holds; an environment whose
stamp does not fit (another interpreter, a moved checkout) is made anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import system_packages
from python_facts import Facts, NoInterpreter, ask

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements"
_STAMPS = ".unfreed"

# Whatever goes into the wheel or steers how it is built.
_INSTALLED_FROM = ("meson.build", "meson.options", "pyproject.toml", "README.md", "LICENSE")
_INSTALLED_TREES = ("include", "src", "python")


class Failed(Exception):
    """A step did not succeed; the text is one line, details were printed before."""


@dataclass(frozen=True)
class Options:
    """How the C code is compiled; each set has a build directory of its own."""

    werror: bool = False
    sanitize: bool = False

    def suffix(self) -> str:
        return ("-werror" if self.werror else "") + ("-asan" if self.sanitize else "")

    def setup_arguments(self) -> list[str]:
        arguments = [f"-Dwerror={'true' if self.werror else 'false'}"]
        if self.sanitize:
            arguments += ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
        return arguments


class Environment:
    def __init__(self, folder: Path, python: Facts, options: Options) -> None:
        self.folder = folder.resolve()
        self.facts = python
        self.options = options
        key = hashlib.sha256(f"{python.executable} {self.folder}".encode()).hexdigest()[:8]
        self.build = BUILD / f"cpython-{python.version}-{key}{options.suffix()}"

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def python(self) -> str:
        return str(self.bin / "python")

    def variables(self) -> dict[str, str]:
        """The process environment in which this environment's tools find each other."""
        variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        variables["PATH"] = f"{self.bin}{os.pathsep}{variables.get('PATH', '')}"
        variables["VIRTUAL_ENV"] = str(self.folder)
        variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        variables["PIP_ROOT_USER_ACTION"] = "ignore"
        return variables

    # --- stamps -----------------------------------------------------------------------------

    def _stamp_is(self, name: str, text: str) -> bool:
        try:
            return (self.folder / _STAMPS / name).read_text() == text
        except OSError:
            return False

    def _stamp(self, name: str, text: str) -> None:
        (self.folder / _STAMPS).mkdir(exist_ok=True)
        (self.folder / _STAMPS / name).write_text(text)

    # --- steps ------------------------------------------------------------------------------

    def make(self, seed: str | None = None) -> None:
        """The environment itself, with the pinned build tools.

        `seed`: a Python with pip that fills an environment whose own interpreter has no
        ensurepip (Debian's interpreters, unpacked by fetch_pythons.py).
        """
        identity = json.dumps(
            [
                str(self.folder),
                self.facts.executable,
                self.facts.version,
                sorted(system_packages.LIBRARIES),
            ]
        )
        if not self._stamp_is("interpreter", identity) or not Path(self.python).exists():
            system_packages.require(self.facts, sanitizer=self.options.sanitize)
            facts = ask(self.facts.executable)  # a package may have completed it
            say(f"making {self._short(self.folder)} with CPython {facts.version}")
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            bare = [] if facts.has_ensurepip else ["--without-pip"]
            self._run([facts.executable, "-m", "venv", *bare, str(self.folder)], "venv")
            if bare:
                if seed is None:
                    raise Failed(f"{facts.executable} has no ensurepip, and no pip to fill it with")
                pip = next(
                    line
                    for line in (REQUIREMENTS / "build.txt").read_text().splitlines()
                    if line.startswith("pip==")
                )
                self._run([seed, "-m", "pip", "--python", self.python, "install", "-q", pip], "pip")
            self._stamp("interpreter", identity)
        self.need("build")

    def need(self, name: str) -> None:
        """Installs requirements/NAME.txt unless exactly that was installed before."""
        file = REQUIREMENTS / f"{name}.txt"
        text = file.read_text()
        if self._stamp_is(name, text):
            return
        say(f"installing {file.relative_to(ROOT)} into {self._short(self.folder)}")
        self._run([self.python, "-m", "pip", "install", "-q", "-r", str(file)], f"pip ({name})")
        self._stamp(name, text)

    def install(self, verbose: bool = False) -> None:
        """Builds the wheel incrementally and installs it, unless nothing it is made of changed."""
        state = f"{self.build}\n{fingerprint()}"
        program = self.bin / "unfreed"
        if self._stamp_is("installed", state) and program.exists():
            return
        if (self.build / "root").exists() and (self.build / "root").read_text() != str(ROOT):
            shutil.rmtree(self.build)  # the checkout was moved: Meson's paths are stale
        system_packages.require(self.facts, sanitizer=self.options.sanitize)
        say(f"building for CPython {self.facts.version} into {self._short(self.folder)}")
        self.build.mkdir(parents=True, exist_ok=True)
        (self.build / "root").write_text(str(ROOT))
        settings = [f"-Csetup-args={argument}" for argument in self.options.setup_arguments()]
        noise = ["-v"] if verbose else ["-q"]
        pip = [self.python, "-m", "pip", "install", *noise, "--no-build-isolation", "--no-deps"]
        self._run([*pip, f"-Cbuild-dir={self.build}", *settings, str(ROOT)], "build")
        self._stamp("installed", state)

    def meson(self, *arguments: str, variables: dict[str, str] | None = None) -> int:
        """Runs `meson ARGUMENTS` on this build directory."""
        command = [str(self.bin / "meson"), arguments[0], "-C", str(self.build), *arguments[1:]]
        return subprocess.run(command, env={**self.variables(), **(variables or {})}).returncode

    def _run(self, command: list[str], what: str) -> None:
        done = subprocess.run(command, env=self.variables(), stdin=subprocess.DEVNULL, cwd=ROOT)
        if done.returncode != 0:
            raise Failed(f"{what} failed with exit code {done.returncode}")

    @staticmethod
    def _short(path: Path) -> str:
        return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def say(text: str) -> None:
    print(f"unfreed: {text}", file=sys.stderr, flush=True)


def fingerprint() -> str:
    """Names, sizes and times of everything that the installed files are made of."""
    files = [ROOT / name for name in _INSTALLED_FROM]
    for tree in _INSTALLED_TREES:
        files += [f for f in (ROOT / tree).rglob("*") if "__pycache__" not in f.parts]
    files += (ROOT / "tests").rglob("meson.build")
    digest = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            status = file.stat()
            digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def installed_build(folder: Path) -> Path | None:
    """The build directory that the environment in `folder` was last installed from."""
    try:
        return Path((folder / _STAMPS / "installed").read_text().splitlines()[0])
    except OSError:
        return None


def prepared(
    folder: Path,
    python: str,
    options: Options,
    needs: tuple[str, ...] = (),
    *,
    seed: str | None = None,
    with_unfreed: bool = True,
    verbose: bool = False,
) -> Environment:
    """The environment in `folder`, with unfreed and the requirements `needs` installed."""
    facts = ask(python)
    refusal = facts.refusal()
    if refusal:
        raise Failed(f"{python} {refusal}")
    environment = Environment(folder, facts, options)
    environment.make(seed)
    if with_unfreed:
        environment.install(verbose)
    for name in needs:
        environment.need(name)
    return environment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--need", action="append", default=[])
    parser.add_argument("--werror", action="store_true")
    parser.add_argument("--sanitize", action="store_true")
    parser.add_argument("--only-tools", action="store_true", help="do not build unfreed")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    options = Options(werror=given.werror, sanitize=given.sanitize)
    try:
        prepared(
            given.folder,
            given.python,
            options,
            tuple(given.need),
            with_unfreed=not given.only_tools,
            verbose=given.verbose,
        )
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
