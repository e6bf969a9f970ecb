"""Only read the columns, with PyArrow: the yardstick."""

import sys

import pyarrow.parquet as pq

pq.read_table(sys.argv[1], columns=sys.argv[2].split(","))
