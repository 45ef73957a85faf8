"""Runs a plan and undoes it; the only importer of plumbum."""
