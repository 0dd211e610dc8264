"""A client made of Python's websockets: python3 client.py URL ROAD NAME PASSWORD ROOM.

The server's certificate is in the file that CA names. It ends with 0 and a line that tells what was negotiated, or with
what went wrong. Debian's python3-websockets is enough for it.
"""

import asyncio
import json
import os
import ssl
import sys
import urllib.request

import websockets

URL, ROAD, NAME, PASSWORD, ROOM = sys.argv[1:]
CONTEXT = ssl.create_default_context(cafile=os.environ["CA"]) if "CA" in os.environ else None
TEXT = "hello from python, " + "as long as compression asks for. " * 60
ANSWER = "heard hello from python"


def log_in():
    """Logs in, and gives the cookie as it is to be sent."""
    call = urllib.request.Request(
        URL + "/api/v1/login",
        data=json.dumps({"username": NAME, "password": PASSWORD}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call, context=CONTEXT) as answer:
        assert answer.status == 200, answer.status
        return "; ".join(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie"))


def connect(path, protocols, cookie, compress):
    return websockets.connect(
        URL.replace("http", "ws", 1) + path,
        ssl=CONTEXT,
        subprotocols=protocols,
        extra_headers={"Cookie": cookie},
        compression="deflate" if compress else None,
    )


async def until(socket, **fields):
    """Skips to a message with these fields, and gives it."""
    while True:
        message = json.loads(await socket.recv())
        if fields.items() <= message.items():
            return message
        assert message.get("type") != "error" and "error" not in message, message


async def send(socket, **command):
    await socket.send(json.dumps(command))


async def ping_and_close(socket):
    await (await socket.ping(b"are you there?"))
    await socket.close(1000, "bye")
    assert socket.close_code == 1000, socket.close_code
    return ", ".join(e.name for e in socket.extensions)


async def earshot(cookie, compress):
    async with connect("/ws", ["earshot.v1"], cookie, compress) as socket:
        assert socket.subprotocol == "earshot.v1"
        hello = await until(socket, type="hello")
        assert hello["user"]["name"] == NAME, hello
        await send(socket, type="join", ref=1, room=int(ROOM))
        await until(socket, type="joined", ref=1)
        await send(socket, type="post", ref=2, room=int(ROOM), nonce="n1", text=TEXT)
        # The acknowledgement comes before or behind one's own message, and behind the answer to that, too.
        got = {}
        while len(got) < 3:
            message = await until(socket)
            assert message.get("type") != "error", message
            if message.get("nonce") == "n1":
                got[message["type"]] = message
            elif message.get("text") == ANSWER:
                got["answer"] = message
        assert got["posted"]["heard"] == 1, got
        assert got["message"]["text"] == TEXT, got
        assert got["answer"]["user"]["name"] == "ana", got
        await send(socket, type="ping", ref=3)
        await until(socket, type="ok", ref=3)
        return await ping_and_close(socket)


async def multichat(cookie):
    async with connect("/chat/stream/", None, cookie, True) as socket:
        await send(socket, command="join", room=int(ROOM))
        await until(socket, join=ROOM)
        await send(socket, command="send", room=int(ROOM), message=TEXT)
        await until(socket, msg_type=0, room=int(ROOM), username=NAME, message=TEXT)
        await until(socket, msg_type=0, room=int(ROOM), username="ana", message=ANSWER)
        await send(socket, command="leave", room=int(ROOM))
        await until(socket, leave=ROOM)
        return await ping_and_close(socket)


COOKIE = log_in()
print("ok", asyncio.run(multichat(COOKIE) if ROAD == "multichat" else earshot(COOKIE, ROAD == "deflate")))
