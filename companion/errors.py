"""What can go wrong, said in one line: what, got, way out."""

import errno

INSTALL = "pip install -r companion/requirements.lock"


class CompanionError(Exception):
    """A problem of the user's files, settings or machine, whose message is the whole story."""


def one_line(error: BaseException) -> str:
    """The line that stands for an error of ours, of the system or of a missing package."""
    if isinstance(error, ModuleNotFoundError):
        return f"the Python package {error.name} is missing: {INSTALL}"
    if isinstance(error, OSError):
        return _of_system(error)
    return " ".join(str(error).split()) or type(error).__name__


def _of_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}the disk is full; nothing was left half-written"
    if isinstance(error, FileNotFoundError):
        return f"{where}no such file or folder"
    if isinstance(error, PermissionError):
        return f"{where}permission denied"
    return where + " ".join((error.strerror or str(error)).split())
