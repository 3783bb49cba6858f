"""How fast the program is: `make bench`, or `python -m tests.benchmarks --help`.

Ratios compare two things timed in alternating rounds within one process, and the median of the rounds counts:
a machine that is busy elsewhere slows both sides alike.
"""
