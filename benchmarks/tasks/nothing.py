"""Start Python and import the readers: what every other task pays before it begins."""

import pyarrow.parquet  # noqa: F401
