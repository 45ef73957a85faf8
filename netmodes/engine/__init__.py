"""Runs a plan and takes it back; the only importer of plumbum."""
