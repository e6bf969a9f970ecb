"""Only read the columns, with Polars: another yardstick."""

import sys

import polars as pl

pl.read_parquet(sys.argv[1], columns=sys.argv[2].split(","))
