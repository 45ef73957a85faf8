"""A throw-away machine made of namespaces."""
