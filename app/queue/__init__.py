"""All that the two pods share: the envelope, and the queue that carries it."""
