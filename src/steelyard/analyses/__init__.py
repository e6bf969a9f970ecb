"""One question a file: performance, change, curves, overview, findings, checks."""
