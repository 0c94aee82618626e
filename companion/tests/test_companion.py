"""The command line, its one-line errors, and files that are there whole or not at all. None of this needs PyTorch."""

import errno
import subprocess
import sys

import pytest

from companion.__main__ import VERBS
from companion.errors import CompanionError, one_line
from companion.files import new_file, new_folder, read_json, write_json
from conftest import ROOT


@pytest.mark.parametrize("verb", VERBS)
def test_help_needs_no_pytorch(verb):
    """Each verb's help comes without importing any of the large packages."""
    script = (
        "import sys, runpy; sys.argv = ['companion', sys.argv[1], '--help']\n"
        "try: runpy.run_module('companion', run_name='__main__')\n"
        "finally: print('LOADED', [m for m in ('torch', 'transformers', 'peft') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, verb], capture_output=True, text=True, cwd=ROOT, check=True)
    assert f"usage: python -m companion {verb}" in done.stdout
    assert "LOADED []" in done.stdout


def test_usage(companion):
    status, out, _ = companion("--help")
    assert status == 0 and all(verb in out for verb in VERBS)
    status, out, err = companion("nonesuch")
    assert (status, out) == (2, "") and "unknown verb nonesuch" in err
    assert companion()[0] == 2


@pytest.mark.parametrize(
    "error, says",
    [
        (ModuleNotFoundError("No module named 'peft'", name="peft"), "the Python package peft is missing"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), "a/b: the disk is full"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a/b"), "a/b: no such file or folder"),
        (CompanionError("two\n  lines"), "two lines"),
    ],
)
def test_errors_are_one_line(error, says):
    assert one_line(error).startswith(says) and "\n" not in one_line(error)


def test_a_file_is_whole_or_absent(tmp_path):
    write_json(tmp_path / "a.json", {"one": 1})
    with pytest.raises(OSError), new_file(tmp_path / "a.json") as part:
        part.write_text("{")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert read_json(tmp_path / "a.json") == {"one": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_whole_or_absent(tmp_path):
    with new_folder(tmp_path / "a") as part:
        (part / "one").write_text("1")
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "a", replace=True) as part:
        (part / "two").write_text("2")
        raise KeyboardInterrupt
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a", "a/one"]
    with pytest.raises(CompanionError, match="--replace"), new_folder(tmp_path / "a"):
        pass
    with new_folder(tmp_path / "a", replace=True) as part:
        (part / "two").write_text("2")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a", "a/two"]


def test_the_lock_holds_exact_versions_and_no_addresses():
    lines = (ROOT / "companion" / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins and all(line.split(";")[0].count("==") == 1 for line in pins)
    assert not any(mark in line for line in lines for mark in ("http:", "https:", "--hash", "index-url", " @ "))
