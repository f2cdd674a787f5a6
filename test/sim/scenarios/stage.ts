/** What the directed scenarios are written in, on top of the world's own verbs. */
import assert from 'node:assert/strict'
import { ZERO_HASH, equal } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { ProposalType } from '../../../src/codec/proposal.ts'
import type { Proposal } from '../../../src/codec/proposal.ts'
import { CertificateType, VoteType } from '../../../src/codec/statement.ts'
import { FRAME_CERTIFICATE, FRAME_VOTE } from '../../../src/codec/messages.ts'
import type { Carried } from '../../../src/testing/sim/network.ts'
import { World } from '../../../src/testing/sim/world.ts'
import type { WorldInit } from '../../../src/testing/sim/world.ts'

/** Boot, two listening timers, and the first blocks. */
export const WARM_MS = 6_000
/** After faults ended: stuck views resend within 5 s, timers are capped at seconds. */
export const RECOVERY_MS = 30_000
export const ALL = [0, 1, 2, 3] as const

export interface StatementPlace {
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
  readonly kind: number
}

export async function warmWorld(init: Partial<WorldInit> = {}): Promise<World> {
  const world = new World({ seed: 'directed', ...init })
  world.start(...ALL)
  await world.run(WARM_MS)
  expectNoViolation(world)
  for (const chain of world.chains) assert(world.height(chain, ALL) >= 1, 'the network came up')
  return world
}

/** The vote in a message, or undefined for anything else. */
export function voteIn({ what, data }: Carried): StatementPlace | undefined {
  if (what === 'vote') return VoteType.deserialize(data)
  return what === `frame-${FRAME_VOTE}` ? VoteType.deserialize(data.subarray(1)) : undefined
}

export function certificateIn({ what, data }: Carried): StatementPlace | undefined {
  if (what === 'certificate') return CertificateType.deserialize(data)
  return what === `frame-${FRAME_CERTIFICATE}` ? CertificateType.deserialize(data.subarray(1)) : undefined
}

export const proposalIn = ({ what, data }: Carried): Proposal | undefined =>
  what === 'block' ? ProposalType.deserialize(data) : undefined

/** A message of one chain's consensus; requests and transactions are of none. */
export function chainOf(message: Carried): ChainId | undefined {
  return (
    voteIn(message)?.chain ??
    certificateIn(message)?.chain ??
    proposalIn(message)?.header.chain ??
    statusChain(message)
  )
}

function statusChain({ what, data }: Carried): ChainId | undefined {
  if (what !== 'frame-1') return undefined
  return new DataView(data.buffer, data.byteOffset).getUint16(1, true) as ChainId
}

/**
 * Runs until a leader sends a proposal that `wanted` accepts. Nobody has received it yet.
 * @param reaches whether this copy of it is on its way. @default all are
 */
export async function untilProposal(
  world: World,
  wanted: (proposal: Proposal) => boolean,
  reaches: (copy: Carried) => boolean = () => true
): Promise<{ readonly proposal: Proposal; readonly leader: number }> {
  let found: { readonly proposal: Proposal; readonly leader: number } | undefined
  const before = world.network.passes
  world.network.passes = (message) => {
    const proposal = proposalIn(message)
    if (found === undefined && proposal !== undefined && wanted(proposal)) {
      found = { proposal, leader: message.from }
    }
    const isCopy = proposal !== undefined && equal(proposal.vote.hash, found?.proposal.vote.hash ?? ZERO_HASH)
    return before(message) && (!isCopy || reaches(message))
  }
  await world.until(() => found !== undefined, RECOVERY_MS)
  assert(found !== undefined, 'the proposal that the scenario waits for was made')
  return found
}

/** Every chain gains heights on the given nodes, within the time of recovery. */
export async function expectProgress(
  world: World,
  indexes: readonly number[] = ALL,
  chains: readonly ChainId[] = world.chains,
  heights = 3
): Promise<void> {
  const goals = chains.map((chain) => [chain, Math.max(0, highest(world, chain)) + heights] as const)
  await world.until(() => goals.every(([chain, goal]) => world.height(chain, indexes) >= goal), RECOVERY_MS)
  expectNoViolation(world)
  for (const [chain, goal] of goals) {
    const height = world.height(chain, indexes)
    assert(height >= goal, `chain ${chain} stands at ${height}, below ${goal}: it does not go on`)
  }
}

export const highest = (world: World, chain: ChainId): number =>
  Math.max(...world.nodes.map(({ chains }) => chains?.get(chain)?.store.final.height ?? 0))

/** The scenario is over: every process ends, and no checker had anything to say. */
export function expectSound(world: World): void {
  world.finish()
  expectNoViolation(world)
}

export function expectNoViolation({ violations }: World): void {
  assert(violations.length === 0, violations.join('\n'))
}

export const isBoundaryOf = (world: World, { header }: Proposal): boolean =>
  header.chain === COORD && header.height === (header.epoch + 1) * world.genesis.params.epochLength

/** Two members vote to finalise the next boundary block of coordination, and two nullify its view. */
export async function splitBoundary(world: World): Promise<Proposal> {
  const { proposal } = await untilProposal(world, (one) => isBoundaryOf(world, one))
  const { view } = proposal.vote
  const [late1, late2] = ALL.filter((index) => index !== proposal.vote.signer)
  const late: ReadonlySet<number | undefined> = new Set([late1, late2])
  const recordAt = (index: number) => world.chainOf(index, COORD).driver.instance.views.get(view)
  world.network.passes = (message) =>
    chainOf(message) !== COORD || !late.has(message.to) || proposalIn(message)?.vote.view === view
  const split = await world.until(
    () =>
      ALL.every((index) =>
        late.has(index) ? recordAt(index)?.ownNullify === true : recordAt(index)?.ownFinalise !== undefined
      ),
    20_000
  )
  assert(split, 'two voted to finalise and two to nullify')
  world.network.passes = () => true
  return proposal
}
