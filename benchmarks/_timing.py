"""What the benchmark scripts share: repeated timings and the machine they were made on."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable


def seconds(job: Callable[[], object], repeats: int, warm: int = 1) -> list[float]:
    """Wall times of a job, after some that do not count."""
    for _ in range(warm):
        job()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        job()
        times.append(round(time.perf_counter() - started, 4))
    return times


def command(*words: str) -> Callable[[], object]:
    """A job that runs a whole command and throws its output away."""
    return lambda: subprocess.run(words, check=True, capture_output=True)


def report(benchmark: str, **figures: object) -> None:
    """Print one JSON line."""
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    print(json.dumps({"benchmark": benchmark, **figures, **machine}))


def median(times: list[float]) -> float:
    return round(statistics.median(times), 4)
