"""Temperature from a resistance or a thermocouple voltage: ITS-90 platinum, IEC 60751, thin films, types B to T."""

from thermonet.calibration.thermometry.deviation import (
    SUBRANGES,
    Deviation,
    Subrange,
    deviation_from_fixed_points,
    is_its90_platinum,
    its90_ratio,
    its90_temperature,
    its90_temperature_u,
)
from thermonet.calibration.thermometry.film import film_resistance, film_temperature
from thermonet.calibration.thermometry.iec60751 import (
    TOLERANCE_CLASSES,
    CallendarVanDusen,
    ToleranceClass,
    iec60751_resistance,
    iec60751_temperature,
    iec60751_tolerance,
)
from thermonet.calibration.thermometry.its90 import (
    FIXED_POINTS,
    FixedPoint,
    reference_ratio,
    reference_slope,
    reference_temperature,
)
from thermonet.calibration.thermometry.thermocouples import (
    thermocouple_emf,
    thermocouple_seebeck,
    thermocouple_temperature,
)

__all__ = [
    "FIXED_POINTS",
    "SUBRANGES",
    "TOLERANCE_CLASSES",
    "CallendarVanDusen",
    "Deviation",
    "FixedPoint",
    "Subrange",
    "ToleranceClass",
    "deviation_from_fixed_points",
    "film_resistance",
    "film_temperature",
    "iec60751_resistance",
    "iec60751_temperature",
    "iec60751_tolerance",
    "is_its90_platinum",
    "its90_ratio",
    "its90_temperature",
    "its90_temperature_u",
    "reference_ratio",
    "reference_slope",
    "reference_temperature",
    "thermocouple_emf",
    "thermocouple_seebeck",
    "thermocouple_temperature",
]
