#!/usr/bin/python3
"""Makes the good-*.hex beside this file by an encoder that is not ours (this file): the same messages as the
good-*.xml and good-*.json, which were written by hand. Run from anywhere; the output is the same each time."""

import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent


def item(tag, kind, value):
    padding = bytes(-len(value) % 8)
    return tag.to_bytes(3, "big") + bytes([kind]) + struct.pack(">I", len(value)) + value + padding


def structure(tag, *items):
    return item(tag, 1, b"".join(items))


def integer(tag, value):
    return item(tag, 2, struct.pack(">i", value))


def long_integer(tag, value):
    return item(tag, 3, struct.pack(">q", value))


def big_integer(tag, value):
    return item(tag, 4, value)


def enumeration(tag, value):
    return item(tag, 5, struct.pack(">I", value))


def boolean(tag, value):
    return item(tag, 6, struct.pack(">q", value))


def text(tag, value):
    return item(tag, 7, value.encode())


def byte_string(tag, value):
    return item(tag, 8, value)


def date(tag, value):
    return item(tag, 9, struct.pack(">q", value))


def interval(tag, value):
    return item(tag, 10, struct.pack(">I", value))


def date_extended(tag, value):
    return item(tag, 11, struct.pack(">q", value))


def header(tag, major, minor, *more):
    version = structure(0x420069, integer(0x42006A, major), integer(0x42006B, minor))
    return structure(tag, version, *more)


def attribute(name, value):
    return structure(0x420008, text(0x42000A, name), value)


MESSAGES = {
    # Register, with masks and enumerations that only the attribute's name explains.
    "request-1-4": structure(
        0x420078,
        header(0x420077, 1, 4, integer(0x42000D, 1)),
        structure(0x42000F,
                  enumeration(0x42005C, 3),
                  byte_string(0x420093, b"\x01\xfe"),
                  structure(0x420079,
                            enumeration(0x420057, 2),
                            structure(0x420091,
                                      attribute("Cryptographic Usage Mask", integer(0x42000B, 0x0C)),
                                      attribute("Cryptographic Algorithm", enumeration(0x42000B, 3)),
                                      attribute("x-Mask", integer(0x42000B, 0x0C)),
                                      attribute("Activation Date", date(0x42000B, 951746400))),
                            structure(0x42008F,
                                      structure(0x420040,
                                                enumeration(0x420042, 1),
                                                structure(0x420045, byte_string(0x420043, bytes(range(16)))),
                                                enumeration(0x420028, 3),
                                                integer(0x42002A, 128)))))),
    # What a client that fetches a key sends and gets.
    "get-request-2-0": structure(
        0x420078,
        header(0x420077, 2, 0, integer(0x42000D, 1)),
        structure(0x42000F,
                  enumeration(0x42005C, 10),
                  structure(0x420079, text(0x420094, "49a1ca88"), enumeration(0x420042, 1)))),
    "get-response-1-2": structure(
        0x42007B,
        header(0x42007A, 1, 2, date(0x420092, 1700000000), integer(0x42000D, 1)),
        structure(0x42000F,
                  enumeration(0x42005C, 10),
                  enumeration(0x42007F, 0),
                  structure(0x42007C,
                            enumeration(0x420057, 2),
                            text(0x420094, "49a1ca88"),
                            structure(0x42008F,
                                      structure(0x420040,
                                                enumeration(0x420042, 1),
                                                structure(0x420045, byte_string(0x420043, bytes(range(32)))),
                                                enumeration(0x420028, 3),
                                                integer(0x42002A, 256)))))),
    # Every type, at its edges; tags and values that no table has.
    "every-type-2-1": structure(
        0x42007B,
        header(0x42007A, 2, 1, date(0x420092, -1), integer(0x42000D, -2147483648)),
        structure(0x42000F,
                  enumeration(0x42005C, 0x33),
                  enumeration(0x42007F, 0),
                  structure(0x42007C,
                            long_integer(0x420096, -9223372036854775808),
                            big_integer(0x420052, bytes.fromhex("ff80000000000000")),
                            big_integer(0x42006C, bytes.fromhex("00000000000000000000000000010001")),
                            enumeration(0x42013B, 0x42008D),
                            enumeration(0x420059, 0x80000001),
                            enumeration(0x42015D, 0),
                            boolean(0x4200A8, 1),
                            boolean(0x420120, 0),
                            text(0x420055, "tab\t\"quotes\" <&> 'é' \U0001f511\nline"),
                            text(0x42007D, ""),
                            byte_string(0x4200C2, b""),
                            date(0x420001, 253402300800),
                            interval(0x420049, 4294967295),
                            date_extended(0x420174, 1577934245000007),
                            integer(0x42015E, 0x20000003),
                            integer(0x42008E, 0),
                            structure(0x540001, text(0x54FFFF, "extension"), integer(0x42FFFF, 7)),
                            structure(0x420034)))),
}

for name, message in MESSAGES.items():
    digits = message.hex()
    lines = [digits[i:i + 96] for i in range(0, len(digits), 96)]
    (HERE / f"good-{name}.hex").write_text("\n".join(lines) + "\n")
