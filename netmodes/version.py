"""The version of netmodes."""

__version__ = "0.1.0"
