"""Everything people read in Slack, as pure functions from what is known to Block Kit."""
