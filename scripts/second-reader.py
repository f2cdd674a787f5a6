#!/usr/bin/env python3
"""Reads every file of protocols/vectors a second time, without a line of the node's code.

Python's standard library only. The types come from the tables of encoding.md, discovery.md and snapshot.md; decoding, merkleisation,
addresses and signatures are written from the rules there and in protocols/crypto.md.

Usage: second-reader.py [FOLDER]; without one, protocols/vectors.
One line per file, then `N checked`. Exit 1 on any difference, and on a vector file without a reader.
To add a file: write `def read_NAME(reader, file)` and list it in READERS. Files that need no reader: NOT_READ.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

# The modules beside this one leave no compiled copies in the repository.
sys.dont_write_bytecode = True

from second_reader_atomic import read_atomic
from second_reader_genesis import read_genesis, read_leaders
from second_reader_cooperation import read_cooperation
from second_reader_emission import read_emission
from second_reader_evidence import read_evidence
from second_reader_gossip import read_gossip
from second_reader_state import read_state

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "protocols" / "vectors"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Refused(Exception):
    """The bytes are not the encoding of any value, or the text is no address."""


# --- types: protocols/encoding.md ---------------------------------------------------------------------------------

TYPES = {}
PAGES = ("encoding.md", "discovery.md", "snapshot.md", "cooperation.md")


def load_types():
    """### Name, then table rows `| field | type | meaning |`."""
    name = None
    pages = [(ROOT / "protocols" / page).read_text("utf8") for page in PAGES]
    for line in "\n".join(pages).splitlines():
        heading = re.fullmatch(r"### (\w+)", line)
        if line.startswith("#"):
            name = heading.group(1) if heading else None
            if name:
                TYPES[name] = []
        row = re.match(r"\| `(\w+)` \| ([^|]+?) \|", line)
        if row and name:
            TYPES[name].append((row.group(1), parse_type(row.group(2))))


