"""Numbers on small arrays: intervals, gradients, ranks, calibration, resampling, tests.

Needs NumPy and SciPy only and knows nothing of tables, metrics or reports. Import the module you mean,
for example ``from steelyard.stats import intervals``. A count may be any positive real: an *effective*
number of rows is as good as a number of rows. A ``ValueError`` means that the question has no answer
(no rows, no positives, a level outside (0, 1)); a value on its boundary is answered.
"""
