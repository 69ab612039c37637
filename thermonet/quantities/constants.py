"""Constants of nature (CODATA 2018; exact where the SI fixes them)."""

from __future__ import annotations

import math

ELEMENTARY_CHARGE = 1.602176634e-19  #: e [C], exact
PLANCK = 6.62607015e-34  #: h [J s], exact
BOLTZMANN = 1.380649e-23  #: k_B [J/K], exact

#: Conductance quantum G_0 = 2 e^2 / h [S]
CONDUCTANCE_QUANTUM = 2 * ELEMENTARY_CHARGE**2 / PLANCK

#: Sommerfeld value of the Lorenz number, L_0 = pi^2 k_B^2 / (3 e^2) [W ohm / K^2]
LORENZ_NUMBER = math.pi**2 * BOLTZMANN**2 / (3 * ELEMENTARY_CHARGE**2)
