"""The parts of a desktop on the session bus: one shows notifications, one opens addresses for sandboxes."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from jeepney import DBusAddress, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.low_level import HeaderFields, Message

from .session import PrivateSession

NOTIFICATIONS = "org.freedesktop.Notifications"
EMITTER = DBusAddress("/org/freedesktop/Notifications", interface=NOTIFICATIONS)
FULL = ("actions", "body", "body-markup", "persistence")
EXPIRED, SENT_AWAY, CLOSED_BY_CALL = 1, 2, 3


class BusProgram:
    """A program that owns a name on a session's bus for as long as its `with` block."""

    name = ""

    def __init__(self, session: PrivateSession) -> None:
        self.session = session
        self._connection: DBusConnection = open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"])
        (reply,) = Proxy(message_bus, self._connection).RequestName(self.name)
        assert reply == 1, f"somebody else is {self.name}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        self._thread.join()
        self._connection.close()

    def leave(self) -> None:
        """Leaves the bus without a signal."""
        try:
            self._connection.sock.shutdown(2)
        except OSError:
            pass

    def answer(self, method: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
        """Signature and values of the answer to a call, or None if there is no such method."""
        raise NotImplementedError

    def after(self, method: str) -> None:
        """Runs after the answer is sent."""

    def _serve(self) -> None:
        while True:
            try:
                self._receive(self._connection.receive())
            except (ConnectionError, OSError):
                return

    def _receive(self, call: Message) -> None:
        if call.header.message_type is not MessageType.method_call:
            return
        method = call.header.fields[HeaderFields.member]
        answer = self.answer(method, call.body)
        if answer is None:
            self._connection.send(new_error(call, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        self._connection.send(new_method_return(call, *answer))
        self.after(method)


@dataclass(frozen=True)
class Shown:
    """One notification, as a program asked the daemon to show it."""

    id: int
    summary: str
    body: str
    actions: dict[str, str]
    milliseconds: int


@dataclass
class Reaction:
    """The signals that a notification causes, in this order."""

    signals: list[tuple[str, Any]] = field(default_factory=list)


CLICK = Reaction([("ActionInvoked", "default"), ("NotificationClosed", SENT_AWAY)])
SIGN_IN = Reaction([("ActionInvoked", "sign-in"), ("NotificationClosed", CLOSED_BY_CALL)])
NOT_NOW = Reaction([("ActionInvoked", "not-now"), ("NotificationClosed", CLOSED_BY_CALL)])
SEND_AWAY = Reaction([("NotificationClosed", SENT_AWAY)])
EXPIRE = Reaction([("NotificationClosed", EXPIRED)])
IGNORE = Reaction()


class NotificationDaemon(BusProgram):
    """Keeps notifications instead of showing them, and sends the signals of `reaction` for each."""

    name = NOTIFICATIONS

    def __init__(
        self, session: PrivateSession, reaction: Reaction = IGNORE, capabilities: tuple[str, ...] = FULL
    ) -> None:
        super().__init__(session)
        self.reaction, self.capabilities = reaction, capabilities
        self.shown: list[Shown] = []
        self.closed: list[int] = []

    def answer(self, method: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
        match method:
            case "GetCapabilities":
                return "as", (list(self.capabilities),)
            case "Notify":
                _, _, _, summary, text, actions, _, milliseconds = body
                labels = dict(zip(actions[::2], actions[1::2], strict=True))
                self.shown.append(Shown(7000 + len(self.shown), summary, text, labels, milliseconds))
                return "u", (self.shown[-1].id,)
            case "CloseNotification":
                self.closed.append(body[0])
                return "", ()
        return None

    def after(self, method: str) -> None:
        if method == "Notify":
            self.react(self.reaction, self.shown[-1].id)

    def react(self, reaction: Reaction, notification: int) -> None:
        """Sends the signals of a reaction to a notification."""
        for name, value in reaction.signals:
            send(self._connection, name, notification, value)


def send(connection: DBusConnection, signal: str, notification: int, value: str | int) -> None:
    """Sends one signal about a notification."""
    kind = "us" if isinstance(value, str) else "uu"
    connection.send(new_signal(EMITTER, signal, kind, (notification, value)))


def forge(session: PrivateSession, signal: str, notification: int, value: str | int) -> None:
    """Sends such a signal from a program that does not show notifications."""
    with open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        send(connection, signal, notification, value)


class Portal(BusProgram):
    """The desktop portal, which opens addresses for sandboxed programs."""

    name = "org.freedesktop.portal.Desktop"

    def __init__(self, session: PrivateSession, browse: Callable[[str], object]) -> None:
        super().__init__(session)
        self._browse = browse
        self.opened: list[str] = []
        self.options: list[dict[str, Any]] = []

    def answer(self, method: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
        match method:
            case "Get":
                return "v", (("u", 3),)
            case "OpenURI":
                self.opened.append(body[1])
                self.options.append(body[2])
                return "o", ("/org/freedesktop/portal/desktop/request/1",)
        return None

    def after(self, method: str) -> None:
        if method == "OpenURI":
            self._browse(self.opened[-1])


def browse_with(command: str) -> Callable[[str], object]:
    """Starts a program with an address and does not wait for it."""
    return lambda address: subprocess.Popen([command, address], stdin=subprocess.DEVNULL, start_new_session=True)
