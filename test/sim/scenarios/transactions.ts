/** What becomes of the transactions of a block that does not (C14, M13). */
import assert from 'node:assert/strict'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { ALL, expectProgress, expectSound, proposalIn, untilProposal, warmWorld } from './stage.ts'

const SHARD = shardId(0)

/** The leader's block is notarised by too few and nullified; its transactions are final two blocks later, once. */
export async function abandonedBranch(): Promise<void> {
  const world = await warmWorld()
  for (const index of ALL) world.submitAt(index)
  let lost: string | undefined
  world.network.passes = (message) => {
    const proposal = proposalIn(message)
    if (proposal === undefined || proposal.header.chain !== SHARD) return true
    if (lost === undefined && proposal.header.transactionCount > 0) lost = toHex(proposal.vote.hash)
    if (lost !== toHex(proposal.vote.hash)) return true
    return message.from === proposal.vote.signer && message.to === (message.from + 1) % ALL.length
  }
  const { proposal } = await untilProposal(world, ({ header }) => header.chain === SHARD && header.transactionCount > 0)
  // Votes and pulls would bring the block back by other ways; its view has to fail.
  const relays = world.network.passes
  world.network.passes = (message) => relays(message) && !message.what.startsWith('ask-bodies')
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
