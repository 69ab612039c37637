"""The reference problems against peers, on one mesh: `python peers.py [--quick] ngsolve [dolfinx]`.

Prints one JSON line per case and peer, and exits with 1 where a peer is missing or finds another resistance. Every tool
works in a process of its own, one after the other, on two cores, from the same linear mesh to the same answer with
quadratic elements, iterations to the same tolerance. Of a peer's ways to solve, the fastest counts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
#: Ways of every peer that are worth trying, by problem.
WAYS = {
    "ngsolve": {
        "A": ("sparsecholesky", "umfpack", "multigrid"),
        "B": ("multigrid", "multigrid, coarse h1amg", "bddc of vertices"),
    },
    "dolfinx": {"A": ("mumps",), "B": ("hypre",)},
}
PROBLEMS = ("A", "again", "B", "A-accuracy", "B-accuracy")
SIZES = {"A": (100_000,), "B": (100_000, 500_000, 1_000_000, 2_000_000)}
QUICK = {"A": (100_000,), "B": (100_000, 500_000)}
REPEATS = 5
#: Relative difference of resistances beyond which two tools have solved two problems.
AGREEMENT = 1e-9
CORES = 2
#: A way that takes so many times as long as the fastest on the smallest mesh is not tried on larger ones.
FAR_BEHIND = 1.3
#: Of problem A and B, from elements of degree 6 on three graded meshes by NGSolve: known to 1e-6.
TRUE_RESISTANCE = 20980.94
#: Relative errors that are asked for where every tool takes a mesh of its own.
TOLERANCES = (1e-3, 1e-4)
#: A peer's way on meshes of its own, and runs of each.
OWN_WAY, OWN_REPEATS = {"A": "sparsecholesky", "B": "multigrid"}, 3


class MissingPeerError(Exception):
    """A tool that was asked for is in no interpreter that was looked at."""


@dataclass(frozen=True)
class Tool:
    """How a tool is run: the command up to its arguments."""

    name: str
    command: tuple[str, ...]

    def run(self, case: str, way: str, mesh: Path, smaller: Path, repeats: int) -> dict[str, object]:
        """What one process of it has found and measured."""
        return figures((*self.command, case, way, str(mesh), str(smaller), str(repeats)))


def figures(words: Sequence[str]) -> dict[str, object]:
    """The JSON line that a command prints last."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _environment() -> dict[str, str]:
    """One BLAS thread each, as `thermonet` sets for itself: threads are the tools' own, or processes of MPI."""
    runs_as_root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return {**os.environ, **runs_as_root, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def our_tool() -> Tool:
    return Tool("thermonet", (sys.executable, str(HERE / "_peer_ours.py")))


def peer_tool(name: str, interpreters: Sequence[str]) -> Tool:
    """The peer in the first interpreter that has it.

    Raises
    ------
    MissingPeerError
        None of them has.
    """
    for interpreter in interpreters:
        if subprocess.run((interpreter, "-c", f"import {name}"), capture_output=True, check=False).returncode == 0:
            ranks = ("mpirun", "-n", str(CORES)) if name == "dolfinx" else ()
            return Tool(name, (*ranks, interpreter, str(HERE / f"_peer_{name}.py")))
    raise MissingPeerError(
        f"{name} is missing: it cannot be imported by {', '.join(interpreters)} (--peer-python PATH)"
    )


def made(problem: str, unknowns: int, folder: Path) -> Path:
    """Path of a mesh, made if it is not there."""
    path = folder / f"{problem}-{unknowns}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"meshing {problem} for {unknowns} unknowns", file=sys.stderr)
        partial = path.with_suffix(".partial.npz")
        words = (sys.executable, str(HERE / "_peer_meshes.py"), problem, str(unknowns), str(partial))
        subprocess.run(words, check=True, capture_output=True)
        partial.rename(path)
    return path


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def best_way(tool: Tool, case: str, problem: str, mesh: Path, smaller: Path) -> str:
    """The fastest of a peer's ways in one run each; on a large mesh of those not far behind on a smaller one."""
    ways = WAYS[tool.name][problem]
    for trial in dict.fromkeys((smaller, mesh)):
        if len(ways) == 1:
            break
        times = {way: median(tool.run(case, way, trial, smaller, 1)["seconds"]) for way in ways}
        near = FAR_BEHIND if trial != mesh else 1.0
        ways = tuple(way for way in ways if times[way] <= near * min(times.values()))
    return ways[0]


def compare(problem: str, unknowns: int, peers: Sequence[Tool], folder: Path, repeats: int) -> dict[str, object]:
    """Print a line per peer; problem A with its slowest time constant. Returns our own figures."""
    case = "tau" if problem == "A" else "R"
    mesh, smaller = made(problem, unknowns, folder), made(problem, min(SIZES[problem]), folder)
    ours = our_tool().run(case, ".", mesh, smaller, repeats)
    for peer in peers:
        way = best_way(peer, case, problem, mesh, smaller)
        theirs = peer.run(case, way, mesh, smaller, repeats)
        differences = {
            f"{symbol}_rel_diff": abs(ours[key] / theirs[key] - 1)
            for symbol, key in (("R", "resistance"), ("tau", "time_constant"))
            if ours[key] is not None
        }
        line = {
            "problem": problem,
            "unknowns": ours["unknowns"],
            "peer": peer.name,
            "way": way,
            "ours_s": ours["seconds"],
            "peer_s": theirs["seconds"],
            "time_ratio": round(median(ours["seconds"]) / median(theirs["seconds"]), 3),
            "ours_mb": ours["peak_mb"],
            "peer_mb": theirs["peak_mb"],
            "memory_ratio": round(ours["peak_mb"] / theirs["peak_mb"], 3),
            **differences,
        }
        print(json.dumps(line), flush=True)
        if ours["unknowns"] != theirs["unknowns"] or differences["R_rel_diff"] > AGREEMENT:
            raise SystemExit(f"{peer.name} has solved another problem: {theirs} against {ours}")
    return ours


def changed_conductivity(folder: Path, repeats: int) -> None:
    """Print what another conductivity of a film costs, relative to the first solution of problem A."""
    mesh = made("A", min(SIZES["A"]), folder)
    found = our_tool().run("again", ".", mesh, mesh, repeats)
    first = median(found["first"])
    line = {
        "problem": "A again",
        "first_s": found["first"],
        "again_s": found["again"],
        "time_ratio": {factor: round(median(times) / first, 3) for factor, times in found["again"].items()},
        "R_rel_diff": found["R_rel_diff"],
    }
    print(json.dumps(line), flush=True)


def scaling(found: Sequence[dict[str, object]]) -> None:
    """Print how our time grows with the unknowns of problem B: slope of a line through the logarithms."""
    sizes = [math.log(one["unknowns"]) for one in found]
    times = [math.log(median(one["seconds"])) for one in found]
    slope, _ = statistics.linear_regression(sizes, times)
    line = {
        "problem": "B scaling",
        "unknowns": [one["unknowns"] for one in found],
        "ours_s": [median(one["seconds"]) for one in found],
        "ours_mb": [one["peak_mb"] for one in found],
        "exponent": round(slope, 3),
    }
    print(json.dumps(line), flush=True)


def accuracy(problem: str, peers: Sequence[Tool]) -> None:
    """Print times from the drawing to a true error, on every tool's own meshes: ours adapted, NGSolve's refined."""
    for peer in (peer for peer in peers if peer.name == "ngsolve"):
        for tolerance in TOLERANCES:
            asked, repeats = (problem, str(tolerance)), str(OWN_REPEATS)
            ours = figures((sys.executable, str(HERE / "_peer_accuracy_ours.py"), *asked, repeats))
            words = (*peer.command[:-1], str(HERE / "_peer_accuracy_ngsolve.py"), *asked)
            theirs = figures((*words, str(TRUE_RESISTANCE), repeats, OWN_WAY[problem]))
            line = {
                "problem": f"{problem}-accuracy",
                "tolerance": tolerance,
                "peer": peer.name,
                "ours_s": ours["seconds"],
                "peer_s": theirs["seconds"],
                "time_ratio": round(median(ours["seconds"]) / median(theirs["seconds"]), 3),
                "unknowns": ours["unknowns"],
                "peer_unknowns": theirs["unknowns"],
                "error": abs(ours["resistance"] / TRUE_RESISTANCE - 1),
                "estimated": ours["estimated"],
                "peer_error": theirs["error"],
            }
            print(json.dumps(line), flush=True)


def interpreters(given: Sequence[str]) -> list[str]:
    """Where peers are looked for: in this one, in those that were given, in the system's own."""
    system = shutil.which("python3", path=os.defpath)
    stated = os.environ.get("THERMONET_PEER_PYTHON", "").split(os.pathsep)
    return [path for path in dict.fromkeys([sys.executable, *given, *stated, system]) if path]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="+", choices=sorted(WAYS), help="what to compare with")
    parser.add_argument("--quick", action="store_true", help="problem A, and B with 1e5 and 5e5 unknowns")
    parser.add_argument("--problem", action="append", choices=PROBLEMS, help="only this one (repeatable)")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="runs of every tool on every mesh")
    parser.add_argument("--peer-python", action="append", default=[], help="interpreter that has a peer (repeatable)")
    parser.add_argument("--meshes", type=Path, default=Path(tempfile.gettempdir()) / "thermonet-peers")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    try:
        peers = [peer_tool(name, interpreters(args.peer_python)) for name in dict.fromkeys(args.peers)]
    except MissingPeerError as error:
        print(error, file=sys.stderr)
        return 1
    wanted = args.problem or (PROBLEMS[:3] if args.quick else PROBLEMS)
    sizes = QUICK if args.quick else SIZES
    if "A" in wanted:
        compare("A", *sizes["A"], peers, args.meshes, args.repeats)
    if "again" in wanted:
        changed_conductivity(args.meshes, args.repeats)
    if "B" in wanted:
        found = [compare("B", unknowns, peers, args.meshes, args.repeats) for unknowns in sizes["B"]]
        scaling(found)
    for problem in ("A", "B"):
        if f"{problem}-accuracy" in wanted:
            accuracy(problem, peers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
