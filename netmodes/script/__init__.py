"""The same plan as bash; the only importer of jinja2."""
