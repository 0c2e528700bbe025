"""One file, one machine event: ``Body`` is what it carries, ``handle`` what is done about it."""
