"""One BLAS thread for work on small matrices, where more of them only wait for each other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def single_threaded(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Let a function run with one BLAS thread, whatever the user has set, and restore that afterwards.

    Matrices here are a few dozen unknowns wide. On a busy machine of two cores their products took six times as long
    with two threads as with one.
    """

    @functools.wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Returned:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return wrapper
