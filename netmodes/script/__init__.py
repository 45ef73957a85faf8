"""A plan as bash, and the other texts from templates; the only importer of jinja2."""
