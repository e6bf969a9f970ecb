"""How many false alarms are allowed. The numbers stand here and nowhere else."""

WINDOWS_A_FALSE_ALARM = 500
"""A stable evaluation has one false alarm in so many windows, over all its series together, on average."""
CHANCE_OF_CHANGE = 0.05
"""Chance that a stable evaluation shows any change of level, over all its series together."""
