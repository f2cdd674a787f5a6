"""Plays protocols/vectors/atomic.json a second time, from protocols/atomic.md alone.

Python's standard library only. `read_atomic(reader, file, tools)`: tools are the functions of second-reader.py.
"""

CALL, SYSTEM = 2, 5
ANSWER, DECISION, PAYMENT = 2, 3, 6
PENDING, PREPARED, REFUSED, COMMITTED, ABORTED = range(5)
OPEN, COMMIT, ABORT = range(3)
KEPT, CROWD, ESCROWS = 5_760, 64, 16
NUMBERS = {
    "unknown-account": 120,
    "insufficient-funds": 140,
    "below-min-balance": 142,
    "unknown-receipt": 150,
    "escrow-limit": 162,
    "cosignature-invalid": 163,
    "cosignature-used": 164,
    "atomic-known": 165,
    "atomic-unknown": 166,
    "atomic-repeated": 167,
    "deadline-passed": 168,
}
NAMES = {1: "Account", 6: "Escrow", 7: "AtomicRecord"}
TOKENS = ("consumer", "industrial")


class Cannot(Exception):
    """Why a receipt is not applied; nothing was changed."""


def read_atomic(reader, file, tools):
    case = file["cosigned"]
    message = cosigned(tools, bytes.fromhex(file["network"]), terms_of(case["terms"]), case["sequence"])
    reader.same("co-signed bytes", message, case["message"])
    parts = (bytes.fromhex(case["signature"]), message, bytes.fromhex(case["key"]))
    reader.same("co-signature", tools.signature_holds(*parts), True)
    reader.some("legs", file["legs"])
    for case in file["legs"]:
        read_legs(reader, case, file, tools)
    reader.some("stories", file["stories"])
    for story in file["stories"]:
        read_story(reader, story, file, tools)


def terms_of(case):
    legs = [
        {**{end: bytes.fromhex(leg[end]) for end in ("from", "to")}, **{token: int(leg[token]) for token in TOKENS}}
        for leg in case["legs"]
    ]
    return {**case, "sender": bytes.fromhex(case["sender"]), "nonce": int(case["nonce"]), "legs": legs}


def cosigned(tools, network, terms, sequence):
    """ATO-4."""
    encoded = tools.encode(("container", "AtomicTerms"), terms)
    return tools.domain("icn/atomic/1") + network + sequence.to_bytes(8, "little") + encoded


