"""incident-response: the ceremony of an incident, so that the commander can think."""
