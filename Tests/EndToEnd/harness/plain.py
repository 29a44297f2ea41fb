"""A Secret Service without encryption: GNOME Keyring on another bus, behind a relay that agrees on no key."""

from __future__ import annotations

import threading
from typing import Self

from jeepney import DBusAddress, MessageType, new_error, new_method_call, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.low_level import HeaderFields, Message

from .session import SECRETS, PrivateSession

NOT_SUPPORTED = "org.freedesktop.DBus.Error.NotSupported"


class PlainKeyring:
    """The relay. As long as its `with` block runs, it answers on one session's bus with another session's keyring.

    Of the two ways to open a session, it passes on only `plain` (Secret Service specification, "Sessions").
    """

    def __init__(self, front: PrivateSession, back: PrivateSession) -> None:
        self.sessions: list[str] = []
        self._front = open_dbus_connection(front.env["DBUS_SESSION_BUS_ADDRESS"])
        self._back = open_dbus_connection(back.env["DBUS_SESSION_BUS_ADDRESS"])
        (reply,) = Proxy(message_bus, self._front).RequestName(SECRETS)
        assert reply == 1, "there is a keyring already"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._front.sock.shutdown(2)
        self._thread.join()
        self._front.close()
        self._back.close()

    def _serve(self) -> None:
        while True:
            try:
                message = self._front.receive()
                if message.header.message_type is MessageType.method_call:
                    self._front.send(self._answer(message, self._back))
            except (ConnectionError, OSError):
                return

    def _answer(self, call: Message, back: DBusConnection) -> Message:
        fields = call.header.fields
        method, signature = fields[HeaderFields.member], fields.get(HeaderFields.signature)
        if method == "OpenSession":
            self.sessions.append(call.body[0])
            if call.body[0] != "plain":
                return new_error(call, NOT_SUPPORTED)
        there = DBusAddress(fields[HeaderFields.path], SECRETS, fields.get(HeaderFields.interface))
        reply = back.send_and_get_reply(new_method_call(there, method, signature, call.body))
        said = reply.header.fields.get(HeaderFields.signature)
        if reply.header.message_type is MessageType.error:
            return new_error(call, reply.header.fields[HeaderFields.error_name], said, reply.body)
        return new_method_return(call, said, reply.body)
