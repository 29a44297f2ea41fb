"""Makes keyrings with many items at once: gnome-keyring needs a quarter of an hour to store 5,000 one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.session import PrivateSession

# The attributes that git-credential-libsecret of Debian 12 stores.
SCHEMA = "org.gnome.keyring.NetworkPassword"
HEADER = "[keyring]\ndisplay-name=login\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n"
ITEM = "[{n}]\nitem-type=0\ndisplay-name=Git: {url}\nsecret=password-{n}\nmtime=1700000000\nctime=1700000000\n"
ATTRIBUTE = "[{n}:attribute{index}]\nname={name}\ntype=string\nvalue={value}\n"


def host(number: int) -> str:
    """The host of an item."""
    return f"host-{number}.example.com"


def item(number: int) -> str:
    """One password of a git host, in gnome-keyring's format for unencrypted keyrings."""
    attributes = {"xdg:schema": SCHEMA, "user": "alice", "protocol": "https", "server": host(number)}
    lines = [ITEM.format(n=number, url=f"https://{host(number)}/")]
    for index, (name, value) in enumerate(attributes.items()):
        lines.append(ATTRIBUTE.format(n=number, index=index, name=name, value=value))
    return "\n".join(lines)


@contextmanager
def session_with(items: int, path: list[Path]) -> Iterator[PrivateSession]:
    """A private session whose unlocked default keyring has that many passwords, for the hosts 1 to `items`.
    gnome-keyring reads the unencrypted file, and encrypts it at the first store."""
    with PrivateSession(path=path) as session:
        session.keyrings.mkdir(parents=True, mode=0o700)
        keyring = session.keyrings / "login.keyring"
        keyring.write_text("\n".join([HEADER, *(item(number) for number in range(1, items + 1))]))
        keyring.chmod(0o600)
        (session.keyrings / "default").write_text("login")
        session.start_keyring()
        yield session