def parse_type(text):
    if text in ("u8", "u16", "u32", "u64"):
        return ("uint", int(text[1:]) // 8)
    if text == "chain":
        return ("uint", 2)
    if text == "count":
        return ("count", 8)
    for pattern, kind in ((r"bytes\[(\d+)\]", "vector"), (r"bytes\[<= (\d+)\]", "bytes"), (r"bits\[<= (\d+)\]", "bits")):
        match = re.fullmatch(pattern, text)
        if match:
            return (kind, int(match.group(1)))
    match = re.fullmatch(r"list\[(.+), <= (\d+)\]", text)
    if match:
        return ("list", parse_type(match.group(1)), int(match.group(2)))
    if not re.fullmatch(r"[A-Z]\w+", text):
        raise ValueError("unknown type in encoding.md: " + text)
    return ("container", text)


def fixed_size(kind):
    """Bytes of a type of fixed size, None for the others."""
    if kind[0] in ("uint", "count", "vector"):
        return kind[1]
    if kind[0] == "container":
        sizes = [fixed_size(field) for _, field in TYPES[kind[1]]]
        return None if None in sizes else sum(sizes)
    return None


# --- decoding and encoding: ENC-1 ... ENC-11 ------------------------------------------------------------------------


def decode(kind, data):
    tag = kind[0]
    if tag in ("uint", "count"):
        expect(len(data) == kind[1], "integer of another width")
        value = int.from_bytes(data, "little")
        expect(tag == "uint" or value < 2**53, "count above 2^53 - 1")
        return value
    if tag == "vector":
        expect(len(data) == kind[1], "bytes of another length")
        return data
    if tag == "bytes":
        expect(len(data) <= kind[1], "too many bytes")
        return data
    if tag == "bits":
        return decode_bits(kind[1], data)
    if tag == "list":
        return decode_list(kind[1], kind[2], data)
    names = [name for name, _ in TYPES[kind[1]]]
    return dict(zip(names, decode_fields([field for _, field in TYPES[kind[1]]], data)))


def expect(condition, why):
    if not condition:
        raise Refused(why)


def decode_bits(limit, data):
    expect(len(data) > 0 and data[-1] != 0, "no delimiter")
    count = 8 * (len(data) - 1) + data[-1].bit_length() - 1
    expect(count <= limit, "too many bits")
    return "".join(str(data[i >> 3] >> (i & 7) & 1) for i in range(count))


def decode_list(element, limit, data):
    size = fixed_size(element)
    if size is not None:
        expect(len(data) % size == 0, "no whole number of elements")
        expect(len(data) // size <= limit, "too many elements")
        return [decode(element, data[i : i + size]) for i in range(0, len(data), size)]
    if not data:
        return []
    expect(len(data) >= 4, "no offset")
    first = int.from_bytes(data[:4], "little")
    expect(first > 0 and first % 4 == 0, "first offset is no number of elements")
    expect(first // 4 <= limit, "too many elements")
    return decode_fields([element] * (first // 4), data)


def decode_fields(kinds, data):
    """The part in place, then the contents: containers, and lists of elements of variable size."""
    sizes = [fixed_size(kind) for kind in kinds]
    in_place = sum(4 if size is None else size for size in sizes)
    expect(len(data) >= in_place, "shorter than the part in place")
    parts, offsets, at = [], [], 0
    for size in sizes:
        part = data[at : at + (4 if size is None else size)]
        at += len(part)
        parts.append(part)
        if size is None:
            offsets.append(int.from_bytes(part, "little"))
    expect((offsets or [len(data)])[0] == in_place, "gap, overlap, or bytes after the end")
    ends = offsets[1:] + [len(data)]
    contents = []
    for start, end in zip(offsets, ends):
        expect(start <= end <= len(data), "offset backwards or past the end")
        contents.append(data[start:end])
    rest = iter(contents)
    return [decode(kind, next(rest) if size is None else part) for kind, size, part in zip(kinds, sizes, parts)]


def encode(kind, value):
    tag = kind[0]
    if tag in ("uint", "count"):
        return value.to_bytes(kind[1], "little")
    if tag in ("vector", "bytes"):
        return value
    if tag == "bits":
        return pack_bits(value + "1")
    if tag == "list":
        return encode_fields([kind[1]] * len(value), value)
    return encode_fields([field for _, field in TYPES[kind[1]]], [value[name] for name, _ in TYPES[kind[1]]])


def pack_bits(bits):
    number = int(bits[::-1] or "0", 2)
    return number.to_bytes((len(bits) + 7) // 8, "little")


def encode_fields(kinds, values):
    encoded = [encode(kind, value) for kind, value in zip(kinds, values)]
    fixed = [fixed_size(kind) is not None for kind in kinds]
    offset = sum(len(part) if in_place else 4 for part, in_place in zip(encoded, fixed))
    head, tail = b"", b""
    for part, in_place in zip(encoded, fixed):
        if in_place:
            head += part
        else:
            head += (offset + len(tail)).to_bytes(4, "little")
            tail += part
    return head + tail


# --- merkleisation: ENC-13, ENC-15 ----------------------------------------------------------------------------------

ZERO = [bytes(32)]
while len(ZERO) < 64:
    ZERO.append(sha256(ZERO[-1], ZERO[-1]))


def merkleise(chunks, limit=None):
    depth = max((len(chunks) if limit is None else limit) - 1, 0).bit_length()
    nodes = list(chunks)
    for level in range(depth):
        if len(nodes) % 2:
            nodes.append(ZERO[level])
        nodes = [sha256(nodes[i], nodes[i + 1]) for i in range(0, len(nodes), 2)]
    return nodes[0] if nodes else ZERO[depth]


def chunked(data):
    data = data + bytes(-len(data) % 32)
    return [data[i : i + 32] for i in range(0, len(data), 32)]


def mixed(node, number):
    return sha256(node, number.to_bytes(32, "little"))


def root(kind, value):
    tag = kind[0]
    if tag in ("uint", "count"):
        return encode(kind, value).ljust(32, b"\0")
    if tag == "vector":
        return merkleise(chunked(value))
    if tag == "bytes":
        return mixed(merkleise(chunked(value), -(-kind[1] // 32)), len(value))
    if tag == "bits":
        return mixed(merkleise(chunked(pack_bits(value)), -(-kind[1] // 256)), len(value))
    if tag == "list":
        element, limit = kind[1], kind[2]
        if element[0] in ("uint", "count"):
            packed = b"".join(encode(element, one) for one in value)
            return mixed(merkleise(chunked(packed), -(-limit * element[1] // 32)), len(value))
        return mixed(merkleise([root(element, one) for one in value], limit), len(value))
    return merkleise([root(field, value[name]) for name, field in TYPES[kind[1]]])


def bits_of(count):
    """ceil(log2(count))"""
    return max(count - 1, 0).bit_length()


def field_index(type_name, field):
    names = [name for name, _ in TYPES[type_name]]
    return (1 << bits_of(len(names))) + names.index(field)


def joined(upper, lower):
    depth = lower.bit_length() - 1
    return (upper << depth) | (lower ^ (1 << depth))


def branch_holds(leaf, gindex, branch, expected):
    if gindex < 1 or gindex.bit_length() - 1 != len(branch) or any(len(node) != 32 for node in [leaf, *branch]):
        return False
    for sibling in branch:
        leaf = sha256(sibling, leaf) if gindex & 1 else sha256(leaf, sibling)
        gindex >>= 1
    return leaf == expected


# --- addresses: CRY-4 ... CRY-7 -------------------------------------------------------------------------------------


def domain(name):
    return name.encode("ascii").ljust(32, b"\0")


def address_of(key_type, key):
    kind = bytes([key_type])
    return kind + sha256(domain("icn/address/1"), kind, key)[:20]


def home_shard(address, shards):
    return int.from_bytes(sha256(address)[:8], "big") % shards


CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M = 0x2BC830A3


def polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check


PREFIX = [ord(c) >> 5 for c in "icn"] + [0] + [ord(c) & 31 for c in "icn"]


def address_text(address):
    bits = "".join(f"{byte:08b}" for byte in address)
    bits += "0" * (-len(bits) % 5)
    words = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    check = polymod(PREFIX + words + [0] * 6) ^ BECH32M
    return "icn1" + "".join(CHARSET[word] for word in words + [check >> 5 * (5 - i) & 31 for i in range(6)])


def address_bytes(text):
    expect(text.startswith("icn1") and all(c in CHARSET for c in text[4:]), "characters or prefix")
    words = [CHARSET.index(c) for c in text[4:]]
    expect(len(words) >= 6 and polymod(PREFIX + words) == BECH32M, "checksum")
    bits = "".join(f"{word:05b}" for word in words[:-6])
    whole = len(bits) // 8 * 8
    expect(len(bits) - whole < 5 and "1" not in bits[whole:], "padding")
    expect(whole // 8 == 21, "length")
    return int(bits[:whole], 2).to_bytes(21, "big")


# --- Ed25519: CRY-1 ... CRY-3 ---------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    p, q, r, s = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = q - p, s - r, s + r, q + p
    return (e * f % P, g * h % P, f * g % P, e * h % P)


NEUTRAL = (0, 1, 1, 0)


def times(scalar, point):
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def is_neutral(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def point_of(data):
    """A canonical point that is not of small order, else None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    point = (x, y, 1, x * y % P)
    return None if is_neutral(times(8, point)) else point


def point_bytes(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point_of(BASE_Y.to_bytes(32, "little"))


def sha512_number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def public_key(seed):
    head = bytearray(hashlib.sha512(seed).digest()[:32])
    head[0] &= 248
    head[31] = head[31] & 127 | 64
    return point_bytes(times(int.from_bytes(head, "little"), BASE))


def signature_holds(signature, message, key):
    if len(signature) != 64 or len(key) != 32:
        return False
    s = int.from_bytes(signature[32:], "little")
    a, r = point_of(key), point_of(signature[:32])
    if s >= L or a is None or r is None:
        return False
    k = sha512_number(signature[:32], key, message) % L
    minus_a = (P - a[0], a[1], a[2], P - a[3])
    return point_bytes(add(times(s, BASE), times(k, minus_a))) == signature[:32]


# --- files ----------------------------------------------------------------------------------------------------------


class Reader:
    """Counts what was compared and remembers what differed."""

    def __init__(self, name):
        self.name = name
        self.checked = 0
        self.differences = []

    def same(self, what, ours, stated):
        ours = ours.hex() if isinstance(ours, bytes) else ours
        self.checked += 1
        if ours != stated:
            self.differences.append(f"{self.name}: {what}: {str(ours)[:80]} but stated {str(stated)[:80]}")

    def value(self, type_name, what, case):
        """Decodes `bytes`, encodes again, compares the fields; returns the value."""
        kind = ("container", type_name)
        data = bytes.fromhex(case["bytes"])
        try:
            value = decode(kind, data)
        except Refused as refusal:
            self.same(f"{what}: refused ({refusal})", False, True)
            raise
        self.same(f"{what}: encoded again", encode(kind, value), case["bytes"])
        if "fields" in case:
            self.same(f"{what}: fields", plain(kind, value), case["fields"])
        return value

    def refused(self, type_name, cases):
        self.some(type_name, cases)
        for case in cases:
            try:
                decode(("container", case.get("type", type_name)), bytes.fromhex(case["bytes"]))
                self.same(case["name"], "accepted", "refused")
            except Refused:
                self.same(case["name"], "refused", "refused")

    def some(self, what, cases):
        """An emptied list must not pass as a correct one."""
        self.same(f"{what}: has cases", len(cases) > 0, True)


def plain(kind, value):
    """A value in the JSON form of the vectors: u64 as text, bytes as hex."""
    if kind[0] == "uint" and kind[1] == 8:
        return str(value)
    if kind[0] == "list":
        return [plain(kind[1], one) for one in value]
    if kind[0] == "container":
        return {name: plain(field, value[name]) for name, field in TYPES[kind[1]]}
    return value.hex() if isinstance(value, bytes) else value


def read_addresses(reader, file):
    reader.some("domains", file["domains"])
    for tag in file["domains"]:
        reader.same(tag["name"], domain(tag["name"]), tag["tag"])
    reader.some("accepted", file["accepted"])
    for case in file["accepted"]:
        name, key = case["name"], bytes.fromhex(case["publicKey"])
        if "seed" in case:
            reader.same(f"{name}: key", public_key(bytes.fromhex(case["seed"])), case["publicKey"])
        address = address_of(case["keyType"], key)
        reader.same(f"{name}: address", address, case["address"])
        reader.same(f"{name}: text", address_text(address), case["text"])
        reader.same(f"{name}: bytes of text", address_bytes(case["text"]), case["address"])
        check_home_shards(reader, name, address, case["homeShards"])
    reader.some("refused", file["refused"])
    for case in file["refused"]:
        try:
            address_bytes(case["text"])
            reader.same(case["name"], "accepted", "refused")
        except Refused:
            reader.same(case["name"], "refused", "refused")


def check_home_shards(reader, name, address, stated):
    for shards, shard in stated.items():
        reader.same(f"{name}: home of {shards}", home_shard(address, int(shards)), shard)


def read_transactions(reader, file):
    network = bytes.fromhex(file["network"])
    reader.some("accepted", file["accepted"])
    for case in file["accepted"]:
        name = case["name"]
        value = reader.value("Transaction", name, case)
        content = encode(("container", "TransactionContent"), value)
        signed = domain("icn/transaction/1") + network + content
        reader.same(f"{name}: signed bytes", signed, case["signedBytes"])
        reader.same(f"{name}: id", sha256(signed), case["id"])
        reader.same(f"{name}: wire hash", sha256(bytes.fromhex(case["bytes"])), case["wireHash"])
        reader.same(f"{name}: root", root(("container", "Transaction"), value), case["root"])
        reader.same(f"{name}: signature", signature_holds(value["signature"], signed, value["sender"]), True)
        address = address_of(value["keyType"], value["sender"])
        reader.same(f"{name}: sender", address_text(address), case["senderAddress"])
        check_home_shards(reader, name, address, case["homeShards"])
    for case in file["transfers"]:
        reader.value("Transfer", "transfer", case)
    reader.refused("Transaction", file["refused"])
    reader.refused("Transfer", file["refusedTransfers"])


def read_headers(reader, file):
    reader.some("accepted", file["accepted"])
    for case in file["accepted"]:
        value = reader.value("Header", case["name"], case)
        reader.same(f"{case['name']}: hash", root(("container", "Header"), value), case["hash"])
    reader.refused("Header", file["refused"])


def statement_of(network, value):
    return domain("icn/statement/1") + encode(("container", "Statement"), {**value, "network": network})


def read_votes(reader, file):
    network = bytes.fromhex(file["network"])
    reader.some("accepted", file["accepted"])
    for case in file["accepted"]:
        value = reader.value("Vote", case["name"], case)
        signed = statement_of(network, value)
        reader.same(f"{case['name']}: signed bytes", signed, case["signedBytes"])
        holds = signature_holds(value["signature"], signed, bytes.fromhex(case["publicKey"]))
        reader.same(f"{case['name']}: signature", holds, True)
    reader.refused("Vote", file["refused"])


def read_certificates(reader, file):
    network = bytes.fromhex(file["network"])
    committee = [bytes.fromhex(key) for key in file["committee"]]
    reader.some("accepted", file["accepted"])
    for case in file["accepted"]:
        name = case["name"]
        value = reader.value("Certificate", name, case)
        reader.same(f"{name}: root", root(("container", "Certificate"), value), case["root"])
        signed = statement_of(network, value)
        reader.same(f"{name}: signed bytes", signed, case["signedBytes"])
        members = [committee[i] for i, bit in enumerate(value["signers"]) if bit == "1"]
        reader.same(f"{name}: a signature per bit", len(value["signatures"]), len(members))
        for signature, key in zip(value["signatures"], members):
            reader.same(f"{name}: signature", signature_holds(signature, signed, key), True)
    reader.refused("Certificate", file["refused"])


def read_objects(reader, file):
    for case in file["accepted"]:
        value = reader.value(case["type"], case["type"], case)
        reader.same(f"{case['type']}: root", root(("container", case["type"]), value), case["root"])
    missing = sorted(set(TYPES) - {case["type"] for case in file["accepted"]})
    reader.same("types of the tables without an object", missing, [])
    reader.refused("objects", file["refused"])


WIRE_HASHES = ("list", ("vector", 32), 16384)
DELIVERY_HASHES = ("list", ("vector", 32), 64)


def read_roots(reader, file):
    reader.some("lists", file["transactionLists"])
    for case in file["transactionLists"]:
        hashes = [bytes.fromhex(one) for one in case["wireHashes"]]
        reader.same(f"list of {len(hashes)}", root(WIRE_HASHES, hashes), case["transactionsRoot"])
    reader.some("bodies", file["bodies"])
    fields = dict(TYPES["Body"])
    for i, case in enumerate(file["bodies"]):
        body = reader.value("Body", f"body {i}", case)
        hashes = [sha256(wire) for wire in body["transactions"]]
        reader.same(f"body {i}: hash", sha256(bytes.fromhex(case["bytes"])), case["bodyHash"])
        reader.same(f"body {i}: wire hashes", [one.hex() for one in hashes], case["wireHashes"])
        reader.same(f"body {i}: transactions", root(WIRE_HASHES, hashes), case["transactionsRoot"])
        reader.same(f"body {i}: attendance", root(fields["attendance"], body["attendance"]), case["attendanceRoot"])
        deliveries = [sha256(one) for one in body["deliveries"]]
        reader.same(f"body {i}: deliveries", root(DELIVERY_HASHES, deliveries), case["deliveriesRoot"])


def read_proofs(reader, file):
    header = decode(("container", "Header"), bytes.fromhex(file["header"]))
    header_hash = root(("container", "Header"), header)
    fields = dict(TYPES["Header"])
    transactions = field_index("Header", "transactionsRoot")
    element = 2 << bits_of(WIRE_HASHES[2])
    reader.same("fields", [case["field"] for case in file["fields"]], list(fields))
    for case in file["fields"]:
        leaf = root(fields[case["field"]], header[case["field"]])
        check_proof(reader, case, leaf, field_index("Header", case["field"]), header_hash)
    reader.same("transactions", len(file["transactions"]), header["transactionCount"])
    for case in file["transactions"]:
        leaf = bytes.fromhex(case["leaf"])
        check_proof(reader, case, leaf, joined(transactions, element + case["index"]), header_hash)
    count = header["transactionCount"].to_bytes(32, "little")
    check_proof(reader, file["length"], count, joined(transactions, 3), header_hash)
    reader.some("refused", file["refused"])
    for case in file["refused"]:
        branch = [bytes.fromhex(node) for node in case["branch"]]
        leaf, stated = bytes.fromhex(case["leaf"]), bytes.fromhex(case["root"])
        reader.same(case["name"], branch_holds(leaf, int(case["gindex"]), branch, stated), False)


def check_proof(reader, case, leaf, gindex, stated_root):
    reader.same(f"{case['name']}: leaf", leaf, case["leaf"])
    reader.same(f"{case['name']}: index", gindex, int(case["gindex"]))
    reader.same(f"{case['name']}: root", stated_root, case["root"])
    branch = [bytes.fromhex(node) for node in case["branch"]]
    reader.same(f"{case['name']}: branch", branch_holds(leaf, gindex, branch, stated_root), True)


def read_signatures(reader, file):
    reader.some("cases", file["cases"])
    for case in file["cases"]:
        parts = [bytes.fromhex(case[part]) for part in ("signature", "message", "publicKey")]
        reader.same(case["name"], int(signature_holds(*parts)), case["valid"])


READERS = {
    "addresses.json": read_addresses,
    "transactions.json": read_transactions,
    "headers.json": read_headers,
    "votes.json": read_votes,
    "certificates.json": read_certificates,
    "objects.json": read_objects,
    "roots.json": read_roots,
    "proofs.json": read_proofs,
    "signatures.json": read_signatures,
    "state.json": read_state,
    "genesis.json": read_genesis,
    "leaders.json": read_leaders,
    "atomic.json": lambda reader, file: read_atomic(reader, file, sys.modules[__name__]),
    "emission.json": read_emission,
    "cooperation.json": lambda reader, file: read_cooperation(reader, file, sys.modules[__name__]),
    "evidence.json": lambda reader, file: read_evidence(reader, file, sys.modules[__name__]),
    "gossip.json": lambda reader, file: read_gossip(reader, file, sys.modules[__name__]),
}

# Vector files that hold nothing to recompute, each with its reason.
NOT_READ = {}


def main(folder):
    load_types()
    # Relative paths, so that a file in a subfolder cannot go unread.
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    checked, wrong = 0, []
    for name in sorted(found | set(READERS)):
        if name in NOT_READ:
            print(f"{name}: not read, {NOT_READ[name]}")
            continue
        if name not in READERS or name not in found:
            wrong.append(f"{name}: " + ("no reader for this file" if name in found else "the file is missing"))
            continue
        reader = Reader(name)
        try:
            READERS[name](reader, json.loads((folder / name).read_text("utf8")))
        except Exception as problem:  # whatever stops a reader is a difference, and the other files are still read
            reader.differences.append(f"{name}: {type(problem).__name__}: {problem}")
        checked += reader.checked
        wrong += reader.differences
        print(f"{name}: {reader.checked} checked, {len(reader.differences)} different")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{checked} checked")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else VECTORS))
