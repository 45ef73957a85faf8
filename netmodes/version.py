"""The version of netmodes."""

__version__ = "1.0.0"
