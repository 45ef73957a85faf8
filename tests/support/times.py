"""What is no time to wait for a confirmation, on the command line and in scripts."""

#: Underlines, blanks, signs and exponents are Python's numbers, and bash's are others.
NO_SECONDS = (
    *(
        "0",
        "-1",
        "0.99",
        "86401",
        "86400.01",
        "999999999",
        "nan",
        "inf",
        "1e308",
        "1e1",
        "",
        "soon",
    ),
    *("1_0", " 5", "5 ", "+5", "5.", "5.000", "0x10", "\u0665\u0660", "5\n"),
)
