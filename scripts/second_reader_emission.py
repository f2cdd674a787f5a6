"""Emission, from protocols/emission.md alone: EMI-1 (rewards), EMI-2 (headers), EMI-3 (shares)."""

TOKENS = (("rewardConsumer", "reserveConsumer"), ("rewardIndustrial", "reserveIndustrial"))


def rewards_of(case):
    """EMI-1, both tokens."""
    halvings = (case["height"] - 1) // case["params"]["rewardHalvingBlocks"]
    return [
        min(case["params"][reward] // 2**halvings, int(case["reserve"][reserve])) for reward, reserve in TOKENS
    ]


def read_emission(reader, file):
    reader.some("rewards", file["rewards"])
    for case in file["rewards"]:
        stated = [int(case["reward"]["consumer"]), int(case["reward"]["industrial"])]
        reader.same(case["name"], rewards_of(case), stated)
    reader.some("shares", file["shares"])
    for case in file["shares"]:
        for token in ("consumer", "industrial"):
            reward = int(case["reward"][token])
            treasury = reward * case["treasurySharePpm"] // 10**6
            reader.same(f"{case['name']}: treasury, {token}", treasury, int(case["treasury"][token]))
            reader.same(f"{case['name']}: proposer, {token}", reward - treasury, int(case["proposer"][token]))
    reader.some("headers", file["headers"])
    for case in file["headers"]:
        claimed = [int(case["rewardConsumer"]), int(case["rewardIndustrial"])]
        verdict = "valid" if claimed == rewards_of(case) else "wrong-reward"
        reader.same(case["name"], verdict, case["verdict"])
