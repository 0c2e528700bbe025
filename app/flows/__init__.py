"""Work of many steps that survives being interrupted anywhere: assembling a room, closing an incident."""
