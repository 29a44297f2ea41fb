"""A prompter that declines every password prompt of GNOME Keyring."""

from __future__ import annotations

import threading
from typing import Self

from jeepney import DBusAddress, MessageType, new_method_call, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.low_level import HeaderFields, Message

from .session import PrivateSession

NAME = "org.gnome.keyring.SystemPrompter"
CALLBACK = "org.gnome.keyring.internal.Prompter.Callback"


class Prompter:
    """The prompter of a session, as long as its `with` block runs. It declines every prompt.

    GNOME Keyring calls `BeginPrompting`, and the prompter reports that it is ready. GNOME Keyring calls
    `PerformPrompt`, and the prompter answers `no`. Then GNOME Keyring calls `StopPrompting`.
    """

    def __init__(self, session: PrivateSession) -> None:
        self.dismissed = 0
        self._connection = open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"])
        (reply,) = Proxy(message_bus, self._connection).RequestName(NAME)
        assert reply == 1, "somebody else is the prompter"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.sock.shutdown(2)
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        while True:
            try:
                self._answer(self._connection.receive())
            except (ConnectionError, OSError):
                return

    def _answer(self, call: Message) -> None:
        if call.header.message_type is not MessageType.method_call:
            return
        connection: DBusConnection = self._connection
        connection.send(new_method_return(call))
        method, caller = call.header.fields[HeaderFields.member], call.header.fields[HeaderFields.sender]
        gcr = DBusAddress(call.body[0], caller, CALLBACK)
        if method == "BeginPrompting":
            connection.send(new_method_call(gcr, "PromptReady", "sa{sv}s", ("", {}, "")))
        elif method == "PerformPrompt":
            self.dismissed += 1
            connection.send(new_method_call(gcr, "PromptReady", "sa{sv}s", ("no", {}, "")))
        elif method == "StopPrompting":
            connection.send(new_method_call(gcr, "PromptDone"))
