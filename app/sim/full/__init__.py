"""``incident-response drill --sandbox --full``: all that an incident can bring, in one simulated evening.

Each file is a scene: people play it, and it looks afterwards at what Slack, Statuspage, Linear and the trail hold.
"""
