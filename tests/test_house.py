"""The rules of the house: linters, import directions, a light start, short files, no addresses of registries, clean notebooks."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "diaglib"
MODULES = sorted(LIBRARY.rglob("*.py"))
MAX_LINES = 300
# a package may import what stands in a lower row (and itself)
FLOORS = [
    {"__main__", "cli"},
    {"runs", "drawing"},
    {"candidates", "tuning", "scoring", "memory"},
    {"footprint"},
    {"llm", "check"},
    {"dataset", "reading"},
    {"diagram"},
    {"profiles", "environment", "statistics", "files"},
]
# notebooks stand above everything; these names of diaglib/__init__ are `from diaglib import draw`
HEAVY = ("torch", "transformers", "matplotlib", "pandas", "cv2", "PIL", "pptx", "papermill", "nbconvert", "datasets", "numpy")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)], ids=" ".join)
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    result = run("-m", *command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_notebooks_are_stripped_of_outputs() -> None:
    result = run("-m", "nbstripout", "--verify", *map(str, sorted((ROOT / "notebooks").glob("*.ipynb"))))
    assert result.returncode == 0, result.stdout + result.stderr


def imported_modules(path: Path) -> set[str]:
    """Full names of everything a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor_of(name: str) -> int | None:
    return next((number for number, floor in enumerate(FLOORS) if name in floor), None)


def floor_mates(name: str) -> set[str]:
    """What may import each other: a package and itself, and the commands."""
    return FLOORS[0] if name in FLOORS[0] else {name}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_package_imports_only_downwards(path: Path) -> None:
    own = path.relative_to(LIBRARY).with_suffix("").parts[0]
    if own == "__init__":
        pytest.skip("the front door imports lazily from every floor")
    assert floor_of(own) is not None, f"{own} has no floor: add it to FLOORS"
    for module in imported_modules(path):
        parts = module.split(".")
        if parts[0] != "diaglib" or len(parts) == 1 or parts[1] in floor_mates(own):
            continue
        floor = floor_of(parts[1])
        if floor is None:  # `from diaglib import draw`: only the commands use the front door
            assert own in {"__main__", "cli"}, f"{path.name} imports {module} through the front door"
        else:
            assert floor > floor_of(own), f"{path.name} imports {module}, which is not below {own}"


@pytest.mark.parametrize("command", [("-c", "import diaglib"), ("-m", "diaglib", "--help")], ids=["import", "help"])
def test_nothing_heavy_is_loaded_at_the_start(command: tuple[str, ...]) -> None:
    result = run("-X", "importtime", *command)
    assert result.returncode == 0, result.stderr
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in result.stderr.splitlines() if "|" in line}
    assert "diaglib" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_files_are_short_and_say_what_lives_in_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert ast.get_docstring(ast.parse(text)), "a file starts with what lives here"


def tracked_files() -> list[Path]:
    """What is in git or would be added; the tree as it is where this is not a git checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted\.org|download\.pytorch\.org|conda\.anaconda\.org")
    for path in tracked_files():
        if path.suffix != ".safetensors" and path != Path(__file__):
            assert not hosts.search(path.read_text(encoding="utf-8", errors="ignore")), path


def requirement_names() -> set[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {re.split(r"[<>=]", line)[0].strip().lower() for line in lines if line and not line.startswith("#")}


def test_every_library_used_is_required() -> None:
    providers = packages_distributions()
    third_party = {module.split(".")[0] for path in MODULES for module in imported_modules(path)}
    third_party -= set(sys.stdlib_module_names) | {"diaglib"}
    needed = {name: {provider.lower() for provider in providers.get(name, [name])} for name in third_party}
    assert not {name for name, distributions in needed.items() if not distributions & requirement_names()}


def test_every_requirement_names_its_notebooks() -> None:
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.search(r"# (all|\d\d( \d\d)*): ", line), line


def test_every_requirement_has_a_tested_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if "==" in line}
    assert not requirement_names() - pinned


def test_the_series_names_every_notebook() -> None:
    listed = [
        entry["file"] for entry in tomllib.loads((LIBRARY / "runs" / "series.toml").read_text(encoding="utf-8"))["notebook"]
    ]
    assert sorted(set(listed)) == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_notebooks_name_only_python_3_as_their_kernel() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_a_prompt_reaches_the_command_as_it_was_typed() -> None:
    prompt = """it's "quoted", costs $5 & $(echo more); `ls` #1 \\ %"""
    show = f"{sys.executable} -c 'import json, sys; print(json.dumps(sys.argv[1:]))'"
    made = ["make", "--no-print-directory", "--old-file=.venv/.installed", "run", f"RUN={show}", f"PROMPT={prompt}"]
    # what the `make` that runs the tests was given is not for this one
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}
    result = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    arguments = json.loads(result.stdout)
    assert arguments[-2:] == ["-p", f"PROMPT={prompt}"]
