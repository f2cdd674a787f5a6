"""Judges protocols/vectors/evidence.json a second time, from C30 and protocols/sanctions.md alone.

Python's standard library only. `read_evidence(reader, file, tools)`: tools are the functions of second-reader.py.
"""

NOTARISE, NULLIFY, FINALISE = 1, 2, 3
COORD = 65535
PENALTY = {1: 5_000_000, 2: 7_500_000, 3: 11_250_000}
BONUS = {1: 3_600_000, 2: 4_320_000}
CERTIFICATES = ("list", ("container", "Certificate"), 1)


class Nothing(Exception):
    """The evidence proves nothing; the message is why."""


def read_evidence(reader, file, tools):
    reader.some("evidence", file["evidence"])
    for case in file["evidence"]:
        try:
            found = Court(file, tools).offence(bytes.fromhex(case["bytes"]))
            reader.same(case["name"], found, case.get("offence"))
        except Nothing as why:
            reader.same(case["name"], str(why), case.get("refused"))
    reader.some("blocks", file["blocks"])
    for case in file["blocks"]:
        ids = [one for one in case["known"] + case["items"] if one != "nothing"]
        for one in ids:
            reader.same(f"{case['name']}: id", offence_id(one, tools), one["id"])
        reader.same(case["name"], block_verdict(case), case["verdict"])
    reader.some("sanctions", file["sanctions"])
    for case in file["sanctions"]:
        for read in case["reads"]:
            reader.same(f"{case['name']}: epoch {read['epoch']}", standing(case, read["epoch"]), read)


def offence_id(offence, tools):
    parts = [
        tools.domain("icn/evidence/1"),
        bytes.fromhex(offence["publicKey"]),
        offence["chain"].to_bytes(2, "big"),
        offence["epoch"].to_bytes(8, "big"),
        offence["view"].to_bytes(8, "big"),
        offence["kind"].to_bytes(1, "big"),
    ]
    return tools.sha256(b"".join(parts)).hex()


