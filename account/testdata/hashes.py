"""Prints password hashes that Django makes, a line of JSON each: encoded, password.

What the installed Django does not have (scrypt came with 4.0) is left out. Costs are low where an option is given, so that
the tests are quick; "slow" in the arguments adds one of each at the cost that Django itself takes.
"""

import json
import sys

import django
from django.conf import settings

settings.configure(PASSWORD_HASHERS=[
    "django.contrib.auth.hashers." + name
    for name in (
        "PBKDF2PasswordHasher",
        "PBKDF2SHA1PasswordHasher",
        "Argon2PasswordHasher",
        "BCryptSHA256PasswordHasher",
        "BCryptPasswordHasher",
        "ScryptPasswordHasher",
    )
    if hasattr(__import__("django.contrib.auth.hashers", fromlist=["x"]), name)
])
django.setup()

import argon2  # noqa: E402
from django.contrib.auth import hashers  # noqa: E402

COSTS = {
    "pbkdf2_sha256": {"iterations": 1000},
    "pbkdf2_sha1": {"iterations": 1000},
    "argon2": {"time_cost": 1, "memory_cost": 512, "parallelism": 2},
    "bcrypt_sha256": {"rounds": 4},
    "bcrypt": {"rounds": 4},
    "scrypt": {"work_factor": 1024, "parallelism": 2},
}
PASSWORDS = ["correct horse battery", "pässwörd 密碼 🐎", " led by a blank", "x" * 71, "with $ and ' and \"", "long " * 20]


def made(hasher, password, cost):
    for name, value in cost.items():
        setattr(hasher, name, value)
    return {"encoded": hasher.encode(password, hasher.salt()), "password": password}


for hasher in hashers.get_hashers():
    for password in PASSWORDS:
        if hasher.algorithm == "bcrypt" and len(password.encode()) > 72:
            continue
        print(json.dumps(made(hasher, password, COSTS[hasher.algorithm])))
# Until 3.2 Django took argon2i, with little memory, and checks such a hash to this day.
for password in PASSWORDS[:2]:
    old = argon2.low_level.hash_secret(password.encode(), b"abcdefghijkl", 2, 512, 2, 16, argon2.low_level.Type.I)
    assert hashers.check_password(password, "argon2" + old.decode())
    print(json.dumps({"encoded": "argon2" + old.decode(), "password": password}))
if "slow" in sys.argv[1:]:
    for name in ("pbkdf2_sha256", "argon2", "bcrypt_sha256"):
        print(json.dumps(made(type(hashers.get_hasher(name))(), PASSWORDS[0], {})))
print(json.dumps({"encoded": hashers.make_password(None), "password": ""}))
