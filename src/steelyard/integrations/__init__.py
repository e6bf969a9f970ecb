"""Other tools that Steelyard works inside of, one file each."""
