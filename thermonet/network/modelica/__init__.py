"""Modelica text of thermal networks and compact models, for ``Modelica.Thermal.HeatTransfer``.

Temperatures are absolute [K], heat flows are watts. Nodes, ports, sources and sensors are heat ports of the model: it
runs as it is, and may be a part of something larger. Names that are no identifiers are quoted, as Modelica allows.
"""
