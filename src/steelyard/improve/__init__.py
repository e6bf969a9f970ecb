"""What changes how a model is used: thresholds, calibration, mitigation; every gain shown on held-out rows."""
