"""How much a run can be believed: what A/A pairs and calibration read. Must not know how that is drawn."""
