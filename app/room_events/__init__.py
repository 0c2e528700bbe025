"""One file, one thing that people do in a room and Slack tells us: the file's name is the event's type.

``handle`` gets ``Gesture``, ``Human`` and ``Incident`` by type like a command, and answers nothing: nobody asked.
"""
