/**
 * The epoch snapshot (C2, C29; EPO-4): computed from coordination state, never from the genesis file, so that a
 * parameter or a validator that coordination changes takes effect without new code. The genesis is only what the
 * coordination state starts from.
 */
import { ZERO_HASH, compare, equal, u64be } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { CooperativeListType, ParameterListType, ValidatorListType } from '../codec/registry.ts'
import type { Cooperative } from '../codec/registry.ts'
import { STATUS_REGISTERED, ValidatorRecordType } from '../codec/registry-records.ts'
import { EpochSnapshotType, SNAPSHOT_VERSION } from '../codec/snapshot.ts'
import { decode } from '../codec/ssz.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256Of } from '../crypto/hash.ts'
import { COOLDOWN_MAX } from '../cooperation/weights.ts'
import { paramsFromList, paramsToList } from '../params/check.ts'
import type { Genesis } from '../params/genesis.ts'
import type { Params } from '../params/params.ts'
import { readElectorate } from '../state/coord/validators.ts'
import { readMix } from '../state/coord/reveals.ts'
import {
  COOPERATIVES_KEY,
  MIX_KEY,
  PARAMETERS_KEY,
  SEATS_KEY,
  VALIDATORS_KEY,
  WEIGHTS_KEY,
  validatorKey
} from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import { committeeOf, computeCommittees, genesisLeases } from './committee.ts'
import { COMMITTEE_KEYS } from './epoch-records.ts'
import { committeesOf, encodeSeats, readSeats, readWeights } from './seat-records.ts'
import type { Committee, EpochCommittees, EpochSnapshot, Member } from './types.ts'
import { USUAL_COOLDOWN } from './schedule.ts'

type Reader = Pick<StateView, 'get'>

/** What coordination state knows of who may take part. */
export interface Registry {
  readonly params: Params
  /** Registered or leaving, in key order. */
  readonly validators: readonly Member[]
  readonly cooperatives: readonly Cooperative[]
}

export const readRegistry = (view: Reader): Registry => ({
  params: readParams(view),
  validators: readElectorate(view),
  cooperatives: CooperativeListType.deserialize(
    must(view.get(COOPERATIVES_KEY), 'coordination state without cooperatives')
  )
})

/** Records of coordination state at genesis, beyond what every chain has (GEN-9). */
export function coordGenesisExtra(genesis: Genesis): [key: Uint8Array, value: Uint8Array][] {
  const { validators, shards, params, cooperatives } = genesis
  const inputs = { validators, shards, shardsPerValidator: params.shardsPerValidator }
  const succession = [...computeCommittees(inputs)].map(
    ([chain, { members, diversity }]) => [chain, { members, degraded: diversity === 'degraded' }] as const
  )
  const { seats, weights } = encodeSeats(new Map(succession))
  const leases = genesisLeases(inputs)
  return [
    [PARAMETERS_KEY, ParameterListType.serialize(paramsToList(params))],
    [VALIDATORS_KEY, ValidatorListType.serialize([...validators])],
    [COOPERATIVES_KEY, CooperativeListType.serialize([...cooperatives])],
    [SEATS_KEY, seats],
    [WEIGHTS_KEY, weights],
    [MIX_KEY, ZERO_HASH],
    ...validators.map((validator): [Uint8Array, Uint8Array] => {
      const held = leases.get(validator) ?? []
      return [validatorKey(validator.key), genesisRecord(validator, held, params)]
    })
  ]
}

/** The values of COMMITTEE_KEYS at genesis: what a reader without a state begins from (PRF-2). */
export const genesisCommitteeRecords = (genesis: Genesis): Uint8Array[] => {
  const records = coordGenesisExtra(genesis)
  return COMMITTEE_KEYS.map((key) =>
    must(records.find(([one]) => equal(one, key))?.[1], 'a record of the genesis')
  )
}

const genesisRecord = (
  { cooperative, weight }: Member,
  shards: readonly ChainId[],
  { leaseHeights }: Params
): Uint8Array =>
  ValidatorRecordType.serialize({
    cooperative,
    weight,
    status: STATUS_REGISTERED,
    since: 0,
    joined: 0,
    ready: 0,
    leftEpoch: 0,
    sponsor: ZERO_HASH,
    node: [],
    leases: shards.map((shard) => ({ shard, until: leaseHeights })),
    tip: [],
    pendingTip: [],
    unbondings: []
  })