class Court:
    def __init__(self, file, tools):
        self.tools = tools
        self.network = bytes.fromhex(file["network"])
        self.chain, self.latest = file["chain"], file["latestEpoch"]
        self.members = [bytes.fromhex(key) for key in file["committee"]]

    def knows(self, chain, epoch):
        return chain == self.chain and epoch <= self.latest

    def offence(self, data):
        try:
            evidence = self.tools.decode(("container", "Evidence"), data)
        except self.tools.Refused:
            raise Nothing("evidence-malformed")
        votes, proposals, key = evidence["votes"], evidence["proposal"], evidence["publicKey"]
        if evidence["network"] != self.network:
            raise Nothing("evidence-network")
        if (len(votes), len(proposals)) not in ((2, 0), (1, 1)):
            raise Nothing("evidence-malformed")
        first = votes[0]
        if not self.knows(first["chain"], first["epoch"]):
            raise Nothing("evidence-epoch")
        if first["signer"] >= len(self.members) or self.members[first["signer"]] != key:
            raise Nothing("evidence-signer")
        kind = self.contradiction(*votes) if len(votes) == 2 else self.proposal(evidence)
        said = {"publicKey": key.hex(), **{name: first[name] for name in ("chain", "epoch", "view")}, "kind": kind}
        return {**said, "id": offence_id(said, self.tools)}

    def contradiction(self, first, second):
        kinds = (first["kind"], second["kind"])
        same = all(first[name] == second[name] for name in ("chain", "epoch", "view", "signer"))
        ordered = (first["kind"], first["hash"]) < (second["kind"], second["hash"])
        kind = {(1, 1): 1, (2, 3): 2, (3, 3): 3}.get(kinds)
        if kind in (1, 3) and first["hash"] == second["hash"]:
            kind = None
        if not same or not ordered or kind is None:
            raise Nothing("evidence-consistent")
        if not all(self.holds(vote, vote["signature"], vote["signer"]) for vote in (first, second)):
            raise Nothing("evidence-proves-nothing")
        return kind

    def proposal(self, evidence):
        vote, signed = evidence["votes"][0], evidence["proposal"][0]
        header, certificate = signed["header"], signed["parentCertificate"]
        tools = self.tools
        attendance = tools.sha256(tools.root(CERTIFICATES, [certificate]) + signed["lateVotesRoot"])
        own = (
            vote["kind"] == NOTARISE
            and vote["hash"] == tools.root(("container", "Header"), header)
            and header["proposer"] == evidence["publicKey"]
            and header["network"] == self.network
            and (header["chain"], header["epoch"]) == (vote["chain"], vote["epoch"])
            and header["attendanceRoot"] == attendance
        )
        if not own:
            raise Nothing("evidence-proposal")
        if not self.holds(vote, vote["signature"], vote["signer"]) or self.certifies(certificate, header):
            raise Nothing("evidence-proves-nothing")
        return 4

    def certifies(self, certificate, header):
        """C5, and of the chain and an epoch that a parent may be of."""
        if certificate["chain"] != header["chain"] or certificate["epoch"] > header["epoch"]:
            return False
        signers = [place for place, bit in enumerate(bits_of(certificate["signers"])) if bit]
        count, width = len(self.members), len(bits_of(certificate["signers"]))
        quorum = count - (count - 1) // 3
        if certificate["kind"] not in (1, 2, 3) or width != count:
            return False
        if len(signers) != len(certificate["signatures"]) or len(signers) < quorum:
            return False
        return all(self.holds(certificate, one, at) for at, one in zip(signers, certificate["signatures"]))

    def holds(self, said, signature, signer):
        if said["kind"] not in (1, 2, 3) or (said["kind"] == NULLIFY and any(said["hash"])):
            return False
        signed = self.tools.statement_of(self.network, said)
        return bool(self.tools.signature_holds(signature, signed, self.members[signer]))


def bits_of(value):
    """The reader keeps a bitmap as text."""
    return [one == "1" for one in value]


def block_verdict(case):
    seen = set()
    known = {one["id"] for one in case["known"]}
    for item in case["items"]:
        if item == "nothing":
            return "evidence-proves-nothing"
        if case["chain"] != COORD:
            return "evidence-chain"
        if item["epoch"] > case["epoch"]:
            return "evidence-too-early"
        is_over = case["heard"] > item["epoch"]
        if item["epoch"] + case["unbondingEpochs"] < case["epoch"] and is_over:
            return "evidence-too-old"
        if item["id"] in known or item["id"] in seen:
            return "evidence-known"
        own = [one["epoch"] for one in case["known"] if one["publicKey"] == item["publicKey"]]
        # All are proven in the block's epoch, so no level went: each epoch raised one, up to level 3.
        if len(own) >= 64 and (len(set(own)) >= 3 or item["epoch"] in own):
            return "evidence-surplus"
        seen.add(item["id"])
    return "taken"


def standing(case, epoch):
    record = {"level": 0, "since": 0, "penalty": 0, "bonus": 0, "offences": 0}
    steps = []
    for one in case["offences"]:
        recover(record, one["provenIn"], case["period"])
        record["offences"] += 1
        if record["level"] == 3 or one["epoch"] in steps[-16:]:
            continue
        record["level"] += 1
        record["since"] = one["provenIn"]
        record["penalty"] += PENALTY[record["level"]]
        steps.append(one["epoch"])
    recover(record, epoch, case["period"])
    return {
        "epoch": epoch,
        "level": record["level"],
        "penalty": str(record["penalty"]),
        "bonus": str(record["bonus"]),
        "offences": record["offences"],
    }


def recover(record, epoch, period):
    while record["level"] in BONUS and epoch >= record["since"] + period:
        record["bonus"] += BONUS[record["level"]]
        record["since"] += period
        record["level"] -= 1
