/** What the RPC layer is told of validators: one, who is leaving and sanctioned. */
import { LEAVING } from './duties-facts.ts'
import { CATEGORIES } from '../../src/codec/cooperation.ts'
import type { Category } from '../../src/codec/cooperation.ts'
import { TWO_NOTARISE } from '../../src/codec/evidence.ts'
import type { ProvenOffence } from '../../src/codec/sanctions.ts'
import { dayCounts, readReputation } from '../../src/cooperation/reputation.ts'
import { weightsOf } from '../../src/cooperation/weights.ts'
import { commit } from '../../src/state/commit.ts'
import { recordOffence } from '../../src/state/conduct/evidence.ts'
import { sanctionsOf } from '../../src/state/conduct/sanctions.ts'
import { Ledger } from '../../src/state/ledger.ts'
import { genesisState } from './state.ts'
import { devnetAddress } from '../../src/params/devnet-keys.ts'
import { equal } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ConductPort, StandingInShort } from '../../src/rpc/conduct-port.ts'

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

/** Key 0a… is a validator at level 1 that contests it. */
export function aConductPort(): ConductPort {
  const member = { key: bytes32(10), cooperative: 1, weight: 1_000_000 }
  const view = genesisState([])
  const params = { unbondingEpochs: 70 }
  const offence: ProvenOffence = {
    publicKey: member.key,
    chain: COORD,
    epoch: 0,
    view: 3,
    kind: TWO_NOTARISE,
    height: 5,
    level: 1
  }
  const ledger = new Ledger(view)
  const at = { epoch: 0, height: 5, params }
  recordOffence(ledger, { ...offence, kind: TWO_NOTARISE }, at, () => ({ consumer: 5n, industrial: 0n }))
  view.apply(commit(view, ledger.changedValues()))
  const [weight] = weightsOf(view, COORD, [member.key], { ...at, riskOf: () => 0 })
  const reputation = readReputation(view, member.key)
  const short: StandingInShort = {
    key: member.key,
    cooperative: 1,
    status: 'leaving',
    since: 4,
    ready: 2,
    level: 1,
    recoversAtEpoch: 70
  }
  return {
    electorate: () => [short],
    standing: (key) => (equal(key, member.key) ? short : undefined),
    duties: (key) => (equal(key, member.key) ? LEAVING : undefined),
    validator: (key) =>
      equal(key, member.key)
        ? {
            cooperative: 1,
            registration: {
              status: 'leaving',
              since: 4,
              joined: 0,
              ready: 2,
              leases: [{ shard: shardId(0), until: 240 }]
            },
            stake: { consumer: 3n, industrial: 4n },
            seats: [{ chain: COORD, epoch: 0, index: 0, weight: 1_000_000 }],
            weights: [{ chain: COORD, weight: weight! }],
            points: { ...NO_POINTS, validation: 12_000_000 },
            social: 0,
            validations: 0,
            outcomes: [true, false],
            day: dayCounts(reputation),
            activeEpoch: 0,
            excludedFrom: undefined,
            suspicions: [],
            standing: sanctionsOf(view, member.key, at)
          }
        : undefined,
    ranking: () => [{ member, value: 7 }],
    offences: () => ({
      count: 1,
      waiting: 2,
      offences: [
        {
          id: bytes32(1),
          offence,
          disputes: [{ sender: devnetAddress('user0'), textHash: bytes32(2), height: 6 }]
        }
      ]
    }),
    cooperatives: () => [
      { cooperative: { id: 1, name: new TextEncoder().encode('one') }, validators: [member.key] }
    ]
  }
}
const NO_POINTS = Object.fromEntries(CATEGORIES.map((name) => [name, 0])) as Record<Category, number>
