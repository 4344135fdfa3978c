"""Granting rights to users, one by one or as our documents tell people to."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.secured.broker import Secured

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "secured-clusters.md"
KINDS: Final = {"topic": 2, "group": 3, "transactional-id": 5}
OPERATIONS: Final = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
LITERAL, PREFIXED = 3, 4
ALLOW: Final = 3
IN_FORCE_WITHIN_S: Final = 10.0


async def grant(secured: Secured, user: str, kind: str, name: str, *operations: str) -> None:
    """Let ``user`` do ``operations`` with what is called ``name``, or begins with ``name*``."""
    admin = AIOKafkaAdminClient(bootstrap_servers=secured.plaintext)
    await admin.start()
    try:
        for operation in operations:
            how = LITERAL if name == name.rstrip("*") else PREFIXED
            what = (KINDS[kind], name.rstrip("*"), how, f"User:{user}", "*")
            right = (*what, OPERATIONS[operation], ALLOW)
            answer: Any = await admin._send_to_controller(CreateAclsRequest(*right))  # noqa: SLF001 # No public way.
            [(code, why)] = answer.creation_responses
            assert not code, why
            await _in_force(admin, right)
    finally:
        await admin.close()


async def _in_force(admin: AIOKafkaAdminClient, right: tuple[Any, ...]) -> None:
    """What the controller has written down, a broker heeds a little later."""
    async with asyncio.timeout(IN_FORCE_WITHIN_S):
        while True:
            answer: Any = await admin._send_request(DescribeAclsRequest(*right))  # noqa: SLF001 # As above.
            if answer.resources:
                return
            await asyncio.sleep(0.01)


async def grant_as_documented(secured: Secured, users: dict[str, str], prefix: str) -> None:
    """What docs/secured-clusters.md grants, to ``users`` in place of those that it names."""
    for options in _commands():
        principal = dict(options)["--allow-principal"].removeprefix("User:")
        every = "*" if ("--resource-pattern-type", "prefixed") in options else ""
        operations = [value for option, value in options if option == "--operation"]
        for option, value in options:
            kind, name = option.removeprefix("--"), value.replace("threadline", prefix)
            if kind in KINDS:
                await grant(secured, users[principal], kind, name + every, *operations)


def _commands() -> Iterator[list[tuple[str, str]]]:
    text = DOCUMENT.read_text().replace("\\\n", " ")
    for line in re.findall(r"^kafka-acls\.sh (.*)$", text, re.MULTILINE):
        words = iter(word for word in shlex.split(line) if word != "--add")
        yield list(zip(words, words, strict=True))
