/**
 * Coordination at the end of its blocks (C2, C29; EPO-4, REG-14): what the proposer revealed goes into the mix, and at the
 * freeze height of an epoch what was recorded of validators becomes reputation, seats and weights.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { COORD, shardId } from '../primitives/chain-id.ts'
import type { Reputation } from '../codec/cooperation.ts'
import { judgeCollusion, riskOf } from '../cooperation/collusion.ts'
import { countEpoch, isExcluded, lapsesLease, readmitValidator } from '../cooperation/count.ts'
import { admitValidator } from '../cooperation/reputation.ts'
import { createWeights } from '../cooperation/weights.ts'
import { epochFrozenAt } from '../sharding/epochs.ts'
import { freezeEpoch } from '../sharding/transition.ts'
import type { Conduct } from '../sharding/transition.ts'
import { sanctionsOf } from '../state/conduct/sanctions.ts'
import { applyReveal } from '../state/coord/reveals.ts'
import { readElectorate, readValidator, recordsOf } from '../state/coord/validators.ts'
import type { Ledger } from '../state/ledger.ts'
import type { BlockEndContext } from './block-end-context.ts'

/** C29: the block's judge has checked it. */
export function mixReveal(ledger: Ledger, { chain, reveal, proposer, height }: BlockEndContext): void {
  if (chain === COORD && reveal !== undefined) applyReveal(ledger, proposer, reveal, height)
}

/** What of the block a freeze reads. */
export type FreezeContext = Pick<BlockEndContext, 'chain' | 'height' | 'shards' | 'params'>

export function freezeSeats(ledger: Ledger, context: FreezeContext): void {
  const { chain, height, shards, params } = context
  const epoch = chain === COORD ? epochFrozenAt(height, params) : undefined
  if (epoch === undefined) return
  freezeEpoch(ledger, { height, epoch, shards, params }, conductOf(ledger, epoch, context))
}

function conductOf(ledger: Ledger, epoch: number, { height, shards, params }: FreezeContext): Conduct {
  const view = recordsOf(ledger)
  const electorate = readElectorate(view)
  const validators = electorate.map(({ key }) => key)
  for (const key of validators) {
    const record = readValidator(view, key)
    if (record === undefined) continue
    // Those of the genesis begin with more (COOP-12).
    if (record.joined > 0) admitValidator(ledger, key, epoch)
    // COOP-19: who is out has to say again that it is ready.
    const isBack = record.ready > Math.max(0, height - params.epochLength) && isExcluded(view, key)
    if (isBack) readmitValidator(ledger, key, { epoch, params })
  }
  const chains = [...Array.from({ length: shards }, (_, index) => shardId(index)), COORD]
  const cooperatives = new Map(electorate.map(({ key, cooperative }) => [toHex(key), cooperative]))
  const cooperativeOf = (key: Uint8Array): number | undefined => cooperatives.get(toHex(key))
  judgeCollusion(ledger, { epoch, height, params, chains, cooperativeOf })
  const counted = countEpoch(ledger, { epoch, params, chains, validators })
  const sanctioned = new Set<Hex>()
  for (const key of validators) {
    if (sanctionsOf(view, key, { epoch, params }).isExcluded) sanctioned.add(toHex(key))
  }
  const at = { epoch, height, params }
  const risk = (key: Uint8Array, known: Reputation): number => riskOf(view, key, at, known)
  const weights = createWeights(view, { ...at, riskOf: risk }, counted)
  return {
    isAbsent: (chain, key) => counted.ghosts.get(chain)?.has(toHex(key)) === true,
    isExcluded: (key) => counted.excluded.has(toHex(key)),
    isVoting: (key) => {
      const reputation = counted.reputations.get(toHex(key))
      return reputation === undefined || !lapsesLease(reputation)
    },
    isSanctioned: (key) => sanctioned.has(toHex(key)),
    weights: (chain, members) =>
      weights(
        chain,
        members.map(({ key }) => key)
      )
  }
}
