"""Import what reading a table with PyArrow imports."""

import pyarrow.dataset
import pyarrow.parquet  # noqa: F401