def read_legs(reader, case, file, tools):
    """ATO-3, ATO-14."""
    sender = bytes.fromhex(file["sender"])
    payload = tools.decode(("container", "MultiTransfer"), bytes.fromhex(case["payload"]))
    legs, home = payload["legs"], lambda address: tools.home_shard(address, file["shards"])
    shards = {home(leg[end]) for leg in legs for end in ("from", "to")}
    signers = [tools.address_of(0, one["key"]) for one in payload["cosignatures"]]
    verdict = "ok"
    if any(leg["consumer"] == leg["industrial"] == 0 for leg in legs):
        verdict = "zero-amount"
    elif (
        not legs
        or not 1 <= payload["heights"] <= 5_760
        or any(leg["from"] == leg["to"] for leg in legs)
        or sorted(signers) != sorted({leg["from"] for leg in legs} - {sender})
        or len(shards) > 10
    ):
        verdict = "legs-invalid"
    reader.same(f"{case['name']}: verdict", verdict, case["verdict"])
    others = sorted(shards - {home(sender)})
    reader.same(f"{case['name']}: others", others, case["others"])
    kib, x = -(-1_100 // 1_024), len(others)
    reader.same(f"{case['name']}: cost", str((1 + kib + kib * (10 + 2 * x) // 10) * (1 + x)), case["cost"])


def read_story(reader, story, file, tools):
    name, origin = story["name"], bytes.fromhex(story["id"])
    shards = [Shard(number, before, file, tools) for number, before in enumerate(story["before"])]
    receipt = lambda text: tools.decode(("container", "Receipt"), bytes.fromhex(text))
    order = tools.decode(("container", "Transaction"), bytes.fromhex(story["transaction"]))
    content = tools.encode(("container", "TransactionContent"), order)
    signed = tools.domain("icn/transaction/1") + bytes.fromhex(file["network"]) + content
    reader.same(f"{name}: id", tools.sha256(signed), story["id"])
    payload = tools.decode(("container", "MultiTransfer"), order["payload"])
    for sent in map(receipt, story["emitted"]):
        wanted = tools.decode(("container", "Prepare"), sent["payload"][1:])
        asked = {**payload, "legs": wanted["terms"]["legs"], "heights": wanted["terms"]["heights"]}
        reader.same(f"{name}: terms", {**asked, "cosignatures": wanted["cosignatures"]} == payload, True)
        shards[0].next[sent["destination"]] = sent["sequence"] + 1
        reader.same(f"{name}: asked", (sent["kind"], sent["origin"] == origin, sent["hop"]), (CALL, True, 0))
    for block in story["blocks"]:
        what = f"{name}: shard {block['chain']} at {block['height']}"
        shard = shards[block["chain"]]
        before = dict(shard.values)
        shard.height, shard.time, shard.sent = block["height"], block["timeMs"], []
        outcomes = [shard.take(receipt(text)) for text in block["receipts"]]
        shard.end()
        reader.same(f"{what}: outcomes", outcomes, block["outcomes"])
        encoded = [tools.encode(("container", "Receipt"), one).hex() for one in shard.emitted()]
        reader.same(f"{what}: emitted", encoded, block["emitted"])
        keys = sorted(key for key in before.keys() | shard.values.keys() if before.get(key) != shard.values.get(key))
        changes = {key.hex(): [shard.values[key].hex()] if key in shard.values else [] for key in keys}
        reader.same(f"{what}: changes", changes, block["changes"])


class Shard:
    def __init__(self, number, before, file, tools):
        self.number, self.shards, self.minimum = number, file["shards"], file["minBalance"]
        self.network, self.tools = bytes.fromhex(file["network"]), tools
        self.values = {bytes.fromhex(key): bytes.fromhex(value) for key, (value,) in before.items()}
        self.next, self.sent = {}, []

    # --- records

    def read(self, name, key, default=None):
        data = self.values.get(key)
        return default if data is None else self.tools.decode(("container", name), data)

    def write(self, name, key, value):
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = self.tools.encode(("container", name), value)

    def member(self, address):
        return self.read("AtomicAccount", b"\x08\x00" + address, {"open": 0, "next": 0})

    def write_member(self, address, value):
        empty = value["open"] == value["next"] == 0
        self.write("AtomicAccount", b"\x08\x00" + address, None if empty else value)

    def due(self, height):
        return self.read("AtomicDue", b"\x08\x01" + height.to_bytes(8, "big"), {"deadlines": [], "forgotten": 0})

    def write_due(self, height, value):
        empty = not value["deadlines"] and not value["forgotten"]
        self.write("AtomicDue", b"\x08\x01" + height.to_bytes(8, "big"), None if empty else value)

    # --- receipts

    def send(self, destination, origin, hop, sender, amounts, payload):
        sequence = self.next.get(destination, 0)
        self.next[destination] = sequence + 1
        self.sent.append({
            "source": self.number, "destination": destination, "sequence": sequence, "kind": SYSTEM,
            "origin": origin, "hop": hop, "sender": sender, "receiver": sender,
            "consumer": amounts[0], "industrial": amounts[1], "mana": 0, "payload": payload,
        })

    def emitted(self):
        return sorted(self.sent, key=lambda one: (one["destination"], one["sequence"]))

    def take(self, receipt):
        try:
            if receipt["kind"] == CALL:
                self.prepare(receipt)
            else:
                {ANSWER: self.hear, DECISION: self.obey, PAYMENT: self.paid}[receipt["payload"][0]](receipt)
            return 0
        except Cannot as why:
            return NUMBERS[str(why)]

    # --- legs

    def home(self, address):
        return self.tools.home_shard(address, self.shards)

    def ends(self, legs):
        return [(at, leg, self.home(leg["from"]), self.home(leg["to"])) for at, leg in enumerate(legs)]

    def payers(self, legs):
        owed = {}
        for _, leg, source, _ in self.ends(legs):
            if source == self.number:
                before = owed.get(leg["from"], (0, 0))
                owed[leg["from"]] = (before[0] + leg["consumer"], before[1] + leg["industrial"])
        return owed

    def outgoing(self, legs):
        owed = {}
        for _, leg, source, destination in self.ends(legs):
            if source == self.number != destination:
                before = owed.get(destination, (0, 0))
                owed[destination] = (before[0] + leg["consumer"], before[1] + leg["industrial"])
        return dict(sorted(owed.items()))

    def credit(self, address, amounts):
        empty = {"nonce": 0, "consumer": 0, "industrial": 0, "mana": 0, "manaTimeMs": self.time}
        account = self.read("Account", b"\1" + address, empty)
        self.write("Account", b"\1" + address, {
            **account,
            "consumer": account["consumer"] + amounts[0],
            "industrial": account["industrial"] + amounts[1],
        })

    # --- a part: ATO-5, ATO-8

    def prepare(self, receipt):
        wanted = self.tools.decode(("container", "Prepare"), receipt["payload"][1:])
        terms, origin = wanted["terms"], receipt["origin"]
        if terms["chain"] != receipt["source"] or terms["sender"] != receipt["sender"]:
            raise Cannot("unknown-receipt")
        if not any(self.number in ends for _, _, *ends in self.ends(terms["legs"])):
            raise Cannot("unknown-receipt")
        refusal = None
        try:
            self.check_part(wanted, origin)
            self.hold(wanted, origin)
        except Cannot as why:
            refusal = why
        phase, reason = (PREPARED, 0) if refusal is None else (REFUSED, NUMBERS[str(refusal)])
        payload = bytes([ANSWER, phase]) + reason.to_bytes(2, "little")
        self.send(receipt["source"], origin, 1, receipt["sender"], (0, 0), payload)
        if refusal is not None:
            raise refusal

    def check_part(self, wanted, origin):
        terms = wanted["terms"]
        if b"\6" + origin in self.values:
            raise Cannot("atomic-known")
        for address, amounts in self.payers(terms["legs"]).items():
            account = self.read("Account", b"\1" + address)
            if account is None:
                raise Cannot("unknown-account")
            member = self.member(address)
            if member["open"] >= ESCROWS:
                raise Cannot("escrow-limit")
            if account["consumer"] < amounts[0] or account["industrial"] < amounts[1]:
                raise Cannot("insufficient-funds")
            consent = [one for one in wanted["cosignatures"] if self.tools.address_of(0, one["key"]) == address][:1]
            if not consent:
                raise Cannot("cosignature-invalid")
            if consent[0]["sequence"] != member["next"]:
                raise Cannot("cosignature-used")
            message = cosigned(self.tools, self.network, terms, member["next"])
            if not self.tools.signature_holds(consent[0]["signature"], message, consent[0]["key"]):
                raise Cannot("cosignature-invalid")
        for _, leg, _, destination in self.ends(terms["legs"]):
            known = b"\1" + leg["to"] in self.values
            if destination == self.number and not known and max(leg["consumer"], leg["industrial"]) < self.minimum:
                raise Cannot("below-min-balance")

    def hold(self, wanted, origin):
        terms, held = wanted["terms"], [0, 0]
        for address, amounts in self.payers(terms["legs"]).items():
            self.credit(address, (-amounts[0], -amounts[1]))
            member = self.member(address)
            self.write_member(address, {"open": member["open"] + 1, "next": member["next"] + 1})
            held = [held[token] + amounts[token] for token in (0, 1)]
        self.write("Escrow", b"\6" + origin, {
            "coordinator": terms["chain"], "sender": terms["sender"], "phase": PREPARED, "paid": 0,
            "consumer": held[0], "industrial": held[1], "legs": terms["legs"],
        })

    def owed_from(self, escrow, source):
        """Legs from a shard to this one that it has not paid."""
        return [
            (at, leg)
            for at, leg, first, last in self.ends(escrow["legs"])
            if (first, last) == (source, self.number) and not escrow["paid"] >> at & 1
        ]

    def arrive(self, escrow, receipt):
        legs = self.owed_from(escrow, receipt["source"])
        sums = tuple(sum(leg[token] for _, leg in legs) for token in TOKENS)
        if sums != (receipt["consumer"], receipt["industrial"]):
            raise Cannot("atomic-repeated")
        for at, leg in legs:
            escrow["paid"] |= 1 << at
            if escrow["phase"] == COMMITTED:
                self.credit(leg["to"], (leg["consumer"], leg["industrial"]))
            else:
                for token in TOKENS:
                    escrow[token] += leg[token]

    def settle(self, escrow, outcome):
        for address, amounts in self.payers(escrow["legs"]).items():
            member = self.member(address)
            self.write_member(address, {**member, "open": member["open"] - 1})
            if outcome == ABORT:
                self.credit(address, amounts)
        if outcome == COMMIT:
            for at, leg, source, destination in self.ends(escrow["legs"]):
                if destination == self.number and (source == self.number or escrow["paid"] >> at & 1):
                    self.credit(leg["to"], (leg["consumer"], leg["industrial"]))
        escrow.update(phase=COMMITTED, consumer=0, industrial=0)

    def finished(self, escrow):
        return all(
            last != self.number or first == self.number or escrow["paid"] >> at & 1
            for at, _, first, last in self.ends(escrow["legs"])
        )

    def obey(self, receipt):
        origin, outcome = receipt["origin"], receipt["payload"][1]
        escrow = self.read("Escrow", b"\6" + origin)
        if escrow is None or escrow["coordinator"] != receipt["source"]:
            raise Cannot("atomic-unknown")
        if escrow["phase"] != PREPARED:
            raise Cannot("atomic-repeated")
        if outcome == COMMIT:
            self.arrive(escrow, receipt)
        self.settle(escrow, outcome)
        if outcome == COMMIT:
            for destination, amounts in self.outgoing(escrow["legs"]).items():
                payload = bytes([PAYMENT, COMMIT])
                self.send(destination, origin, 3, escrow["sender"], amounts, payload)
        self.conclude(origin, escrow, ABORTED if outcome == ABORT else COMMITTED)

    def conclude(self, origin, escrow, phase):
        over = phase == ABORTED or self.finished(escrow)
        self.write("Escrow", b"\6" + origin, None if over else escrow)
        if over:
            payload = bytes([ANSWER, phase, 0, 0])
            self.send(escrow["coordinator"], origin, 3, escrow["sender"], (0, 0), payload)

    def paid(self, receipt):
        origin, escrow = receipt["origin"], self.read("Escrow", b"\6" + receipt["origin"])
        if escrow is None:
            raise Cannot("atomic-unknown")
        if receipt["source"] == escrow["coordinator"]:
            raise Cannot("atomic-repeated")
        self.arrive(escrow, receipt)
        if escrow["phase"] != COMMITTED:
            self.write("Escrow", b"\6" + origin, escrow)
        elif escrow["coordinator"] == self.number:
            record = self.read("AtomicRecord", b"\7" + origin)
            self.end_own(origin, record, escrow)
            self.write("AtomicRecord", b"\7" + origin, record)
        else:
            self.conclude(origin, escrow, COMMITTED)

    # --- the coordinator: ATO-6, ATO-9, ATO-10, ATO-12, ATO-13

    def hear(self, receipt):
        origin, phase = receipt["origin"], receipt["payload"][1]
        reason = int.from_bytes(receipt["payload"][2:4], "little")
        record = self.read("AtomicRecord", b"\7" + origin)
        parts = [] if record is None else [one for one in record["parts"] if one["prepare"]]
        part = next((one for one in parts if one["chain"] == receipt["source"]), None)
        if part is None:
            raise Cannot("atomic-unknown")
        step = [{"height": self.height, "sequence": receipt["sequence"]}]
        if phase in (PREPARED, REFUSED) and not part["vote"]:
            part.update(phase=phase, reason=reason, vote=step)
            self.weigh(origin, record)
        elif part["phase"] == PREPARED and (record["outcome"], phase) in ((COMMIT, COMMITTED), (ABORT, ABORTED)):
            part.update(phase=phase, end=step)
        else:
            raise Cannot("atomic-repeated")
        self.finish(origin, record)
        self.write("AtomicRecord", b"\7" + origin, record)

    def weigh(self, origin, record):
        if record["outcome"] != OPEN:
            return
        refused = [one for one in record["parts"] if one["phase"] == REFUSED]
        if refused:
            record["reason"] = refused[0]["reason"]
            self.decide(origin, record, ABORT)
        elif all(one["phase"] == PREPARED for one in record["parts"]) and self.height < record["deadline"]:
            self.decide(origin, record, COMMIT)

    def decide(self, origin, record, outcome):
        escrow = self.read("Escrow", b"\6" + origin)
        owed = self.outgoing(escrow["legs"]) if outcome == COMMIT else {}
        record.update(outcome=outcome, decidedAt=self.height)
        for part in record["parts"]:
            if part["chain"] != self.number and part["phase"] != REFUSED:
                amounts, payload = owed.get(part["chain"], (0, 0)), bytes([DECISION, outcome])
                self.send(part["chain"], origin, 2, record["sender"], amounts, payload)
                part["decision"] = [{"height": self.height, "sequence": self.sent[-1]["sequence"]}]
        due = self.due(record["deadline"])
        self.write_due(record["deadline"], {**due, "deadlines": [one for one in due["deadlines"] if one != origin]})
        self.settle(escrow, outcome)
        self.end_own(origin, record, escrow)

    def end_own(self, origin, record, escrow):
        over = record["outcome"] == ABORT or self.finished(escrow)
        self.write("Escrow", b"\6" + origin, None if over else escrow)
        if over:
            record["parts"][0]["phase"] = ABORTED if record["outcome"] == ABORT else COMMITTED
        self.finish(origin, record)

    def finish(self, origin, record):
        over = all(one["phase"] not in (PENDING, PREPARED) for one in record["parts"])
        if over and record["outcome"] != OPEN and record["endedAt"] == 0:
            record["endedAt"] = self.height
            due = self.due(self.height + KEPT)
            self.values[self.forgotten(self.height + KEPT, due["forgotten"])] = origin
            self.write_due(self.height + KEPT, {**due, "forgotten": due["forgotten"] + 1})

    def end(self):
        """ATO-12."""
        due = self.due(self.height)
        for origin in due["deadlines"]:
            record = self.read("AtomicRecord", b"\7" + origin)
            record["reason"] = NUMBERS["deadline-passed"]
            self.decide(origin, record, ABORT)
            self.write("AtomicRecord", b"\7" + origin, record)
        for number in range(due["forgotten"]):
            origin = self.values.pop(self.forgotten(self.height, number))
            self.write("AtomicRecord", b"\7" + origin, None)
        self.write_due(self.height, {"deadlines": [], "forgotten": 0})

    def forgotten(self, height, number):
        return b"\x08\x02" + height.to_bytes(8, "big") + number.to_bytes(4, "big")
