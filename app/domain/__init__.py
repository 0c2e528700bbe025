"""What an incident is, and what is true of it. Pure: no I/O, and time comes in as an argument."""
