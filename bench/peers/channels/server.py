"""A small Django Channels server: users by token, rooms that every user may enter and post to.

python3 -m daphne -b 127.0.0.1 -p 8000 server:application
"""

import json
from urllib.parse import parse_qs

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for the benchmark",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    # The default of 100 messages a channel would drop some, silently.
    CHANNEL_LAYERS={
        "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1_000_000}}
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402

USERS = {f"secret-user{i:05d}": f"user{i:05d}" for i in range(18_000)}


class Consumer(AsyncWebsocketConsumer):
    async def connect(self):
        query = parse_qs(self.scope["query_string"].decode())
        self.user = USERS.get(query.get("token", [""])[0])
        self.rooms = set()
        if self.user is None:
            await self.close()
            return
        await self.accept()

    async def disconnect(self, code):
        for room in self.rooms:
            await self.channel_layer.group_discard(room, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        command = json.loads(text_data)
        room = command["room"]
        if command["type"] == "join":
            await self.channel_layer.group_add(room, self.channel_name)
            self.rooms.add(room)
            await self.send(json.dumps({"type": "joined", "ref": command["ref"], "room": room}))
        elif command["type"] == "post":
            await self.channel_layer.group_send(
                room, {"type": "room.message", "room": room, "user": self.user, "text": command["text"]}
            )
            await self.send(json.dumps({"type": "posted", "ref": command["ref"]}))

    async def room_message(self, event):
        await self.send(
            json.dumps({"type": "message", "room": event["room"], "user": event["user"], "text": event["text"]})
        )


application = ProtocolTypeRouter({"websocket": Consumer.as_asgi()})
