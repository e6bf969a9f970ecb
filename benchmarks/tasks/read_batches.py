"""Only read the columns, with PyArrow, batch by batch and without its dataset module."""

import sys

import pyarrow.parquet as pq

for _ in pq.ParquetFile(sys.argv[1]).iter_batches(columns=sys.argv[2].split(",")):
    pass
