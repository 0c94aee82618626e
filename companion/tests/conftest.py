"""Lets the tests import the companion from the repository, wherever pytest is started, and marks those that need PyTorch."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NEED_TORCH = ("test_finetune", "test_export", "test_capture", "test_verify")
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]


@pytest.fixture
def companion(capsys):
    """Runs a command as a user would: (exit status, what went to stdout, what went to stderr)."""
    from companion.__main__ import main

    def run(*arguments) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


@pytest.fixture(scope="session")
def llama(tmp_path_factory) -> Path:
    from tiny import save_model

    return save_model(tmp_path_factory.mktemp("models") / "tiny-llama")


def pytest_ignore_collect(collection_path, config):
    """`-m "not torch"` leaves files out before they import what may not be installed."""
    return True if collection_path.stem in NEED_TORCH and config.option.markexpr == "not torch" else None


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if item.path.stem in NEED_TORCH:
            item.add_marker(pytest.mark.torch)
