"""``incident-response doctor``: proves, before the first incident, that all it will need is there and may be used.

One file per vendor, each a few small checks that read; the two that must write (a schedule, a refused put) leave
nothing behind. A check says what it found, or why it failed and what to mend, and never shows a secret.
"""
