"""SPICE text of thermal networks and compact models, and plain thermal netlists read back.

Volts are kelvin above the bath, amperes watts, ohms K/W, farads J/K and coulombs joules; node 0 is the bath. What is
written keeps to what ngspice and LTspice both understand.
"""
