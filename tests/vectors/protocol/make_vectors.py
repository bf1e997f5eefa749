#!/usr/bin/env python3
"""Makes tests/vectors/{token,protocol}/good-* by another implementation than ours: python3-cryptography.

Signatures are random, so a run gives other files that must pass the same tests.
"""
import base64
import hashlib
import json
import pathlib
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).resolve().parent
NOW = 1800000000  # 2027-01-15T08:00:00Z


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64(data):
    return base64.b64encode(data).decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def key_from(label):
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(label).digest(), "big") % order, ec.SECP256R1())


def jwk(key):
    numbers = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": b64u(numbers.x.to_bytes(32, "big")),
            "y": b64u(numbers.y.to_bytes(32, "big"))}


def thumbprint(key):
    return b64u(hashlib.sha256(canonical(jwk(key))).digest())


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def es256(key, message):
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def jwt(key, typ, claims):
    head = b64u(canonical({"alg": "ES256", "kid": thumbprint(key), "typ": typ}))
    text = head + "." + b64u(canonical(claims))
    return text + "." + b64u(es256(key, text.encode()))


def jwe(key, nonce, header, plain):
    head = b64u(canonical(dict(header, alg="dir", enc="A256GCM")))
    sealed = AESGCM(key).encrypt(nonce, plain, head.encode())
    return ".".join([head, "", b64u(nonce), b64u(sealed[:-16]), b64u(sealed[-16:])])


def save(path, value):
    (HERE.parent / path).write_bytes(value if isinstance(value, bytes) else canonical(value))


GROUP = "00112233445566778899aabbccddeeff"
token_key, release_key, session_key, ephemeral = map(key_from, (b"token", b"release", b"session", b"ephemeral"))

claims = {
    "iss": "urn:vouchsafe:" + GROUP, "aud": "urn:vouchsafe:release:" + GROUP, "sub": "h-" + "0" * 32,
    "iat": NOW, "nbf": NOW, "exp": NOW + 1800, "jti": "token-1", "cnf": {"jkt": thumbprint(release_key)},
    "eat_profile": "tag:vouchsafe,2026:ear#2",
    "ear.verifier-id": {"build": "make_vectors", "developer": "Vouchsafe"},
    "submods": {"host": {"ear.status": "affirming", "ear.trustworthiness-vector": {
        "instance-identity": 2, "configuration": 2, "executables": 2, "file-system": 0, "hardware": 2,
        "runtime-opaque": 0, "storage-opaque": 0, "sourced-data": 0}}},
    "vouchsafe": {"version": 2, "tier": "affirming", "base_image": "debian-12.1", "ek_digest": "11" * 32,
                  "ak_name": "000b" + "22" * 32, "reset_count": 7, "restart_count": 0, "epoch": 3,
                  "revision": 12, "evidence_digest": "33" * 32, "executables": "boot-image", "weak_tpm": False,
                  "lab": True},
}
token = jwt(token_key, "vouchsafe-key-access+jwt", claims)
save("token/good-key-access.json", {"group": GROUP, "key": jwk(token_key), "now": NOW + 60, "token": token})
save("token/good-message.json", {
    "key": bytes(range(32)).hex(), "plain": "The true sign of intelligence is not knowledge.",
    "jwe": jwe(bytes(range(32)), bytes(range(12)), {"typ": "example+jwe", "n": 1},
               b"The true sign of intelligence is not knowledge.")})


def lp(data):
    return struct.pack(">I", len(data)) + data


host, session, host_random, expires_ms = "authority-1", "0f" * 16, bytes(range(100, 132)), (NOW + 900) * 1000
transcript = hashlib.sha256(
    b"vouchsafe/session/1" + lp(GROUP.encode()) + lp(host.encode()) + lp(session.encode()) +
    hashlib.sha256(token.encode()).digest() + lp(spki(release_key)) + lp(spki(ephemeral)) + host_random +
    struct.pack(">Q", expires_ms)).digest()
shared = ephemeral.exchange(ec.ECDH(), release_key.public_key())


def derive(direction):
    return HKDF(hashes.SHA256(), 32, transcript, b"vouchsafe/session/1/" + direction).derive(shared)


header = {"typ": "vouchsafe-release+jwe", "sid": session, "n": 1}
operations = {"version": 2, "quote": None, "operations": [
    {"op": "generate-key", "provider": "gold",
     "context": {"version": 1, "key_id": "ab" * 16, "vm": "11111111-2222-4333-8444-555555555555"}}]}
request_plain = canonical(operations)
request = jwe(derive(b"host-to-authority"), bytes(range(12)), header, request_plain)
answer_json = canonical({"version": 2, "nonce": b64(bytes(range(200, 232))), "results": [{"ciphertext": b64(b"blob"), "key": 0}]})
answer_plain = struct.pack(">I", len(answer_json)) + answer_json + bytes(range(32))
answer = jwe(derive(b"authority-to-host"), bytes(range(50, 62)),
             dict(header, re=1, rd=hashlib.sha256(request.encode()).hexdigest()), answer_plain)
save("protocol/good-session.json", {
    "group": GROUP, "authority_host": host, "token": token, "token_key": jwk(token_key),
    "release_key": b64(pkcs8(release_key)), "session_key": jwk(session_key), "host_random": b64(host_random),
    "transcript": transcript.hex(), "now": NOW + 60, "first_nonce": derive(b"nonce").hex(),
    "answer": {"version": 1, "authority_host": host, "session": session, "ephemeral_key": jwk(ephemeral),
               "expires": "2027-01-15T08:15:00.000Z", "signature": b64(es256(session_key, transcript))},
    "request_plain": request_plain.decode(), "request": request, "message": answer,
    "request_digest": hashlib.sha256(request_plain).hexdigest(),
    "answer_plain": answer_plain.hex()})

statement = canonical({
    "version": 1, "agent_version": "0.1.0", "anchor": "44" * 32, "host": "h-" + "0" * 32,
    "boot_id": "11111111-2222-4333-8444-555555555555", "purpose": "attest",
    "logs": {"firmware": "55" * 32, "ima": None, "userspace": None}, "release_key": thumbprint(release_key)})
nonce = bytes(range(32))
save("protocol/good-statement.json", {
    "statement": statement.decode(), "nonce": nonce.hex(),
    "qualifying_data": hashlib.sha256(b"vouchsafe/quote/1" + nonce + hashlib.sha256(statement).digest()).hexdigest()})
release_statement = canonical({
    "version": 1, "agent_version": "0.1.0", "anchor": "44" * 32, "host": "h-" + "0" * 32,
    "boot_id": "11111111-2222-4333-8444-555555555555", "purpose": "release",
    "logs": {"firmware": None, "ima": hashlib.sha256(b"ima").hexdigest(), "userspace": None},
    "release_key": thumbprint(release_key), "request": hashlib.sha256(request_plain).hexdigest(), "session": session})
quoted_request = canonical(dict(operations, quote={
    "attest": b64(b"attest"), "signature": b64(b"signature"), "statement": b64(release_statement),
    "pcrs": [{"bank": "sha256", "values": {"0": "00" * 32, "10": "11" * 32}}], "ima_log": b64(b"ima")}))
for name, data in (("request", request_plain), ("quoted_request", quoted_request), ("answer", answer_plain),
                   ("statement", statement), ("release_statement", release_statement)):
    folder = HERE / "fuzz-messages_fuzz"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
for name, data in (("jwt_fuzz", token), ("jwe_fuzz", request)):
    folder = HERE.parent / "token" / ("fuzz-" + name)
    folder.mkdir(exist_ok=True)
    (folder / "good").write_text(data)
