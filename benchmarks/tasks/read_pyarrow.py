"""Only read the columns, with PyArrow: the yardstick. The clock starts after the imports that reading causes."""

import contextlib
import json
import sys
import time

import pyarrow.dataset  # noqa: F401
import pyarrow.parquet as pq

with contextlib.suppress(ImportError):
    import pandas  # noqa: F401  (PyArrow imports it on the first reading, where it is installed)

began = time.process_time()
pq.read_table(sys.argv[1], columns=sys.argv[2].split(","))
print(json.dumps({"work_cpu": time.process_time() - began}))
