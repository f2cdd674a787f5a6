#!/usr/bin/env python3
"""Reads protocols/vectors/state.json a second time: trees, proofs, mana, fees and executed blocks.

Python's standard library only, written from protocols/state.md and protocols/transactions.md.
`read_state(reader, file)` is for second-reader.py; `check(path)` returns (checked, differences).
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

EMPTY = bytes(32)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(path, value_hash):
    return sha256(b"\0", path, value_hash)


def inner_hash(left, right):
    return sha256(b"\1", left, right)


def bit(path, index):
    return path[index >> 3] >> (7 - (index & 7)) & 1


# --- the tree: STA-5 ... STA-7, its pages: STA-11, STA-12 -----------------------------------------------------------


def subtree(leaves, depth):
    """leaves: list of (path, value hash)"""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaf_hash(*leaves[0])
    halves = [[leaf for leaf in leaves if bit(leaf[0], depth) == side] for side in (0, 1)]
    return inner_hash(*(subtree(half, depth + 1) for half in halves))


def leaves_of(values):
    return [(sha256(key), sha256(value)) for key, value in values.items()]


def pages_of(leaves, name="", found=None):
    found = {} if found is None else found
    if len(leaves) < (1 if name == "" else 2):
        return found
    below = {i: [leaf for leaf in leaves if leaf[0].hex()[len(name)] == f"{i:x}"] for i in range(16)}
    slots = b""
    bitmaps = [0, 0]
    for i, slot in below.items():
        if len(slot) == 1:
            bitmaps[0] |= 1 << i
            slots += slot[0][0] + slot[0][1]
        elif slot:
            bitmaps[1] |= 1 << i
            slots += subtree(slot, 4 * len(name) + 4)
            pages_of(slot, name + f"{i:x}", found)
    nodes = b""
    for node in range(2, 16):
        level = node.bit_length() - 1
        span = 16 >> level
        first = (node - (1 << level)) * span
        under = [leaf for i in range(first, first + span) for leaf in below[i]]
        if len(under) > 1:
            nodes += subtree(under, 4 * len(name) + level)
    found[name] = bitmaps[0].to_bytes(2, "big") + bitmaps[1].to_bytes(2, "big") + slots + nodes
    return found


# --- proofs: STA-8 ... STA-10 ---------------------------------------------------------------------------------------


def decode_proof(data):
    """StateProof: two lists of fixed-size elements."""
    first, second = (int.from_bytes(data[i : i + 4], "little") for i in (0, 4))
    siblings, other = data[first:second], data[second:]
    if first != 8 or not 8 <= second <= len(data) or len(siblings) % 32 or len(other) not in (0, 64):
        return None
    if len(siblings) > 256 * 32:
        return None
    return [siblings[i : i + 32] for i in range(0, len(siblings), 32)], other


def proof_holds(root, key, value, data):
    proof = decode_proof(data)
    if proof is None:
        return False
    siblings, other = proof
    path = sha256(key)
    node = EMPTY
    if value is not None:
        if other:
            return False
        node = leaf_hash(path, sha256(value))
    elif other:
        if other[:32] == path or any(bit(other, i) != bit(path, i) for i in range(len(siblings))):
            return False
        node = leaf_hash(other[:32], other[32:])
    for index in reversed(range(len(siblings))):
        pair = (siblings[index], node) if bit(path, index) else (node, siblings[index])
        node = inner_hash(*pair)
    return node == root


# --- mana and fees: TX-10 ... TX-13 ---------------------------------------------------------------------------------


def mana_cost(size, other_shards):
    k = -(-size // 1024)
    return 1 + k + k * (10 + 2 * other_shards) // 10


def regained(mana, at, now, params):
    rate, period, cap = params["manaPerPeriod"], params["manaPeriodMs"], params["manaCap"]
    gained = max(0, now - at) * rate // period
    if mana + gained >= cap:
        return cap, max(now, at)
    return (mana + gained, at - (-gained * period // rate)) if gained else (mana, at)


def paid(fee, selector):
    return ((fee, 0), (0, fee), (fee - fee // 2, fee // 2))[selector]


# --- blocks: TX-7 ... TX-15 -----------------------------------------------------------------------------------------


def numbers(data):
    return [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8)]


def packed(values):
    return b"".join(value.to_bytes(8, "little") for value in values)


def address_of(key):
    return b"\0" + sha256(b"icn/address/1".ljust(32, b"\0"), b"\0", key)[:20]


class Invalid(Exception):
    """The block may not be."""


NONCE, CONSUMER, INDUSTRIAL, MANA, MANA_TIME = range(5)
ACCOUNTS, BYTES, BALANCES, TREASURY, REWARDS = 0, 1, 2, 4, 6


class State:
    def __init__(self, values):
        self.values = dict(values)
        self.totals = numbers(self.values[b"\0"])

    def read(self, key):
        return numbers(self.values[key]) if key in self.values else None

    def write(self, key, record):
        if key not in self.values:
            self.totals[BYTES] += len(key) + 8 * len(record)
        self.values[key] = packed(record)

    def execute(self, wire, block):
        params = block["params"]
        tx = parse(wire, block["network"])
        key = b"\1" + address_of(tx["sender"])
        account = self.read(key)
        self.admit(tx, account, wire, block)
        fee = paid(tx["fee"], tx["selector"])
        mana, at = regained(account[MANA], account[MANA_TIME], block["timeMs"], params)
        account[NONCE] += 1
        account[MANA], account[MANA_TIME] = mana - mana_cost(len(wire), 0), at
        claim = self.read(b"\2" + block["proposer"]) or [0, 0]
        for token in (0, 1):
            account[CONSUMER + token] -= fee[token]
            treasury = fee[token] * params["treasurySharePpm"] // 10**6
            claim[token] += fee[token] - treasury
            self.totals[TREASURY + token] += treasury
            self.totals[REWARDS + token] += fee[token] - treasury
            self.totals[BALANCES + token] -= fee[token]
        self.write(key, account)
        self.write(b"\2" + block["proposer"], claim)
        return self.transfer(tx, key, account, block)

    def admit(self, tx, account, wire, block):
        params = block["params"]
        fee = paid(tx["fee"], tx["selector"])
        head = block["height"] - 1
        for code, fault in (
            ("expired", lambda: block["height"] > tx["validUntil"]),
            ("lifetime-too-long", lambda: tx["validUntil"] > head + params["maxLifetime"]),
            ("fee-floor", lambda: tx["fee"] < params["minFeePerByte"] * len(wire) + params["minFeePerMana"] * tx["maxMana"]),
            ("mana-below-cost", lambda: tx["maxMana"] < mana_cost(len(wire), 0)),
            ("unknown-account", lambda: account is None),
            ("nonce-reuse", lambda: tx["nonce"] < account[NONCE]),
            ("nonce-gap", lambda: tx["nonce"] > account[NONCE]),
            ("fee-unpayable", lambda: account[CONSUMER] < fee[0] or account[INDUSTRIAL] < fee[1]),
            ("insufficient-mana", lambda: regained(account[MANA], account[MANA_TIME], block["timeMs"], params)[0] < tx["maxMana"]),
        ):
            if fault():
                raise Invalid(code)

    def transfer(self, tx, key, account, block):
        params, amounts = block["params"], tx["amounts"]
        if any(account[CONSUMER + token] < amounts[token] for token in (0, 1)):
            return "insufficient-funds"
        to = b"\1" + tx["to"]
        if to == key:
            return "applied"
        receiver, charge = self.read(to), 0
        if receiver is None:
            charge = params["creationCharge"]
            if max(amounts) < params["minBalance"]:
                return "below-min-balance"
            if account[CONSUMER] < amounts[0] + charge:
                return "creation-unpaid"
            if self.totals[BYTES] + 62 > params["maxStateBytes"]:
                return "state-full"
            receiver = [0, 0, 0, 0, block["timeMs"]]
            self.totals[ACCOUNTS] += 1
            self.totals[TREASURY] += charge
            self.totals[BALANCES] -= charge
        elif any(receiver[CONSUMER + token] + amounts[token] >= 2**64 for token in (0, 1)):
            return "balance-overflow"
        for token in (0, 1):
            account[CONSUMER + token] -= amounts[token]
            receiver[CONSUMER + token] += amounts[token]
        account[CONSUMER] -= charge
        self.write(key, account)
        self.write(to, receiver)
        return "applied"


def parse(wire, network):
    """Transaction and Transfer of protocols/encoding.md, taken apart by position."""
    payload = wire[139:]
    content = wire[:54] + (75).to_bytes(4, "little") + wire[58:75] + payload
    return {
        "id": sha256(b"icn/transaction/1".ljust(32, b"\0"), network, content),
        "sender": wire[4:36],
        "nonce": int.from_bytes(wire[36:44], "little"),
        "validUntil": int.from_bytes(wire[44:52], "little"),
        "maxMana": int.from_bytes(wire[58:66], "little"),
        "fee": int.from_bytes(wire[66:74], "little"),
        "selector": wire[74],
        "to": payload[:21],
        "amounts": tuple(numbers(payload[21:37])),
    }


def execute(values, wires, block):
    state = State(values)
    outcomes = [state.execute(wire, block) for wire in wires]
    if wires:
        state.values[b"\0"] = packed(state.totals)
    return outcomes, state.values


# --- the file -------------------------------------------------------------------------------------------------------


def from_hex(values):
    return {bytes.fromhex(key): bytes.fromhex(value) for key, value in values.items()}


def read_state(reader, file):
    for part in ("trees", "accepted", "refused", "fees"):
        reader.same(f"{part}: has cases", len(file[part]) > 0, True)
    for case in file["trees"]:
        leaves = leaves_of(from_hex(case["values"]))
        reader.same(f"{case['name']}: root", subtree(leaves, 0), case["root"])
        pages = {name: page.hex() for name, page in pages_of(leaves).items()}
        reader.same(f"{case['name']}: pages", pages, case["pages"])
    for part, holds in (("accepted", True), ("refused", False)):
        for case in file[part]:
            value = bytes.fromhex(case["value"][0]) if case["value"] else None
            root, key, proof = (bytes.fromhex(case[name]) for name in ("root", "key", "proof"))
            reader.same(f"{part}: {case['name']}", proof_holds(root, key, value, proof), holds)
    read_mana(reader, file["mana"])
    for case in file["fees"]:
        ours = paid(int(case["fee"]), case["selector"])
        reader.same("fee: paid", [str(amount) for amount in ours], case["paid"])
        treasury = [str(amount * case["treasurySharePpm"] // 10**6) for amount in ours]
        reader.same("fee: treasury", treasury, case["treasury"])
    read_blocks(reader, file["blocks"])
    read_lanes(reader, file["lanes"])


def read_lanes(reader, file):
    """R9: a lane takes nothing from users once 80 % of its receipts or of its bytes are on their way."""
    reader.same("lanes: has cases", len(file["cases"]) > 0, True)
    for case in file["cases"]:
        sent, acknowledged, kept, _, _, reported, received = struct.unpack("<7Q", bytes.fromhex(case["lane"]))
        outstanding = (sent - acknowledged) + (reported - received)
        is_full = outstanding * 100 >= file["laneReceiptsMax"] * 80 or kept * 100 >= file["laneBytesMax"] * 80
        ours = "lane-congested" if is_full else "applied"
        reader.same(f"lane {case['name']}", ours, case["outcome"])


def read_mana(reader, file):
    reader.same("mana: has cases", len(file["costs"]) > 0 and len(file["regained"]) > 0, True)
    for case in file["costs"]:
        reader.same(f"cost of {case['bytes']}", str(mana_cost(case["bytes"], case["otherShards"])), case["cost"])
    for case in file["regained"]:
        mana, at = regained(int(case["stored"]), case["storedAt"], case["timeMs"], case)
        reader.same("regained", {"mana": str(mana), "manaTimeMs": at}, case["result"])


def read_blocks(reader, file):
    before = from_hex(file["before"])
    block = {**file, "network": bytes.fromhex(file["network"]), "proposer": bytes.fromhex(file["proposer"])}
    reader.same("before: root", subtree(leaves_of(before), 0), file["root"])
    reader.same("blocks: has cases", len(file["cases"]) > 0, True)
    for case in file["cases"]:
        name, wires = case["name"], [bytes.fromhex(wire) for wire in case["transactions"]]
        try:
            outcomes, after = execute(before, wires, block)
        except Invalid as invalid:
            reader.same(f"{name}: invalid", str(invalid), case.get("invalid"))
            continue
        reader.same(f"{name}: outcomes", outcomes, case["outcomes"])
        reader.same(f"{name}: ids", [parse(wire, block["network"])["id"].hex() for wire in wires], case["ids"])
        changes = {key.hex(): value.hex() for key, value in after.items() if before.get(key) != value}
        reader.same(f"{name}: changes", changes, case["changes"])
        reader.same(f"{name}: root", subtree(leaves_of(after), 0), case["root"])


class Reader:
    def __init__(self):
        self.checked = 0
        self.differences = []

    def same(self, what, ours, stated):
        ours = ours.hex() if isinstance(ours, bytes) else ours
        self.checked += 1
        if ours != stated:
            self.differences.append(f"state.json: {what}: {str(ours)[:80]} but stated {str(stated)[:80]}")


def check(path):
    reader = Reader()
    read_state(reader, json.loads(Path(path).read_text("utf8")))
    return reader.checked, reader.differences


if __name__ == "__main__":
    default = Path(__file__).resolve().parent.parent / "protocols" / "vectors" / "state.json"
    count, wrong = check(sys.argv[1] if len(sys.argv) > 1 else default)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"state.json: {count} checked, {len(wrong)} different")
    sys.exit(1 if wrong else 0)
