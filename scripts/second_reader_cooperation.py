"""Cooperation, from protocols/cooperation.md alone: COOP-1 to COOP-24."""

from decimal import Decimal, getcontext

getcontext().prec = 60

MILLION = 1_000_000
CONSENSUS = [10, 10, 10, 13, 15, 12, 11, 13, 12, 14, 13, 12, 10, 10, 10, 10]
SOCIAL = [10, 15, 12, 14, 16, 13, 17, 13, 12, 14, 19, 15, 20, 18, 11, 12]
DECAY = [100, 30, 50, 60, 30, 40, 50, 50, 50, 50, 20, 40, 20, 80, 70, 50]
VALIDATION, TRANSACTIONS, DATA, STABILITY, PARTICIPATION = 0, 7, 8, 9, 14
RUNS = ("firstRun", "lastRun", "longestRun")
SUMS = ("attended", "missed", "led", "skipped", "late")


def times(a, b):
    return a * b // MILLION


def ratio(a, b):
    return a * MILLION // b


def down(x):
    return int(x * MILLION)


def exp_minus(part, whole):
    return 0 if part >= 14 * whole else down((-Decimal(part) / Decimal(whole)).exp())


# --- the score: COOP-2 to COOP-9 --------------------------------------------------------------------------------------


def diversity(total, distinct):
    if total == 0:
        return MILLION
    if total < 20:
        return max(700_000, ratio(distinct, total))
    spread = down((1 + Decimal(distinct) / Decimal(total)).ln())
    return MILLION + (times(spread, 1_500_000) if distinct >= 5 else spread)


def consistency(total, successes, validations):
    if total == 0:
        return MILLION
    share, floor = ratio(successes, total), 400_000 - 8_000 * max(0, 10 - validations)
    if share > 950_000:
        return 1_800_000
    if share > 800_000:
        return 1_500_000
    if share > floor:
        return min(1_500_000, MILLION + ratio(share - floor, MILLION - floor))
    return max(500_000, ratio(share, floor))


def performance(facts):
    if facts is None:
        return MILLION
    w = times(facts["availability"], 350_000) + times(facts["success"], 350_000) + times(facts["reliability"], 300_000)
    return times(w, 1_200_000) if w > 950_000 else times(w, 1_100_000) if w > 900_000 else max(600_000, w)


def collusion(risk):
    return 200_000 if risk > 900_000 else 500_000 if risk > 700_000 else 700_000 if risk > 500_000 else MILLION


def shard(facts):
    if facts is None:
        return MILLION
    e = min(MILLION, facts["experience"])
    r = ratio(facts["successes"], facts["selections"]) if facts["selections"] else MILLION
    return 700_000 + times(r, 300_000) if e < 200_000 else 400_000 + times(e, 300_000) + times(r, 300_000)


def activity(idle):
    return exp_minus(idle["part"], 24 * idle["whole"]) if idle["part"] > 24 * idle["whole"] else MILLION


def score(facts):
    factors = {
        "base": sum(p * w * 100_000 for p, w in zip(facts["points"], CONSENSUS)) // MILLION,
        "diversity": diversity(**facts["partners"]),
        "consistency": consistency(**facts["outcomes"]),
        "performance": performance(facts.get("performance")),
        "collusion": collusion(facts["risk"]),
        "shard": shard(facts.get("shard")),
        "activity": activity(facts["idleHours"]),
    }
    value = factors["base"]
    for name in ("diversity", "consistency", "performance", "collusion", "shard", "activity"):
        value = times(value, factors[name])
    return factors, value


def tier(validations):
    return (3 if validations < 5 else 7 if validations <= 10 else 10 if validations <= 20 else 12) * MILLION


