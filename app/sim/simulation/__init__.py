"""The whole processor against the whole world, in one process, on a clock that leaps, driven by a seed.

``runner.play`` makes of one seed a plan (alerts, people, faults), a trace and the violations that ``checkers`` found.
Faults and checkers know nothing of each other. The same seed gives the same trace, byte for byte.
"""
