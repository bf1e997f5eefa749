#!/usr/bin/python3
"""Makes the seeds of the fuzzers of ttlv, kmip and keyprovider, and good-blob.json, by an encoder and a cipher
that are not ours (this file and python3-cryptography). Run from anywhere; the output is the same each time."""

import hashlib
import json
import pathlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VECTORS = pathlib.Path(__file__).resolve().parent.parent


def item(tag, kind, value):
    padding = bytes(-len(value) % 8)
    return tag.to_bytes(3, "big") + bytes([kind]) + struct.pack(">I", len(value)) + value + padding


def structure(tag, *items):
    return item(tag, 1, b"".join(items))


def integer(tag, value):
    return item(tag, 2, struct.pack(">i", value))


def enumeration(tag, value):
    return item(tag, 5, struct.pack(">I", value))


def text(tag, value):
    return item(tag, 7, value.encode())


def byte_string(tag, value):
    return item(tag, 8, value)


def date(tag, value):
    return item(tag, 9, struct.pack(">q", value))


def version(major, minor):
    return structure(0x420069, integer(0x42006A, major), integer(0x42006B, minor))


def response(spoken, *items):
    header = structure(0x42007A, version(*spoken), date(0x420092, 1700000000), integer(0x42000D, len(items)))
    return structure(0x42007B, header, *items)


def success(operation, *payload):
    return structure(0x42000F, enumeration(0x42005C, operation), enumeration(0x42007F, 0),
                     structure(0x42007C, *payload))


def batch_success(batch_id, operation, *payload):
    return structure(0x42000F, enumeration(0x42005C, operation), byte_string(0x420093, batch_id),
                     enumeration(0x42007F, 0), structure(0x42007C, *payload))


def refusal(operation, reason, message):
    return structure(0x42000F, enumeration(0x42005C, operation), enumeration(0x42007F, 1),
                     enumeration(0x42007E, reason), text(0x42007D, message))


def symmetric_key(key_format, material):
    return structure(0x42008F, structure(0x420040, enumeration(0x420042, key_format),
                                         structure(0x420045, material), enumeration(0x420028, 3),
                                         integer(0x42002A, 256)))


def attribute(name, value):
    return structure(0x420008, text(0x42000A, name), value)


def responses():
    key = bytes(range(32))
    identifier = text(0x420094, "1")
    object_type = enumeration(0x420057, 2)
    raw = symmetric_key(1, byte_string(0x420043, key))
    transparent = symmetric_key(7, structure(0x420043, byte_string(0x42003F, key)))
    return {
        "get-1.4": response((1, 4), success(0x0A, object_type, identifier, raw)),
        "get-transparent-2.0": response((2, 0), success(0x0A, object_type, identifier, transparent)),
        "get-attributes-1.4": response((1, 4), success(
            0x0B, identifier, attribute("State", enumeration(0x42000B, 2)),
            attribute("Cryptographic Length", integer(0x42000B, 256)),
            attribute("Activation Date", date(0x42000B, 1700000000)))),
        "get-attributes-2.1": response((2, 1), success(
            0x0B, identifier, structure(0x420125, enumeration(0x42008D, 2), enumeration(0x420028, 3),
                                        integer(0x42002A, 256), integer(0x42002C, 12)))),
        "discover-versions": response((1, 4), success(0x1E, version(2, 0), version(1, 4), version(1, 0))),
        "query": response((1, 2), success(0x18, enumeration(0x42005C, 0x0A), enumeration(0x42005C, 0x1F),
                                          text(0x42009D, "vendor"))),
        "create": response((1, 4), success(0x01, object_type, text(0x420094, "17"))),
        "refused-1.0": response((1, 0), refusal(0x0A, 4, "Error parsing request message.")),
        "pending": response((1, 4), structure(0x42000F, enumeration(0x42005C, 0x0A), enumeration(0x42007F, 2),
                                              byte_string(0x420006, b"abcd"))),
        "encrypt-1.4": response((1, 4), success(0x1F, text(0x420094, "1"), byte_string(0x4200C2, bytes(16)),
                                                byte_string(0x42003D, bytes(12)), byte_string(0x4200FF, bytes(16)))),
        "decrypt-1.4": response((1, 4), success(0x20, text(0x420094, "1"), byte_string(0x4200C2, bytes(16)))),
        "batch": response((1, 4), batch_success(b"\2", 0x0B, text(0x420094, "1")),
                          batch_success(b"\1", 0x0A, text(0x420094, "1"))),
        "attribute-list-2.1": response((2, 1), success(0x0C, text(0x420094, "1"), enumeration(0x42013B, 0x42008D),
                                                       structure(0x42013B, text(0x42009D, "x"), text(0x42000A, "n")))),
        "check-refused": response((1, 4), success(0x09, text(0x420094, "1"), integer(0x42002C, 4))),
    }


def items():
    example = 0x420020
    every_type = structure(
        example, integer(example, 8), item(example, 3, struct.pack(">q", 123456789000000000)),
        item(example, 4, bytes.fromhex("0000000003FD35EB6BC2DF4618080000")), enumeration(example, 255),
        item(example, 6, struct.pack(">q", 1)), text(example, "Hello World"), byte_string(example, b"\1\2\3"),
        date(example, 0x47DA67F8), item(example, 10, struct.pack(">I", 864000)),
        item(example, 11, struct.pack(">q", 1)))
    nested = b""
    for _ in range(32):
        nested = structure(example, nested)
    return {
        "every-type": every_type,
        "nested-32": nested,
        "get-response": responses()["get-1.4"],
        "padding-not-zero": integer(example, 8)[:-1] + b"\1",
    }


def blob():
    primary_key, key = bytes(range(32)), bytes(range(100, 132))
    uid, nonce = bytes([0xBB] * 16), bytes(range(50, 62))
    context = {"key_id": "c" * 32, "version": 1, "vm": "01234567-89ab-4cde-8f01-23456789abcd"}
    header = b"VSKB\1\1" + uid + struct.pack(">I", 2) + b"\1" + nonce
    bound = header + json.dumps(context, sort_keys=True, separators=(",", ":")).encode()
    sealed = AESGCM(primary_key).encrypt(nonce, key, hashlib.sha256(bound).digest())
    return {"primary_key": primary_key.hex(), "context": context, "key": key.hex(), "blob": (header + sealed).hex()}


def write(folder, files):
    (VECTORS / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (VECTORS / folder / name).write_bytes(content)


made = blob()
generation_0 = bytearray.fromhex(made["blob"])
generation_0[22:26] = bytes(4)
write("ttlv/fuzz-ttlv_fuzz", items())
write("kmip/fuzz-kmip_fuzz", responses())
write("keyprovider/fuzz-blob_fuzz", {"good": bytes.fromhex(made["blob"]), "generation-0": bytes(generation_0)})
(VECTORS / "keyprovider/good-blob.json").write_text(json.dumps(made, sort_keys=True, indent=2) + "\n")