def cooldown(selections, success):
    factor = MILLION + 2 * ratio(min(selections, 10), 10) + (MILLION - success)
    return min(10, 3 * factor // MILLION)


# --- facts: COOP-20 to COOP-24 ----------------------------------------------------------------------------------------

NONE = dict.fromkeys(SUMS + RUNS, 0) | {"partners": "00" * 8}


def join(a, b):
    joined = {name: min(0xFFFFFFFF, a[name] + b[name]) for name in SUMS}
    joined["firstRun"] = a["firstRun"] + b["firstRun"] if a["led"] == 0 else a["firstRun"]
    joined["lastRun"] = a["lastRun"] + b["lastRun"] if b["led"] == 0 else b["lastRun"]
    joined["longestRun"] = max(a["longestRun"], b["longestRun"], a["lastRun"] + b["firstRun"])
    joined |= {name: min(0xFFFF, joined[name]) for name in RUNS}
    both = zip(bytes.fromhex(a["partners"]), bytes.fromhex(b["partners"]))
    return joined | {"partners": bytes(x | y for x, y in both).hex()}


def count_block(members, block, cooperatives):
    for member in block["skipped"]:
        one = members[member]
        one["skipped"] += 1
        one["lastRun"] += 1
        one["longestRun"] = max(one["longestRun"], one["lastRun"])
        if one["led"] == 0:
            one["firstRun"] = one["lastRun"]
    for credited in block["leader"]:
        leader = members[credited]
        leader["led"] += 1
        leader["late"] += block["lateVotes"]
        leader["lastRun"] = 0
    for closed in block["counted"]:
        for index, one in enumerate(members):
            if index not in closed["recorded"]:
                one["missed"] += closed["isComplete"]
                continue
            one["attended"] += 1
            if closed["cooperative"] not in (0, cooperatives[index]):
                bits = bytearray.fromhex(one["partners"])
                bit = closed["cooperative"] % 64
                bits[bit // 8] |= 1 << bit % 8
                one["partners"] = bits.hex()


# --- an epoch: COOP-12 to COOP-19 -------------------------------------------------------------------------------------


def clamp(points):
    return max(0, min(12 * MILLION, points))


def change(rep, category, by, day):
    if by == 0:
        return
    rep["points"][category] = clamp(rep["points"][category] + by)
    note(rep, category, by, day)
    if category != PARTICIPATION:
        note(rep, PARTICIPATION, abs(by) // 10, day)


def note(rep, category, by, day):
    for event in rep["events"]:
        if (event["day"], event["category"]) == (day, category):
            break
    else:
        event = {"category": category, "day": day, "gained": 0, "lost": 0}
        rep["events"] = sorted(rep["events"] + [event], key=lambda e: (e["day"], e["category"]))[-128:]
    event["gained"] += max(0, by)
    event["lost"] += max(0, -by)


def count_epoch(rep, tenures, epoch, unbonding):
    day = max(1, unbonding // 7)
    hour = max(1, day // 24)
    total = NONE
    for one in tenures:
        total = join(total, one["pending"])
    passed = min(24, epoch // hour - rep["hour"]) if rep["hours"] else 1
    rep["hours"] = (rep["hours"] + [dict.fromkeys(SUMS[:4], 0) for _ in range(passed)])[-24:]
    rep["hours"][-1] = {name: min(2**32 - 1, rep["hours"][-1][name] + total[name]) for name in SUMS[:4]}
    rep["hour"] = epoch // hour
    partners = bytes.fromhex(rep["partners"])
    for one in tenures:
        bits = bytes.fromhex(one["pending"]["partners"])
        partners += bytes(b for b in range(64) if bits[b // 8] >> b % 8 & 1)
    rep["partners"] = partners[-100:].hex()
    votes = total["attended"] + total["missed"]
    steady = total["skipped"] == 0 and total["attended"] > 0 and ratio(total["attended"], votes) >= 950_000
    successes = total["led"] + (1 if total["led"] == 0 and steady else 0)
    outcomes = bytes.fromhex(rep["outcomes"]) + bytes(total["skipped"]) + b"\1" * successes
    rep["outcomes"] = outcomes[-50:].hex()
    rep["validations"] += total["skipped"] + successes
    runs = 0
    for one in tenures:
        facts, streak = one["pending"], one["streak"]
        runs += (streak + facts["firstRun"]) // 3 - streak // 3
        runs += facts["longestRun"] // 3 if facts["longestRun"] > facts["firstRun"] else 0
    today = epoch // day
    change(rep, VALIDATION, total["led"] * MILLION, today)
    change(rep, VALIDATION, -total["skipped"] * MILLION, today)
    change(rep, TRANSACTIONS, 2 * ratio(total["attended"], votes) - MILLION if votes else 0, today)
    change(rep, DATA, min(MILLION, total["late"] * 10_000), today)
    change(rep, STABILITY, MILLION if steady else 0, today)
    change(rep, STABILITY, -runs * MILLION, today)
    if total["attended"] + total["led"] > 0:
        rep["activeEpoch"], rep["idleDays"] = epoch, 0
    else:
        days = max(0, epoch - rep["activeEpoch"]) // day
        for _ in range(rep["idleDays"], days):
            rep["points"] = [points * 95 // 100 for points in rep["points"]]
        rep["idleDays"] = max(days, rep["idleDays"])
    return rep


def fails(tenures):
    run = max([0] + [max(one["pending"]["longestRun"], one["streak"] + one["pending"]["firstRun"]) for one in tenures])
    attended = sum(one["pending"]["attended"] for one in tenures)
    votes = attended + sum(one["pending"]["missed"] for one in tenures)
    if run < 5 and not any(one["marks"] & 1 for one in tenures):
        return None
    return (ratio(attended, votes) if votes else 0, -run)


def settle(one, excluded):
    facts = one["pending"]
    if any(facts[name] for name in SUMS) or one["marks"]:
        one["streak"] = 0 if excluded else facts["lastRun"] + (one["streak"] if facts["led"] == 0 else 0)
        one["recent"] = facts["led"] + facts["skipped"]
        one["led"] += facts["led"]
        one["skipped"] += facts["skipped"]
    else:
        one["recent"] = 0
    return one | {"pending": NONE, "marks": 0}


def success_of(rep):
    outcomes = bytes.fromhex(rep["outcomes"])
    return ratio(sum(outcomes), len(outcomes)) if outcomes else MILLION


def weigh(rep, one, is_shard, epoch, unbonding):
    """COOP-15 to COOP-18, without sanction, suspicion and risk."""
    day = max(1, unbonding // 7)
    outcomes = bytes.fromhex(rep["outcomes"])
    partners = bytes.fromhex(rep["partners"])
    sums = {name: sum(hour[name] for hour in rep["hours"]) for name in SUMS[:4]}
    part = lambda a, b: ratio(sums[a], sums[a] + sums[b]) if sums[a] + sums[b] else MILLION
    known = {"availability": part("led", "skipped"), "success": success_of(rep), "reliability": part("attended", "missed")}
    led, skipped, epochs, recent = (one[name] if one else 0 for name in ("led", "skipped", "epochs", "recent"))
    _, value = score(
        {
            "points": rep["points"],
            "partners": {"total": len(partners), "distinct": len(set(partners))},
            "outcomes": {"total": len(outcomes), "successes": sum(outcomes), "validations": rep["validations"]},
            "performance": known if any(sums.values()) else None,
            "risk": 0,
            "shard": {"experience": ratio(epochs, day), "selections": led + skipped, "successes": led} if is_shard else None,
            "idleHours": {"part": 24 * max(0, epoch - rep["activeEpoch"]), "whole": day},
        }
    )
    eligible = sum(rep["points"]) >= tier(rep["validations"]) and (rep["validations"] <= 10 or success_of(rep) >= 400_000)
    return [max(1, min(value, 2**32 - 1)) if eligible else 1, cooldown(recent * max(1, day // 24), success_of(rep))]


def social(rep, today):
    values = [0] * 16
    for event in rep["events"]:
        age, category = max(0, today - event["day"]), event["category"]
        if age <= 30:
            left = exp_minus(age * DECAY[category], 1000)
            amount = (event["gained"] - event["lost"]) * left
            # Rounded towards zero.
            values[category] += abs(amount) // MILLION * (1 if amount >= 0 else -1)
    bound = lambda value: max(0, min(10_000 * MILLION, value))
    return bound(sum(bound(value) * weight // 10 for value, weight in zip(values, SOCIAL)))


# --- the file ---------------------------------------------------------------------------------------------------------


def plain(value):
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.hex() if isinstance(value, bytes) else value


def raw(types, kind, value):
    if kind[0] == "container":
        return {name: raw(types, field, value[name]) for name, field in types[kind[1]]}
    if kind[0] == "list":
        return [raw(types, kind[1], part) for part in value]
    return bytes.fromhex(value) if kind[0] in ("vector", "bytes") else value


def read_cooperation(reader, file, ssz):
    """`ssz`: types, `decode` and `encode` of the pages."""

    def decode(name, text):
        return plain(ssz.decode(("container", name), bytes.fromhex(text)))

    def encode(name, value):
        kind = ("container", name)
        return ssz.encode(kind, raw(ssz.TYPES, kind, value))

    reader.same("has cases", all(file[name] for name in ("scores", "joins", "blocks", "counts")), True)
    for case in file["scores"]:
        factors, value = score(case["facts"])
        reader.same(f"{case['name']}: factors", factors, case["factors"])
        reader.same(f"{case['name']}: score", value, case["score"])
    for validations, points in file["tiers"]:
        reader.same(f"tier of {validations}", tier(validations), points)
    for selections, success, views in file["cooldowns"]:
        reader.same(f"cooldown of {selections}, {success}", cooldown(selections, success), views)
    for case in file["joins"]:
        joined = join(decode("MemberFacts", case["before"]), decode("MemberFacts", case["after"]))
        reader.same("joined facts", encode("MemberFacts", joined), case["joined"])
    members = [dict(NONE) for _ in file["cooperatives"]]
    for number, block in enumerate(file["blocks"]):
        count_block(members, block, file["cooperatives"])
        record = {"epoch": 7, "blocks": number + 1, "members": members}
        reader.same(f"facts after block {number}", encode("RunningFacts", record), block["record"])
    for case in file["counts"]:
        read_count(reader, file, case, decode, encode)


def read_count(reader, file, case, decode, encode):
    epoch, unbonding, validators = case["epoch"], file["unbondingEpochs"], file["validators"]
    chains = sorted(case["summaries"], key=lambda name: 65535 if name == "coord" else int(name))
    summaries = {chain: decode("ChainSummary", case["summaries"][chain]) for chain in chains}
    tenure = lambda chain, key: next((t for t in summaries[chain]["tenures"] if t["key"] == key), None)
    fresh = lambda: {
        "points": [12 * MILLION] + [0] * 15, "validations": 0, "outcomes": "", "partners": "", "hours": [], "hour": 0,
        "activeEpoch": 0, "idleDays": 0, "excludedFrom": 0, "suspicions": [], "penaltyTaken": 0, "bonusGiven": 0,
        "events": [],
    }  # fmt: skip
    after, failing = {}, []
    for key, before in sorted(zip(validators, case["before"])):
        own = [one for one in (tenure(chain, key) for chain in chains) if one]
        after[key] = count_epoch(decode("Reputation", before) if before else fresh(), own, epoch, unbonding)
        if after[key]["excludedFrom"] == 0 and fails(own) is not None:
            failing.append((*fails(own), key))
    day = max(1, unbonding // 7)
    already = sum(1 for one in after.values() if one["excludedFrom"] and epoch < one["excludedFrom"] - 1 + day)
    for *_, key in sorted(failing)[: max(0, max(1, (len(validators) - 1) // 3) - already)]:
        after[key]["excludedFrom"] = epoch + 1
    excluded = sorted(key for key in validators if after[key]["excludedFrom"])
    reader.same(f"epoch {epoch}: excluded", excluded, case["excluded"])
    for key, stated in zip(validators, case["after"]):
        reader.same(f"epoch {epoch}: reputation of {key[:8]}", encode("Reputation", after[key]), stated)
    for chain in chains:
        tenures = [settle(one, one["key"] in excluded) for one in summaries[chain]["tenures"]]
        settled = summaries[chain] | {"tenures": tenures}
        reader.same(f"epoch {epoch}: summary of {chain}", encode("ChainSummary", settled), case["summariesAfter"][chain])
        weights = [
            weigh(after[key], next((t for t in tenures if t["key"] == key), None), chain != "coord", epoch, unbonding)
            for key in validators
        ]
        reader.same(f"epoch {epoch}: weights of {chain}", weights, case["weights"][chain])
    today = epoch // max(1, unbonding // 7)
    reader.same(f"epoch {epoch}: social", [social(after[key], today) for key in validators], case["social"])
