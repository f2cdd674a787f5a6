"""Judges the messages of protocols/vectors/gossip.json a second time, from the tables of protocols/gossip.md alone.

Python's standard library only. `read_gossip(reader, file, tools)`: tools are the functions of second-reader.py.
What a receiver knows besides the bytes (epochs, views, what it took in before) stands in each case.
"""

import re

from second_reader_state import proof_holds

NOTARISE, NULLIFY, FINALISE = 1, 2, 3
TYPES = {"tx": "Bundle", "vote": "Vote", "certificate": "Certificate", "block": "Proposal", "receipt": "Announcement"}
EARLY_VIEWS, LATE_VIEWS, PROPOSAL_VIEWS, BUNDLE_BYTES = 64, 8, 8, 65536
ANNOUNCED_BEHIND, COORD = 64, 0xFFFF
TRANSFER = 1
EMPTY_HASH = bytes(32)


class Receiver:
    """The context of one case."""

    def __init__(self, file, case, tools):
        self.tools, self.file, self.case = tools, file, case
        self.network = bytes.fromhex(file["network"])
        self.chain, self.epoch, self.shards = file["chain"], file["epoch"], file["shards"]
        self.known = case.get("knownEpochs", file["knownEpochs"])
        self.members = [bytes.fromhex(key) for key in file["committee"]]
        self.leaders = {one["epoch"]: one["views"] for one in file["leaders"]}
        self.final = case.get("finalView", 0)
        self.view = self.final + 1
        self.facts = case.get("facts")
        held = [bytes.fromhex(one) for one in case.get("before", [])]
        self.held = [self.decoded(TYPES[case["kind"]], one) for one in held]

    def decoded(self, name, data):
        return self.tools.decode(("container", name), data)

    def is_canonical(self, name, data):
        try:
            self.decoded(name, data)
            return True
        except self.tools.Refused:
            return False

    def signature_holds(self, statement, signature, signer):
        signed = self.tools.statement_of(self.network, statement)
        return self.tools.signature_holds(signature, signed, self.members[signer])

    def place(self, said):
        """Chain and epoch, the same for the three topics."""
        if said["chain"] != self.chain:
            return "reject wrong-chain"
        if said["epoch"] < self.epoch:
            return "ignore older-epoch"
        if said["epoch"] > self.epoch + 1 or said["epoch"] not in self.known:
            return "ignore we-lag"
        return None

    def shape(self, said):
        if said["kind"] not in (NOTARISE, NULLIFY, FINALISE):
            return "reject unknown-kind"
        if said["kind"] == NULLIFY and said["hash"] != EMPTY_HASH:
            return "reject nullify-with-hash"
        return None

    def current(self, said):
        return self.view if said["epoch"] == self.epoch else 1

    # GOS-8
    def vote(self, said):
        early = self.place(said) or self.shape(said)
        if early:
            return early
        if said["signer"] >= len(self.members):
            return "reject not-a-member"
        if said["epoch"] == self.epoch and said["view"] < max(1, self.final - LATE_VIEWS):
            return "ignore late"
        if said["view"] > self.current(said) + EARLY_VIEWS:
            return "ignore we-lag"
        if said in self.held:
            return "ignore already-held"
        if not self.signature_holds(said, said["signature"], said["signer"]):
            return "reject bad-signature"
        return "ignore conflicting" if self.conflicts(said, self.held) else "accept valid"

    def conflicts(self, said, held):
        same = ("epoch", "view", "kind", "signer")
        return any(all(one[f] == said[f] for f in same) and one["hash"] != said["hash"] for one in held)

    # GOS-9
    def certificate(self, said):
        early = self.place(said) or self.shape(said)
        if early:
            return early
        if len(said["signers"]) != len(self.members):
            return "reject wrong-width"
        signers = [index for index, bit in enumerate(said["signers"]) if bit == "1"]
        faults = (len(self.members) - 1) // 3
        if len(signers) != len(said["signatures"]) or len(signers) < len(self.members) - faults:
            return "reject too-few-signers"
        same = ("epoch", "view", "kind", "hash")
        is_held = any(all(one[f] == said[f] for f in same) for one in self.held)
        if is_held or (said["epoch"] == self.epoch and said["view"] <= self.final):
            return "ignore already-held"
        if not all(self.signature_holds(said, one, i) for one, i in zip(said["signatures"], signers)):
            return "reject bad-signature"
        return "accept valid"

    # GOS-10
    def block(self, said):
        header, vote = said["header"], said["vote"]
        if header["chain"] != self.chain or header["network"] != self.network:
            return "reject wrong-chain"
        return self.place(vote) or self.views(header, vote) or self.content(said) or self.block_place(said)

    def views(self, header, vote):
        agrees = vote["kind"] == NOTARISE and vote["epoch"] == header["epoch"]
        if not agrees or not 1 <= header["view"] <= vote["view"]:
            return "reject inconsistent-views"
        leaders = self.leaders[vote["epoch"]]
        if leaders[vote["view"] - 1] != vote["signer"]:
            return "reject not-the-leader"
        if self.members[leaders[header["view"] - 1]] != header["proposer"]:
            return "reject wrong-proposer"
        return None

    def content(self, said):
        header, body, tools = said["header"], said["body"], self.tools
        if header["bodyBytes"] != len(body) or header["bodyHash"] != tools.sha256(body):
            return "reject wrong-body"
        if not self.is_canonical("Body", body):
            return "reject not-canonical"
        if said["vote"]["hash"] != tools.root(("container", "Header"), header):
            return "reject vote-for-another"
        hashes = [tools.sha256(wire) for wire in self.decoded("Body", body)["transactions"]]
        if header["transactionsRoot"] != tools.root(tools.WIRE_HASHES, hashes):
            return "reject wrong-transactions-root"
        return None

    def block_place(self, said):
        vote = said["vote"]
        if vote["epoch"] == self.epoch and vote["view"] < self.view - 1:
            return "ignore late"
        if vote["view"] > self.current(vote) + PROPOSAL_VIEWS:
            return "ignore we-lag"
        if said in self.held:
            return "ignore already-held"
        if not self.signature_holds(vote, vote["signature"], vote["signer"]):
            return "reject bad-signature"
        second = self.conflicts(vote, [one["vote"] for one in self.held])
        return "ignore second-proposal" if second else "accept valid"

    # GOS-14
    def receipt(self, said):
        header, made, lanes, tools = said["header"], said["certificate"], said["lanes"], self.tools
        if header["chain"] != self.chain or header["network"] != self.network:
            return "reject wrong-chain"
        to = [one["destination"] for one in lanes]
        known = [one for one in to if (one < self.shards or one == COORD) and one != self.chain]
        if not to or known != sorted(set(to)):
            return "reject wrong-lanes"
        agrees = made["kind"] == FINALISE and made["chain"] == self.chain and made["epoch"] == header["epoch"]
        if not agrees or made["hash"] != tools.root(("container", "Header"), header):
            return "reject wrong-certificate"
        if header["coordHeight"] + ANNOUNCED_BEHIND < self.file["coordHeight"]:
            return "ignore late"
        if not any(self.is_news(one) for one in lanes):
            return "ignore already-held"
        if header["epoch"] not in self.known:
            return "ignore we-lag"
        if not self.is_certified(made):
            return "reject bad-certificate"
        return "accept valid" if all(self.lane_holds(header, one) for one in lanes) else "reject bad-proof"

    def is_news(self, said):
        to = said["destination"]
        told = [one["lane"]["next"] for each in self.held for one in each["lanes"] if one["destination"] == to]
        if to == self.file["follows"]:
            told.append(self.case.get("cursor", self.file["cursor"]))
        return all(said["lane"]["next"] > one for one in told)

    def is_certified(self, made):
        signers = [index for index, bit in enumerate(made["signers"]) if bit == "1"]
        needed = len(self.members) - (len(self.members) - 1) // 3
        if len(made["signers"]) != len(self.members) or len(signers) != len(made["signatures"]):
            return False
        signed = zip(made["signatures"], signers)
        return len(signers) >= needed and all(self.signature_holds(made, one, i) for one, i in signed)

    def lane_holds(self, header, said):
        tools = self.tools
        key = bytes([3]) + said["destination"].to_bytes(2, "big")
        value = tools.encode(("container", "OutLane"), said["lane"])
        proof = tools.encode(("container", "StateProof"), said["proof"])
        return proof_holds(header["stateRoot"], key, value, proof)

    # GOS-7
    def tx(self, said):
        wires, facts = said["transactions"], self.facts
        if said["chain"] != self.chain:
            return "reject bundle-wrong-chain"
        if not wires:
            return "reject bundle-empty"
        if facts["known"] == len(wires):
            return "ignore bundle-known"
        if facts["budgetEmpty"]:
            return "ignore bundle-budget"
        outcomes = [self.stateless(wire) for wire in wires]
        if "invalid" in outcomes:
            return "reject bundle-invalid-transaction"
        if "unknown" in outcomes:
            return "ignore bundle-unknown-kind"
        if 2 * facts["admitted"] < len(wires):
            return "ignore bundle-not-admitted"
        return "ignore bundle-relay-budget" if facts["relayEmpty"] else "accept bundle-admitted"

    def stateless(self, wire):
        """The rules of TX-3 that these vectors break: encoding, action, home, payload, signature."""
        tools = self.tools
        if not self.is_canonical("Transaction", wire):
            return "invalid"
        sent = self.decoded("Transaction", wire)
        if sent["action"] != TRANSFER:
            return "unknown"
        home = tools.home_shard(tools.address_of(sent["keyType"], sent["sender"]), self.shards)
        if sent["chain"] != home or not self.is_canonical("Transfer", sent["payload"]):
            return "invalid"
        content = tools.encode(("container", "TransactionContent"), sent)
        signed = tools.domain("icn/transaction/1") + self.network + content
        return "valid" if tools.signature_holds(sent["signature"], signed, sent["sender"]) else "invalid"

    def judge(self, kind, data):
        prefix = "bundle-" if kind == "tx" else ""
        if kind == "tx" and len(data) > BUNDLE_BYTES:
            return "reject bundle-too-large"
        if not self.is_canonical(TYPES[kind], data):
            return f"reject {prefix}not-canonical"
        return getattr(self, kind)(self.decoded(TYPES[kind], data))


def read_gossip(reader, file, tools):
    limits = (tools.ROOT / "protocols" / "limits.md").read_text("utf8")
    stated = dict(re.findall(r"^\| `gossip\.(\w+)\.bytes` \| ([\d,]+) \|", limits, re.M))
    for kind, size in file["sizes"].items():
        reader.same(f"size of {kind}", stated[kind].replace(",", ""), str(size))
    reader.some("cases", file["cases"])
    for case in file["cases"]:
        data = bytes(case["bytes"]["zeros"]) if isinstance(case["bytes"], dict) else bytes.fromhex(case["bytes"])
        verdict = Receiver(file, case, tools).judge(case["kind"], data)
        reader.same(f"{case['kind']}: {case['name']}", verdict, f"{case['verdict']} {case['rule']}")
