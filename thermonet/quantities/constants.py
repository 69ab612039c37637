"""Constants of nature (CODATA 2018; exact where the SI fixes them)."""

from __future__ import annotations

import math

ELEMENTARY_CHARGE = 1.602176634e-19  #: e [C], exact
PLANCK = 6.62607015e-34  #: h [J s], exact
BOLTZMANN = 1.380649e-23  #: k_B [J/K], exact
SPEED_OF_LIGHT = 299792458.0  #: c [m/s], exact

#: Conductance quantum G_0 = 2 e^2 / h [S]
CONDUCTANCE_QUANTUM = 2 * ELEMENTARY_CHARGE**2 / PLANCK

#: Sommerfeld value of the Lorenz number, L_0 = pi^2 k_B^2 / (3 e^2) [W ohm / K^2]
LORENZ_NUMBER = math.pi**2 * BOLTZMANN**2 / (3 * ELEMENTARY_CHARGE**2)

#: Stefan-Boltzmann constant sigma = 2 pi^5 k_B^4 / (15 h^3 c^2) [W / m^2 / K^4]
STEFAN_BOLTZMANN = 2 * math.pi**5 * BOLTZMANN**4 / (15 * PLANCK**3 * SPEED_OF_LIGHT**2)
