from __future__ import annotations

from app.domain.help import CommandHelp
from app.messages.message import Message, escape, section

HELP = "this list"


async def handle(commands: CommandHelp) -> Message:
    lines = [f"`/incident-response {name}`  {escape(what)}" for name, what in commands.entries]
    return Message(text="What you can do", blocks=(section("*What you can do*\n" + "\n".join(lines)),))
