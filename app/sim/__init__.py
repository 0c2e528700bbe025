"""The outside world, simulated: the same addresses, the same rules, the same error shapes, and a memory."""
