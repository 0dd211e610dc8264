"""Reads lines of JSON (username, email, password) and prints what Django's four validators say, a list a line."""

import json
import sys

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"], AUTH_PASSWORD_VALIDATORS=[
    {"NAME": "django.contrib.auth.password_validation." + name}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
])
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.password_validation import validate_password  # noqa: E402
from django.core.exceptions import ValidationError  # noqa: E402

for line in sys.stdin:
    given = json.loads(line)
    said = []
    try:
        validate_password(given["password"], User(username=given["username"], email=given["email"]))
    except ValidationError as e:
        said = e.messages
    print(json.dumps(said))
