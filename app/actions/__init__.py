"""One file, one button or modal: its ``action_id`` or ``callback_id`` is the file's name."""
