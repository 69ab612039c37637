"""Every failure that a user can cause, named after its meaning, with the exit code the command line returns."""

from __future__ import annotations

from dataclasses import dataclass


class ThermonetError(Exception):
    """Base of all failures a user can cause; anything else that escapes is a defect of ours."""

    exit_code = 1


class UsageError(ThermonetError):
    """An option, a built-in name or an output folder that cannot be used."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a document: the place, the key, what is wrong and what would be right."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.path}: {self.message}"


class DocumentError(ThermonetError):
    """A document that is missing, unreadable or invalid; carries every `Problem` found, not only the first."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(DocumentError):
    """Data files that a document names: missing, unreadable, or with fields that mean nothing."""

    exit_code = 4


class PhysicsError(ThermonetError, ValueError):
    """Values that are well formed but describe nothing that can exist; the path of the culprit, where it has one."""

    exit_code = 3

    def __init__(self, message: str, path: str = "") -> None:
        self.path = path
        super().__init__(message)


class NotConvergedError(ThermonetError):
    """An iteration or a refinement that stopped short of its tolerance; the best estimate is in the text."""

    exit_code = 5
