"""Makes the database of a Django project with users, groups, permissions, and the rooms of multichat; or changes it.

Usage: project.py SQLITE-FILE|POSTGRES-DSN make|change
The DSN is libpq's "host=… user=… dbname=… options=…".
"""

import datetime
import sys

import django
from django.conf import settings

target, what = sys.argv[1:3]
if "=" in target:
    parts = dict(part.split("=", 1) for part in target.split(" "))
    database = {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"], "USER": parts["user"], "HOST": parts["host"],
        "OPTIONS": {"options": "-c search_path=" + parts["schema"]},
    }
else:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": target}
settings.configure(
    DATABASES={"default": database}, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers." + name for name in ("PBKDF2PasswordHasher", "Argon2PasswordHasher", "BCryptSHA256PasswordHasher")],
)
django.setup()

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402


PBKDF2PasswordHasher.iterations = 1000  # the tests are about what is taken over, not about the work


class Room(models.Model):
    """The room of multichat, as its models.py has it."""

    title = models.CharField(max_length=255)
    staff_only = models.BooleanField(default=False)

    class Meta:
        app_label = "chat"


def user(name, password=None, **more):
    made = User(username=name, date_joined=datetime.datetime(2019, 2, 3, 4, 5, 6, 789000, datetime.timezone.utc), **more)
    made.set_password(password)
    made.save()
    return made


def make():
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Room)
    rooms, _ = ContentType.objects.get_or_create(app_label="chat", model="room")
    add_room, _ = Permission.objects.get_or_create(content_type=rooms, codename="add_room", name="Can add room")
    Permission.objects.get_or_create(content_type=rooms, codename="shout", name="Can shout")
    helpers = Group.objects.create(name="Helpers")
    helpers.permissions.add(add_room, Permission.objects.get(codename="shout"))
    Group.objects.create(name="Nobody's")

    boss = user("boss", "correct horse battery", is_staff=True, is_superuser=True, email="boss@example.org", first_name="Ada", last_name="Love")
    boss.last_login = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    boss.save()
    ana = user("Ana", "correct horse battery", email="ana@example.org")
    ana.groups.add(helpers)
    ana.user_permissions.add(
        Permission.objects.get(codename="view_user"), Permission.objects.get(codename="delete_group"), Permission.objects.get(codename="shout"))
    user("ana", "another horse battery")
    user("gone", "correct horse battery", is_active=False)
    user("unusable")
    user("b0ss", "correct horse battery")
    user("moderator", "correct horse battery")
    user("x" * 150, "correct horse battery", first_name="f" * 150, last_name="l" * 149)
    user("long" + "y" * 147 if connection.vendor == "sqlite" else "y" * 150)
    user("'; DROP TABLE auth_user; --")
    user('Robert") OR 1=1')
    user("bidi\u202egro", first_name="a\u202eb")
    user("\u674e\u5c0f\u9f99", "correct horse battery", email="not an address")
    user("two words")
    user("")
    for name, encoded in (("md5", "md5$salt$0123456789abcdef0123456789abcdef"), ("dear", "pbkdf2_sha256$1000000000$salt$" + "A" * 43 + "=")):
        one = user(name)
        one.password = encoded
        one.save()
    if connection.vendor == "sqlite":
        user("nul\0byte", first_name="n\0l")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE auth_user SET email = CAST(x'ff40fe' AS TEXT) WHERE username = 'unusable'")
    Room.objects.create(title="Open Room")
    Room.objects.create(title="Staff only!", staff_only=True)
    Room.objects.create(title="open  room")
    Room.objects.create(title="???")
    Room.objects.create(title="'; DROP TABLE room; -- \u4f1a\u8b70\u5ba4")
    Room.objects.create(title="evil\u202etitle")
    Room.objects.create(title="t" * 255)


def change():
    ana = User.objects.get(username="Ana")
    ana.set_password("a third horse battery")
    ana.groups.clear()
    ana.save()
    User.objects.filter(username="gone").update(is_active=True)
    User.objects.filter(username="boss").update(last_login=datetime.datetime.now(datetime.timezone.utc))
    user("late", "correct horse battery")
    Room.objects.filter(title="Open Room").update(title="Opened Room")
    Group.objects.get(name="Helpers").permissions.add(Permission.objects.get(codename="add_user"))


{"make": make, "change": change}[what]()
