/** What becomes of the transactions of a block that does not (C14, M13). */
import assert from 'node:assert/strict'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import type { Proposal } from '../../../src/codec/proposal.ts'
import type { Carried } from '../../../src/testing/sim/network.ts'
import { ALL, expectProgress, expectSound, proposalIn, untilProposal, warmWorld } from './stage.ts'

const SHARD = shardId(0)

/** The leader's block is notarised by too few and nullified; its transactions are final two blocks later, once. */
export async function abandonedBranch(): Promise<void> {
  const world = await warmWorld()
  for (const index of ALL) world.submitAt(index)
  const toOne = ({ from, to }: Carried): boolean => to === (from + 1) % ALL.length
  const carriesSome = ({ header }: Proposal): boolean => header.chain === SHARD && header.transactionCount > 0
  const { proposal, leader } = await untilProposal(world, carriesSome, toOne)
  const lost = toHex(proposal.vote.hash)
  // Votes and pulls would bring the block back by other ways; its view has to fail.
  world.network.passes = (message) => {
    const isCopy = toHex(proposalIn(message)?.vote.hash ?? ZERO_HASH) === lost
    return !message.what.startsWith('ask-bodies') && (!isCopy || (message.from === leader && toOne(message)))
  }
  const final = new Set<number>()
  world.onFinal = (_node, { chain, header, hash, transactionIds }) => {
    if (chain !== SHARD) return
    assert.notEqual(toHex(hash), lost, 'the block was abandoned')
    if (transactionIds.length > 0) final.add(header.height)
  }
  await world.until(() => world.workload.waiting.length === 0, 10_000)
  world.network.passes = () => true
  assert.deepEqual(world.workload.waiting, [], 'every acknowledged transaction is final')
  const last = Math.max(...final)
  assert(final.size > 0 && last <= proposal.header.height + 2, `final at ${[...final].join()}`)
  await expectProgress(world)
  expectSound(world)
}
