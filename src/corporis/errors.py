"""What can go wrong, as one tree::

    CorporisError
    |-- BadInput        a file, folder or value from outside is not what was expected (exit 2)
    |   |-- Unreadable  a file cannot be parsed: truncated, another format, missing codec
    |   `-- Unsupported a file is well formed but of a kind this job cannot use
    |-- NotFound        what was searched for is not in the image (no ventricle, no tissue)
    |-- MissingExtra    an optional package is needed; the message gives the install command
    `-- OutputError     the output folder cannot be written (exit 2)

A message says what was expected, what came and what to do, in one line. Wrong arguments in
Python code raise ``ValueError`` or ``TypeError`` as usual.
"""


class CorporisError(Exception):
    """Root of all errors that this package raises on purpose."""

    exit_code = 1


class BadInput(CorporisError):
    """Something that came from outside is not what was expected."""

    exit_code = 2


class Unreadable(BadInput):
    """A file that cannot be parsed."""


class Unsupported(BadInput):
    """A well-formed input of a kind that this job cannot use."""


class NotFound(CorporisError):
    """What was searched for is not in the image."""

    exit_code = 2


class MissingExtra(CorporisError):
    """An optional package is needed for this step."""

    exit_code = 2

    def __init__(self, package: str, extra: str, purpose: str):
        super().__init__(
            f"{purpose} needs the package {package}: install it with "
            f"pip install 'corporis[{extra}]'"
        )


class OutputError(CorporisError):
    """The output cannot be written."""

    exit_code = 2
