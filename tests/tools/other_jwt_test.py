#!/usr/bin/python3
"""Attestation results, read and verified by a JWT library of others (PyJWT), as docs/ear-profile.md says."""
import base64
import json
import subprocess
import sys

import jwt

VECTOR = {"instance-identity", "configuration", "executables", "file-system", "hardware", "runtime-opaque",
          "storage-opaque", "sourced-data"}


def refused(text, key, **rules):
    try:
        jwt.decode(text, key, algorithms=["ES256"], **rules)
    except jwt.InvalidTokenError:
        return True
    return False


def spoilt(text):
    """The same token with one bit of its signature changed."""
    head, claims, signature = text.split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[-1] ^= 1
    return ".".join([head, claims, base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()])


def raised(text):
    """The same signature under claims that say more."""
    head, claims, signature = text.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    told["submods"]["host"]["ear.status"] = "none"
    again = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return ".".join([head, base64.urlsafe_b64encode(again).rstrip(b"=").decode(), signature])


def check(made, name, typ, use, status):
    text, key = made[name], jwt.PyJWK(dict(made["key"], alg="ES256")).key
    rules = {"issuer": "urn:vouchsafe:" + made["group"], "audience": "urn:vouchsafe:" + use + ":" + made["group"],
             "options": {"require": ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]}}
    assert jwt.get_unverified_header(text)["typ"] == typ
    claims = jwt.decode(text, key, algorithms=["ES256"], **rules)
    assert claims["sub"] == "h-1" and claims["eat_profile"] == "tag:vouchsafe,2026:ear#2"
    assert set(claims["ear.verifier-id"]) == {"developer", "build"}
    assert list(claims["submods"]) == ["host"]
    assert claims["submods"]["host"]["ear.status"] == status
    assert set(claims["submods"]["host"]["ear.trustworthiness-vector"]) == VECTOR
    assert refused(spoilt(text), key, **rules)
    assert refused(raised(text), key, **rules)
    assert refused(text, key, **dict(rules, audience="urn:vouchsafe:other:" + made["group"]))
    return claims


def main():
    made = json.loads(subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE).stdout)
    access = check(made, "key_access", "vouchsafe-key-access+jwt", "release", "affirming")
    assert set(access["cnf"]) == {"jkt"}
    check(made, "reporting", "vouchsafe-reporting+jwt", "reporting", "contraindicated")
    print("PyJWT", jwt.__version__, "reads and verifies both results, and refuses what was altered")


main()
