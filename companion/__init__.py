"""Azimuth's offline companion: makes the models and the reference values that the lab is tested with."""