function readParams(view: Reader): Params {
  const list = ParameterListType.deserialize(
    must(view.get(PARAMETERS_KEY), 'coordination state without parameters')
  )
  const params = paramsFromList(list)
  return must(
    params.ok ? params.value : undefined,
    'coordination state holds parameters that no check would pass'
  )
}

/**
 * @param view coordination state after the freeze height of `epoch`; after genesis for epoch 0
 * @param genesisHash hash of the coordination chain's genesis block
 */
export function computeSnapshot(
  view: Reader,
  epoch: number,
  genesisHash: Uint8Array,
  shards: number
): EpochSnapshot {
  const committees = committeesOf(readSeats(view), readWeights(view))
  assert(committees.size === shards + 1, 'C2: a snapshot holds a committee for each chain')
  return {
    epoch,
    seed: epochSeed(genesisHash, epoch, readMix(view)),
    params: readParams(view),
    committees
  }
}

/** Without weights and seed: who votes, for readers that do not ask who leads (PRF-4). All weights are 1. */
export const computeEpochCommittees = (view: Reader, epoch: number): EpochCommittees => ({
  epoch,
  params: readParams(view),
  committees: committeesOf(readSeats(view))
})

/** C29: of what was revealed up to the freeze height; without a reveal still another one in each epoch. */
export const epochSeed = (genesisHash: Uint8Array, epoch: number, mix: Uint8Array): Uint8Array =>
  sha256Of(DOMAINS.epochSeed, genesisHash, u64be(epoch), mix)

/** One snapshot has one encoding: committees in the order of their chain numbers. */
export function encodeSnapshot({ epoch, seed, params, committees }: EpochSnapshot): Uint8Array {
  const sorted = [...committees.values()].sort((a, b) => a.chain - b.chain)
  return EpochSnapshotType.serialize({
    version: SNAPSHOT_VERSION,
    epoch,
    seed,
    params: paramsToList(params),
    committees: sorted.map(({ chain, diversity, members }) => ({
      chain,
      degraded: diversity === 'degraded' ? 1 : 0,
      members: members.map((member) => ({ ...member, cooldown: member.cooldown ?? USUAL_COOLDOWN }))
    }))
  })
}

export type SnapshotCode = 'snapshot-malformed' | 'snapshot-params'

/** Checks the form; that the snapshot is the right one is for whoever has the state or a proof (C32). */
export function decodeSnapshot(bytes: Uint8Array): Verdict<EpochSnapshot, SnapshotCode> {
  const decoded = decode(EpochSnapshotType, bytes)
  if (!decoded.ok) return refuse('snapshot-malformed', decoded.detail)
  const { version, epoch, seed, committees: records } = decoded.value
  if (version !== SNAPSHOT_VERSION) return refuse('snapshot-malformed', `version ${version}`)
  const params = paramsFromList(decoded.value.params)
  if (!params.ok) return refuse('snapshot-params', params.detail)
  const committees = new Map<ChainId, Committee>()
  for (const [index, { chain, degraded, members }] of records.entries()) {
    const expected = index === records.length - 1 ? COORD : index
    if (chain !== expected) return refuse('snapshot-malformed', `committee ${index} is of chain ${chain}`)
    if (degraded > 1 || !areMembers(members))
      return refuse('snapshot-malformed', `committee of chain ${chain}`)
    committees.set(chain, committeeOf(chain, members, degraded === 1))
  }
  if (committees.size < 2) return refuse('snapshot-malformed', 'fewer than two committees')
  return accept({ epoch, seed, params: params.value, committees })
}

/** At least one, in key order, each once, each with a weight to be drawn by (C8). */
function areMembers(members: readonly Member[]): boolean {
  return (
    members.length > 0 &&
    members.every(({ key, weight, cooldown = 0 }, index) => {
      const next = members[index + 1]
      return weight >= 1 && cooldown <= COOLDOWN_MAX && (next === undefined || compare(key, next.key) < 0)
    })
  )
}
