"""The safety core: nothing reaches customers but through ``door``, and ``door`` opens for a person's approval alone."""
