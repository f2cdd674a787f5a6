"""Reads the vectors of genesis and sharding a second time, from protocols/genesis.md and protocols/sharding.md alone.

Python's standard library only. `check(path)` returns (number of comparisons, list of differences) for
protocols/vectors/genesis.json or leaders.json.
"""

import hashlib
import json
import re
from pathlib import Path

SUPPLY = 20_000_000_000_000
COORD = 0xFFFF
CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
TOP_KEYS = {
    "version", "preset", "timeMs", "shards", "features", "required", "params", "cooperatives", "validators", "accounts",
}
LIST_KEYS = {
    "cooperatives": {"id", "name"},
    "validators": {"key", "cooperative", "weight"},
    "accounts": {"address", "consumer", "industrial"},
}


class Refused(Exception):
    """The genesis breaks the rule that is named first."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tag(name):
    return name.encode().ljust(32, b"\0")


def little(value, size):
    return value.to_bytes(size, "little")


def big(value, size):
    return value.to_bytes(size, "big")


def container(*fields):
    """A field is bytes (in place) or ('variable', bytes) (by offset)."""
    head = sum(4 if isinstance(field, tuple) else len(field) for field in fields)
    fixed, tail = b"", b""
    for field in fields:
        if isinstance(field, tuple):
            fixed += little(head + len(tail), 4)
            tail += field[1]
        else:
            fixed += field
    return fixed + tail


def variable(data):
    return ("variable", data)


def variable_list(elements):
    offset, head = 4 * len(elements), b""
    for element in elements:
        head += little(offset, 4)
        offset += len(element)
    return head + b"".join(elements)


def address_bytes(text):
    """Bech32m without its checksum, which addresses.json covers."""
    require(isinstance(text, str) and re.fullmatch(f"icn1[{CHARSET}]{{40}}", text), "GEN-10")
    bits = "".join(f"{CHARSET.index(letter):05b}" for letter in text[4:-6])
    return big(int(bits[:168], 2), 21)


# --- genesis ------------------------------------------------------------------------------------------------------


def require(condition, rule):
    if not condition:
        raise Refused(rule)


def integer(value, least, most, rule):
    require(type(value) is int and least <= value <= most, rule)
    return value


def bitmap(bits):
    for bit in bits:
        integer(bit, 0, 63, "GEN-7")
    require(len(set(bits)) == len(bits), "GEN-7")
    return sum(1 << bit for bit in bits)


def amount(text):
    require(isinstance(text, str) and re.fullmatch("0|[1-9][0-9]{0,19}", text), "GEN-10")
    return int(text)


def parse(value, parameters):
    """GEN-2, GEN-4 to GEN-8, GEN-10, GEN-12: the values with every list in canonical order."""
    require(set(value) == TOP_KEYS, "GEN-10")
    for name, keys in LIST_KEYS.items():
        for entry in value[name]:
            require(set(entry) == keys, "GEN-10")
    integer(value["version"], 1, 1, "GEN-4")
    require(re.fullmatch("[a-z][a-z0-9-]{0,31}", value["preset"]), "GEN-4")
    parsed = {
        "preset": value["preset"].encode(),
        "timeMs": integer(value["timeMs"], 0, 253_402_300_799_999, "GEN-4"),
        "shards": integer(value["shards"], 1, 1024, "GEN-4"),
        "features": bitmap(value["features"]),
        "required": bitmap(value["required"]),
        "params": parse_params(value["params"], parameters),
        "cooperatives": parse_cooperatives(value["cooperatives"]),
        "accounts": parse_accounts(value["accounts"]),
    }
    require(parsed["required"] == 0, "GEN-7")
    known = {0} | {number for number, _ in parsed["cooperatives"]}
    parsed["validators"] = parse_validators(value["validators"], known)
    params = named(parsed["params"], parameters)
    members = max(len(parsed["validators"]), params["maxValidators"])
    half = 65 * members + max(16384, 4096 + params["payloadBytesMax"])
    require(params["blockBytesMax"] >= 2 * half, "GEN-12")
    return parsed


def named(params, parameters):
    return {row["name"]: number for row, number in zip(parameters, params)}


def parse_params(params, parameters):
    require(set(params) == {row["name"] for row in parameters}, "GEN-5")
    for row in parameters:
        integer(params[row["name"]], row["min"], row["max"], "GEN-5")
    require(params["freezeDistance"] < params["epochLength"], "GEN-6")
    require(params["deltaMinMs"] <= params["deltaInitialMs"] <= params["deltaMaxMs"], "GEN-6")
    require(params["poolPerSender"] <= params["poolCountMax"], "GEN-6")
    require(params["manaPerPeriod"] <= params["manaCap"], "GEN-6")
    return [params[row["name"]] for row in parameters]


def parse_cooperatives(entries):
    listed = sorted((integer(entry["id"], 1, 0xFFFF, "GEN-4"), entry["name"].encode()) for entry in entries)
    require(len({number for number, _ in listed}) == len(listed), "GEN-4")
    require(all(1 <= len(name) <= 64 for _, name in listed), "GEN-4")
    return listed


def parse_validators(entries, known):
    require(1 <= len(entries) <= 1024, "GEN-4")
    listed = []
    for entry in entries:
        require(re.fullmatch("[0-9a-f]{64}", entry["key"]), "GEN-10")
        require(entry["cooperative"] in known, "GEN-4")
        weight = integer(entry["weight"], 1, 2**32 - 1, "GEN-4")
        listed.append((bytes.fromhex(entry["key"]), entry["cooperative"], weight))
    require(len({key for key, _, _ in listed}) == len(listed), "GEN-4")
    return sorted(listed)


def parse_accounts(entries):
    listed = [
        (address_bytes(entry["address"]), amount(entry["consumer"]), amount(entry["industrial"])) for entry in entries
    ]
    require(len({address for address, _, _ in listed}) == len(listed), "GEN-4")
    for token in (1, 2):
        require(sum(entry[token] for entry in listed) <= SUPPLY, "GEN-8")
    return sorted(listed)


def params_list(params):
    return b"".join(little(number, 8) for number in params)


def validator_list(validators):
    return b"".join(key + little(cooperative, 2) + little(weight, 4) for key, cooperative, weight in validators)


def seat_list(validators):
    return b"".join(
        key + little(cooperative, 2) + little(weight, 4) + little(3, 1) for key, cooperative, weight in validators
    )


def cooperative_list(cooperatives):
    return variable_list([container(little(number, 2), variable(name)) for number, name in cooperatives])


def canonical(genesis):
    """GEN-1."""
    accounts = b"".join(
        address + little(consumer, 8) + little(industrial, 8) for address, consumer, industrial in genesis["accounts"]
    )
    return container(
        little(1, 1),
        variable(genesis["preset"]),
        little(genesis["timeMs"], 8),
        little(genesis["shards"], 2),
        little(genesis["features"], 8),
        little(genesis["required"], 8),
        variable(params_list(genesis["params"])),
        variable(cooperative_list(genesis["cooperatives"])),
        variable(validator_list(genesis["validators"])),
        variable(accounts),
    )


# --- genesis blocks: GEN-8, GEN-9 ---------------------------------------------------------------------------------


def state_root(leaves, depth=0):
    """A binary tree over SHA-256 of the keys; a subtree with one leaf is that leaf. `leaves`: path, hash of value."""
    if not leaves:
        return bytes(32)
    if len(leaves) == 1:
        return sha256(b"\0", *leaves[0])
    sides = ([], [])
    for leaf in leaves:
        sides[leaf[0][depth // 8] >> (7 - depth % 8) & 1].append(leaf)
    return sha256(b"\1", state_root(sides[0], depth + 1), state_root(sides[1], depth + 1))


def chain_state(genesis, params, chain):
    """Values by state key."""
    mana_cap = params["manaCap"]
    shards, values = genesis["shards"], {}
    here = [a for a in genesis["accounts"] if chain == int.from_bytes(sha256(a[0])[:8], "big") % shards]
    for address, consumer, industrial in here:
        record = (0, consumer, industrial, mana_cap, genesis["timeMs"])
        values[b"\x01" + address] = b"".join(little(number, 8) for number in record)
    if chain == COORD:
        here = [(sha256(tag("icn/address/1"), b"\0", key)[:20], 0, 0) for key, _, _ in genesis["validators"]]
        for address, _, _ in here:
            record = (0, 0, 0, mana_cap, genesis["timeMs"])
            values[b"\x01\x00" + address] = b"".join(little(number, 8) for number in record)
        values.update(registry_records(genesis, params))
        values[b"\x10"] = params_list(genesis["params"])
        values[b"\x11"] = validator_list(genesis["validators"])
        values[b"\x12"] = cooperative_list(genesis["cooperatives"])
    held = [sum(account[token] for account in here) for token in (1, 2)]
    reserve = [0, 0] if chain == COORD else [reserve_part(genesis, token, chain) for token in (1, 2)]
    size = sum(len(key) + len(value) for key, value in values.items())
    values[b"\x00"] = b"".join(little(number, 8) for number in (len(here), size, *held, 0, 0, 0, 0, *reserve, *[0] * 11))
    return values


def reserve_part(genesis, token, chain):
    reserve, shards = SUPPLY - sum(account[token] for account in genesis["accounts"]), genesis["shards"]
    return reserve // shards + (reserve % shards if chain == 0 else 0)


def merkleise(chunks, depth):
    level = list(chunks)
    zero = bytes(32)
    for _ in range(depth):
        if len(level) % 2:
            level.append(zero)
        level = [sha256(level[i], level[i + 1]) for i in range(0, len(level), 2)] or []
        zero = sha256(zero, zero)
        level = level or [zero]
    return level[0]


def empty_list_root(depth):
    """Of a list of composite elements: 2^depth zero chunks, mixed with the length 0."""
    return sha256(merkleise([bytes(32)], depth), bytes(32))


# certificates ≤ 1 and late votes ≤ 32; deliveries ≤ 64; transactions ≤ 16,384.
EMPTY_ATTENDANCE = sha256(empty_list_root(0), empty_list_root(5))
# Attendance: two empty lists by offset. Body: attendance, deliveries, transactions, evidence, reveal by offset.
EMPTY_BODY = container(variable(container(variable(b""), variable(b""))), *[variable(b"")] * 4)


def genesis_hash(genesis, network, chain, root, coord_hash):
    numbers = {"version": 1, "chain": chain, "timeMs": genesis["timeMs"], "bodyBytes": len(EMPTY_BODY)}
    number = lambda name: little(numbers.get(name, 0), 32)
    chunks = [
        number("version"), network, number("chain"), number("epoch"), number("height"), number("view"),
        number("timeMs"), bytes(32), number("coordHeight"), coord_hash, empty_list_root(14),
        number("transactionCount"), number("bodyBytes"), sha256(EMPTY_BODY), empty_list_root(6), bytes(32),
        EMPTY_ATTENDANCE, root, number("rewardConsumer"), number("rewardIndustrial"), bytes(32),
    ]
    return merkleise(chunks, 5)


# --- committees: EPO-5, EPO-6 -------------------------------------------------------------------------------------


def faults(members):
    return (members - 1) // 3


def counts_of(validators):
    counts = {}
    for _, cooperative, _ in validators:
        counts[cooperative] = counts.get(cooperative, 0) + 1
    return counts


def seating(candidates, minimum, most=1 << 16):
    """Seats, cap, raise."""
    counts = counts_of(candidates).values()
    for raised in range(len(candidates) + 1):
        for seats in range(min(most, len(candidates)), minimum - 1, -1):
            cap = max(1, faults(seats)) + raised
            if sum(min(cap, count) for count in counts) >= seats:
                return seats, cap, raised
    raise Refused("EPO-5")


def seat(candidates, minimum, most=1 << 16, seniors=()):
    seats, cap, raised = seating(candidates, minimum, most)
    seated = []
    for validator in sorted(candidates, key=lambda v: (v not in seniors, -v[2], v[0])):
        held = sum(1 for other in seated if other[1] == validator[1])
        if len(seated) < seats and held < cap:
            seated.append(validator)
    return sorted(seated), raised > 0


def registry_records(genesis, params):
    """Seats, weights, mix and a record of each validator (GEN-9, EPO-4)."""
    validators, shards = genesis["validators"], genesis["shards"]
    dealt = candidates_of(validators, shards, params["shardsPerValidator"])
    committees = committees_of(validators, shards, params["shardsPerValidator"])
    holders = sorted({member for _, members, _ in committees for member in members})
    chains, weights = [], []
    for chain, members, degraded in committees:
        bits = sum(1 << holders.index(member) for member in members) | 1 << len(holders)
        bitlist = little(bits, len(holders) // 8 + 1)
        chains.append(container(little(chain, 2), little(int(degraded), 1), variable(bitlist)))
        weights.append(b"".join(little(weight, 4) + little(3, 1) for _, _, weight in members))
    holder_list = b"".join(key + little(cooperative, 2) for key, cooperative, _ in holders)
    values = {
        b"\x13": container(variable(holder_list), variable(variable_list(chains))),
        b"\x14": variable_list(weights),
        b"\x15": bytes(32),
    }
    for validator in validators:
        key, cooperative, weight = validator
        leases = [
            little(shard, 2) + little(params["leaseHeights"], 8)
            for shard, candidates in enumerate(dealt)
            if validator in candidates
        ]
        empty = variable(b"")
        values[b"\x16" + key] = container(
            little(cooperative, 2), little(weight, 4), b"\0", *[bytes(8)] * 4, bytes(32),
            empty, variable(b"".join(leases)), empty, empty, empty,
        )
    return values


def committees_of(validators, shards, limit):
    """Members and degradation by chain: shards, then coordination."""
    minimum = min(4, len(validators))
    dealt = candidates_of(validators, shards, limit)
    return [(shard, *seat(candidates, minimum)) for shard, candidates in enumerate(dealt)] + [
        (COORD, *seat(sorted(validators, key=lambda v: (v[1], v[0])), minimum))
    ]


def candidates_of(validators, shards, limit):
    """Of each shard (EPO-6)."""
    minimum = min(4, len(validators))
    ordered = sorted(validators, key=lambda v: (v[1], v[0]))
    dealt = [list(ordered) for _ in range(shards)]
    if limit < shards:
        dealt = [[] for _ in range(shards)]
        for place, validator in enumerate(ordered):
            for step in range(limit):
                dealt[(place * limit + step) % shards].append(validator)
        needed = seating(ordered, minimum)[2]
        for candidates in dealt:
            while len(candidates) < minimum or seating(candidates, minimum)[2] > needed:
                here = counts_of(candidates)
                load = {v: sum(v in shard for shard in dealt) for v in ordered}
                rest = [v for v in ordered if v not in candidates]
                candidates.append(min(rest, key=lambda v: (here.get(v[1], 0), load[v])))
    return dealt


def epoch_seed(hash_of_genesis, epoch, mix=bytes(32)):
    return sha256(tag("icn/epoch-seed/1"), hash_of_genesis, big(epoch, 8), mix)


def snapshot_bytes(genesis, params, coord_hash):
    """EPO-4 for epoch 0."""
    committees = [
        container(little(chain, 2), little(int(degraded), 1), variable(seat_list(members)))
        for chain, members, degraded in committees_of(
            genesis["validators"], genesis["shards"], params["shardsPerValidator"]
        )
    ]
    seed = epoch_seed(coord_hash, 0)
    parts = (variable(params_list(genesis["params"])), variable(variable_list(committees)))
    return container(little(1, 1), little(0, 8), seed, *parts)


# --- leaders: EPO-7 to EPO-9 --------------------------------------------------------------------------------------

WINDOW = 64
RUN = 3


def chance(case, *more):
    chain = COORD if case["chain"] == "coord" else case["chain"]
    digest = sha256(tag("icn/leader/1"), bytes.fromhex(case["seed"]), big(chain, 2), *more)
    return int.from_bytes(digest[:16], "big")


def draw(parts, number):
    """EPO-7: parts by member, in order of keys."""
    rest = number % sum(parts.values())
    for member in sorted(parts):
        rest -= parts[member]
        if rest < 0:
            return member
    raise Refused("EPO-7")


def cooldowns(case):
    return [min(stated, faults(len(case["weights"]))) for stated in case["cooldowns"]]


def quotas(case, window):
    """EPO-8."""
    weights, count = case["weights"], len(case["weights"])
    most = [
        WINDOW if count == 1 else 45 if c == 0 else (WINDOW - c) // (c + 1) for c in cooldowns(case)
    ]
    dealt, views = {}, WINDOW
    while True:
        rest = [i for i in range(count) if i not in dealt]
        total = sum(weights[i] for i in rest)
        over = [i for i in rest if weights[i] * views > most[i] * total]
        if not over:
            break
        for i in over:
            dealt[i] = min(most[i], views)
            views -= dealt[i]
    first = chance(case, big(window * WINDOW + 1, 8), b"\x01") % total if total else 0
    start = 0
    for i in rest:
        end = start + weights[i] * views
        dealt[i] = sum(start <= first + k * total < end for k in range(views))
        start = end
    return dealt


def order(case, window):
    """EPO-9."""
    count, cools = len(case["weights"]), cooldowns(case)
    lonely = window % 2 == 0
    before = [] if lonely else order(case, window - 1)
    after = [] if lonely else order(case, window + 1)
    left, leads = quotas(case, window), []
    for place in range(WINDOW):

        def free(member):
            cool = cools[member]
            if cool > 0:
                near = (before + leads)[-cool:] + (after[: max(0, place + cool + 1 - WINDOW)])
                return member not in near
            if count == 1:
                return True
            whole = before + leads + [member] + (after if place == WINDOW - 1 else [])
            at = len(before) + place
            low, high = at, at
            while low > 0 and whole[low - 1] == member:
                low -= 1
            while high + 1 < len(whole) and whole[high + 1] == member:
                high += 1
            return high - low + 1 <= (2 if lonely and low == 0 else RUN)

        def need(member):
            r, cool = left[member], cools[member]
            return (r - 1) * (cool + 1) + 1 if cool > 0 else r + -(-r // RUN) - 1

        able = [member for member in range(count) if free(member)]
        due = {member: left[member] for member in able if left[member] > 0}
        urgent = {member: r for member, r in due.items() if need(member) >= WINDOW - place}
        parts = urgent or due or {member: case["weights"][member] for member in able}
        leader = draw(parts, chance(case, big(window * WINDOW + place + 1, 8)))
        leads.append(leader)
        left[leader] = max(0, left[leader] - 1)
    return leads


def leaders(case):
    windows = {}
    for view in case["views"]:
        window = (view - 1) // WINDOW
        if window not in windows:
            windows[window] = order(case, window)
        yield windows[window][(view - 1) % WINDOW]


# --- the files ----------------------------------------------------------------------------------------------------


class Comparison:
    def __init__(self, name):
        self.name, self.checked, self.differences = name, 0, []

    def same(self, what, ours, stated):
        ours = ours.hex() if isinstance(ours, bytes) else ours
        self.checked += 1
        if ours != stated:
            self.differences.append(f"{self.name}: {what}: {str(ours)[:80]} but stated {str(stated)[:80]}")


def read_genesis(reader, file):
    parameters = file["parameters"]
    for key in file["devnetKeys"]:
        reader.same(f"seed of {key['label']}", sha256(tag("icn/devnet-key/1"), key["label"].encode()), key["seed"])
    reader.same("has accepted and refused cases", bool(file["accepted"] and file["refused"]), True)
    for case in file["accepted"]:
        read_accepted(reader, case, parameters)
    for case in file["refused"]:
        try:
            parse(case["genesis"], parameters)
            reader.same(case["name"], "accepted", case["rule"])
        except Refused as refusal:
            reader.same(case["name"], str(refusal), case["rule"])


def read_accepted(reader, case, parameters):
    genesis = parse(case["genesis"], parameters)
    params = named(genesis["params"], parameters)
    encoded = canonical(genesis)
    network = sha256(tag("icn/genesis/1"), encoded)
    reader.same(f"{case['name']}: canonical bytes", encoded, case["canonical"])
    reader.same(f"{case['name']}: network id", network, case["networkId"])
    stated = {chain["chain"]: chain for chain in case["chains"]}
    coord_hash = bytes(32)
    for chain in [COORD, *range(genesis["shards"])]:
        name = "coord" if chain == COORD else str(chain)
        values = chain_state(genesis, params, chain)
        root = state_root([(sha256(key), sha256(value)) for key, value in values.items()])
        block = genesis_hash(genesis, network, chain, root, coord_hash)
        coord_hash = block if chain == COORD else coord_hash
        reader.same(f"{case['name']}: state root of {name}", root, stated[name]["stateRoot"])
        reader.same(f"{case['name']}: hash of {name}", block, stated[name]["hash"])
    reader.same(f"{case['name']}: chains", len(stated), genesis["shards"] + 1)
    reader.same(f"{case['name']}: snapshot", snapshot_bytes(genesis, params, coord_hash), case["snapshot"])


# --- succession: EPO-13 to EPO-15; hash chains: REG-14 ------------------------------------------------------------


def succession(case):
    minimum, most = case["minimum"], case["most"]
    previous = [(bytes.fromhex(m["key"]), m["cooperative"], m["weight"]) for m in case["previous"]]
    known = [((bytes.fromhex(c["key"]), c["cooperative"], c["weight"]), c) for c in case["candidates"]]
    churn, chosen, seniors = max(1, faults(len(previous))), [], []
    for absence, readiness, bounded in ((1, 1, 1), (0, 1, 1), (0, 0, 1), (0, 0, 0)):
        able = [(v, c) for v, c in known if not c["isSanctioned"]]
        if absence:
            away = sorted((v[2], v[0]) for v, c in able if c["isAbsent"] and c["isSitting"])[:churn]
            able = [(v, c) for v, c in able if not c["isAbsent"] or (c["isSitting"] and (v[2], v[0]) not in away)]
        seniors = [v for v, c in able if c["isSitting"]]
        waiting = [(c["leavingSince"], v[0], v) for v, c in able if c["isSitting"] and c["leavingSince"] >= 0]
        gone = [v for _, _, v in sorted(waiting)[:churn]]
        staying = [v for v in seniors if v not in gone]
        newcomers = [
            v for v, c in able
            if not c["isSitting"] and c["leavingSince"] < 0 and (c["isReady"] or not readiness)
        ]
        bound = churn if bounded else max(churn, minimum - len(staying))
        chosen = admit(staying, newcomers, bound, minimum, most) or seniors
        if len(chosen) >= minimum:
            break
    if not chosen:
        return sorted(previous), False
    return seat(chosen, min(minimum, len(chosen), most), most, seniors)


def admit(staying, newcomers, bound, minimum, most):
    def fillable(chosen):
        if not chosen:
            return 0, 0
        seats, _, raised = seating(chosen, min(minimum, len(chosen), most), most)
        return seats, -raised

    chosen, passed, admitted = list(staying), [], 0
    for newcomer in sorted(newcomers, key=lambda v: (-v[2], v[0])):
        if admitted < bound and fillable([*chosen, newcomer]) > fillable(chosen):
            chosen.append(newcomer)
            admitted += 1
        elif admitted < bound:
            passed.append(newcomer)
    here = counts_of(chosen)
    for newcomer in sorted(passed, key=lambda v: here.get(v[1], 0)):
        if admitted < bound and len(chosen) < minimum:
            chosen.append(newcomer)
            admitted += 1
    return chosen


def read_reveals(reader, file):
    values, mix = [bytes.fromhex(value) for value in file["values"]], bytes(32)
    for number, value in enumerate(values[:-1]):
        reader.same(f"reveal {number}", sha256(tag("icn/reveal/1"), value), file["values"][number + 1])
    for number, value in enumerate(reversed(values[:-1])):
        mix = sha256(tag("icn/mix/1"), mix, value)
        reader.same(f"mix {number}", mix, file["mixes"][number])


def read_leaders(reader, file):
    reader.same("has successions", bool(file["successions"]), True)
    for case in file["successions"]:
        members, degraded = succession(case)
        reader.same(case["name"], [key.hex() for key, _, _ in members], case["members"])
        reader.same(f"{case['name']}: degraded", int(degraded), case["degraded"])
    read_reveals(reader, file["reveals"])
    reader.same("has cases", bool(file["committees"] and file["seeds"] and file["leaders"]), True)
    for case in file["committees"]:
        validators = [(bytes.fromhex(v["key"]), v["cooperative"], v["weight"]) for v in case["validators"]]
        ours = [
            committee_facts(*committee)
            for committee in committees_of(validators, case["shards"], case["shardsPerValidator"])
        ]
        reader.same(case["name"], ours, case["committees"])
    for case in file["seeds"]:
        seed = epoch_seed(bytes.fromhex(case["genesisHash"]), case["epoch"], bytes.fromhex(case["mix"]))
        reader.same(f"seed of epoch {case['epoch']}", seed, case["seed"])
    for case in file["leaders"]:
        reader.same(case["name"], list(leaders(case)), case["leaders"])


def committee_facts(chain, members, degraded):
    bears = faults(len(members))
    missing, cooperatives = len(members) - bears, 0
    for count in sorted(counts_of(members).values(), reverse=True):
        if missing > 0:
            missing, cooperatives = missing - count, cooperatives + 1
    return {
        "chain": "coord" if chain == COORD else str(chain),
        "members": [key.hex() for key, _, _ in members],
        "quorum": len(members) - bears,
        "faults": bears,
        "cooperativesPerQuorum": cooperatives,
        "diversity": "degraded" if degraded else "full",
    }


READERS = {"genesis.json": read_genesis, "leaders.json": read_leaders}


def check(path):
    path = Path(path)
    reader = Comparison(path.name)
    READERS[path.name](reader, json.loads(path.read_text("utf8")))
    return reader.checked, reader.differences


if __name__ == "__main__":
    import sys

    vectors = Path(__file__).resolve().parent.parent / "protocols" / "vectors"
    wrong = 0
    for file_name in READERS:
        checked, differences = check(vectors / file_name)
        wrong += len(differences)
        print(f"{file_name}: {checked} checked, {len(differences)} different", *differences, sep="\n  ")
    sys.exit(1 if wrong else 0)
