/** Coordination state with facts of validators, epoch after epoch. */
import type { Reputation, MemberFacts } from '../../src/codec/cooperation.ts'
import { countEpoch } from '../../src/cooperation/count.ts'
import type { EpochFindings } from '../../src/cooperation/count.ts'
import { readReputation } from '../../src/cooperation/reputation.ts'
import { weightsOf } from '../../src/cooperation/weights.ts'
import type { LeaderWeight } from '../../src/cooperation/weights.ts'
import { compare, toHex } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { NO_FACTS, recordSummary } from '../../src/state/facts.ts'
import { buildGenesisState } from '../../src/state/genesis-state.ts'
import { Ledger } from '../../src/state/ledger.ts'
import { someKey } from './genesis.ts'

export const factsOf = (change: Partial<MemberFacts>): MemberFacts => ({ ...NO_FACTS, ...change })
/** Was there for everything, and led. */
export const STEADY: MemberFacts = factsOf({ attended: 40, led: 10 })
/** Was not there; four views passed without it. */
export const ABSENT: MemberFacts = factsOf({
  missed: 40,
  skipped: 4,
  firstRun: 4,
  lastRun: 4,
  longestRun: 4
})

export const CHAINS: readonly ChainId[] = [shardId(0), shardId(1), COORD]

export class CooperationScene {
  readonly ledger: Ledger
  readonly validators: readonly Uint8Array[]
  /** Seven days; a day is a seventh of it. */
  readonly params: { readonly unbondingEpochs: number }
  epoch = 0

  constructor(validators: number, unbondingEpochs = 14) {
    const { values, root } = buildGenesisState({
      accounts: [],
      reserve: { consumer: 0n, industrial: 0n },
      extra: [],
      params: { manaCap: 0 },
      timeMs: 0
    })
    const stored: ReadonlyMap<Hex, Uint8Array | undefined> = values
    this.ledger = new Ledger({ get: (key) => stored.get(toHex(key)), page: () => undefined, root })
    this.validators = Array.from({ length: validators }, (_, index) => someKey(index)).sort(compare)
    this.params = { unbondingEpochs }
  }

  readonly view = { get: (key: Uint8Array): Uint8Array | undefined => this.ledger.record(key) }

  /** A finished epoch of some chains, then the freeze of the next one. */
  next(factsOfMember: (index: number, chain: ChainId) => MemberFacts, chains = CHAINS): EpochFindings {
    this.epoch += 1
    for (const chain of chains) {
      const members = this.validators.map((key, index) => ({ key, facts: factsOfMember(index, chain) }))
      recordSummary(this.ledger, chain, {
        epoch: this.epoch - 1,
        height: 8 * this.epoch,
        blocks: 40,
        members
      })
    }
    return countEpoch(this.ledger, {
      epoch: this.epoch,
      params: this.params,
      chains: CHAINS,
      validators: this.validators
    })
  }

  reputation(index: number): Reputation {
    return readReputation(this.view, this.validators[index]!)
  }

  weight(index: number, chain: ChainId = COORD, height = 8 * this.epoch): LeaderWeight {
    const at = { epoch: this.epoch, height, params: this.params, riskOf: () => 0 }
    return weightsOf(this.view, chain, this.validators, at)[index]!
  }

  points(index: number): number {
    return this.reputation(index).points.reduce((sum, value) => sum + value, 0) / 1_000_000
  }
}
