"""A nonlinear body frozen at its temperatures: equilibrated fluxes next to its own, whatever depends on temperature."""

import numpy as np
import pytest

from thermonet import read_body
from thermonet.heat.bodies.frozen import frozen_body
from thermonet.heat.bodies.goals import at_nodes
from thermonet.heat.goal_error import goal_errors
from thermonet.studies.bodies.mesh import first_mesh, touching_pairs
from thermonet.studies.bodies.nonlinear import solve_nonlinear_body
from thermonet.studies.bodies.regions_design import drawn_body
from thermonet.studies.values import Values

BAR = """
thermonet: body/1
name: bar
temperature: 300 K
coordinates: planar
depth: 1 mm
regions:
  bar:
    shape: {rectangle: {from: [0 mm, 0 mm], to: [4 mm, 1 mm]}}
    thermal_conductivity: {polynomial: [20 W/m/K, 0.2 W/m/K^2], about: 300 K}
    element_size: 1 mm
boundaries:
  cold: {on: bar.left, temperature: 300 K}
  BOUNDARY
numerics: {tolerance: 1 %, element_scale: 1}
"""
PLATE = BAR.replace("planar\ndepth: 1 mm", "plate").replace("    element_size", "    thickness: 1 mm\n    element_size")

SKY = "sky: {{on: bar.{}, ambient: {{conductance: 100 W/m^2/K}}, radiation: {{emissivity: 1, temperature: {} K}}}}"


@pytest.mark.parametrize(
    ("text", "boundary"),
    [
        (BAR, "warm: {on: bar.right, temperature: 450 K}"),
        (BAR, "warm: {on: bar.right, flux: 2 MW/m^2}"),
        (
            BAR,
            SKY.format("right", 1500),
        ),
        (
            PLATE,
            SKY.format("faces", 900),
        ),
    ],
)
def test_the_flux_of_the_state_is_equilibrated(tmp_path, text, boundary):
    """What separates the two falls with the fourth power of the size of quadratic elements: nothing else is left."""
    (tmp_path / "body.yaml").write_text(text.replace("BOUNDARY", boundary), encoding="utf-8")
    document = read_body(tmp_path / "body.yaml")
    mesh = first_mesh(document, Values())
    body, _ = drawn_body(document, Values(), touching_pairs(mesh.mesh))
    energies = []
    for _ in range(3):
        solved = solve_nonlinear_body(body, mesh.mesh)
        frozen = frozen_body(solved.model, solved.temperature, solved.reference)
        rise = at_nodes(solved.model, solved.temperature - solved.reference)[:, np.newaxis]
        energies.append(float(goal_errors(frozen.conductor, [frozen.total], rise, [(0, 0)]).estimate[0]))
        mesh = mesh.refined(np.arange(mesh.mesh.cells.shape[1]))
    assert energies[1] / energies[2] > 10
