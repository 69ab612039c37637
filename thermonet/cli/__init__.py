"""The command line: parse, call, print. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from thermonet.cli.calibrate import calibrate
from thermonet.cli.check import check
from thermonet.cli.network import network
from thermonet.cli.new import new
from thermonet.cli.schema import schema
from thermonet.cli.study import study
from thermonet.quantities.errors import DocumentError, ThermonetError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="thermonet", prog_name="thermonet")
def thermonet() -> None:
    """Finite-element models and thermal networks of micrometre-sized thermometers.

    From a YAML design to its thermal resistances, time constants and their uncertainties; from the records of a
    campaign to a calibration. Start with

    \b
        thermonet study ntistp                  the reference probe, with a report
        thermonet study suspended_calorimeter   a drawn body, refined until its answers are exact enough
        thermonet network two_baths             resistances and heat capacities between nodes
        thermonet calibrate seebeck_stage       its thermocouple, from synthetic records
        thermonet new ntistp                    a copy to change
    """


for verb in (study, network, calibrate, check, new, schema):
    thermonet.add_command(verb)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code.

    0 ok; 2 usage; 3 a document is invalid; 4 a data file is; 5 not converged; 6 an assumption does not hold (--strict);
    130 interrupted. Anything else that escapes is a defect of ours and keeps its traceback (exit code 1).
    """
    try:
        code = thermonet.main(arguments, standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("thermonet: interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except DocumentError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except ThermonetError as error:
        click.echo(f"thermonet: {error}", err=True)
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("thermonet: interrupted", err=True)
        return 130
    return int(code or 0)


def run() -> None:
    """Entry point of the installed program."""
    # The dense matrices here are a few dozen unknowns wide: threads of BLAS only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
