"""One file, one slash subcommand: ``status.py`` is ``/incident-response status``; ``_`` in a name is a space.

``HELP`` is what ``/incident-response help`` shows. ``handle`` names what it needs, and gets it by type.
"""
