"""``incident-response drill --url``: fires a P1 at a real deployment, watches its audit trail, and ends what it began.
Plays nobody.

The alert carries the label ``drill``: whatever anyone approves, the door lets nothing of it through, and no postmortem
is filed (S9). The rest is real: the room, and the people whom the route that was named finds.
"""
