/**
 * The epoch snapshot (C2, C29; EPO-4): computed from coordination state, never from the genesis file, so that a
 * parameter or a validator that coordination changes takes effect without new code. The genesis is only what the
 * coordination state starts from.
 */
import { compare, u64be } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { CooperativeListType, ParameterListType, ValidatorListType } from '../codec/registry.ts'
import type { Cooperative } from '../codec/registry.ts'
import { EpochSnapshotType, SNAPSHOT_VERSION } from '../codec/snapshot.ts'
import { decode } from '../codec/ssz.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256Of } from '../crypto/hash.ts'
import { COOLDOWN_MAX } from '../cooperation/weights.ts'
import { paramsFromList, paramsToList } from '../params/check.ts'
import type { Genesis } from '../params/genesis.ts'
import type { Params } from '../params/params.ts'
import { COOPERATIVES_KEY, PARAMETERS_KEY, VALIDATORS_KEY } from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import { committeeOf, computeCommittees } from './committee.ts'
import { USUAL_COOLDOWN } from './schedule.ts'
import type { Committee, EpochSnapshot, Member } from './types.ts'

type Reader = Pick<StateView, 'get'>

/** What coordination state knows of who takes part. */
export interface Registry {
  readonly params: Params
  readonly validators: readonly Member[]
  readonly cooperatives: readonly Cooperative[]
}

/** Records of coordination state at genesis, beyond what every chain has (GEN-9). */
export const coordGenesisExtra = (genesis: Genesis): [key: Uint8Array, value: Uint8Array][] => [
  [PARAMETERS_KEY, ParameterListType.serialize(paramsToList(genesis.params))],
  [VALIDATORS_KEY, ValidatorListType.serialize([...genesis.validators])],
  [COOPERATIVES_KEY, CooperativeListType.serialize([...genesis.cooperatives])]
]

export function readRegistry(view: Reader): Registry {
  const record = (key: Uint8Array, name: string): Uint8Array =>
    must(view.get(key), `coordination state without ${name}`)
  const params = paramsFromList(ParameterListType.deserialize(record(PARAMETERS_KEY, 'parameters')))
  return {
    params: must(
      params.ok ? params.value : undefined,
      'coordination state holds parameters that no check would pass'
    ),
    validators: ValidatorListType.deserialize(record(VALIDATORS_KEY, 'validators')),
    cooperatives: CooperativeListType.deserialize(record(COOPERATIVES_KEY, 'cooperatives'))
  }
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
  const { params, validators } = readRegistry(view)
  const { shardsPerValidator } = params
  return {
    epoch,
    seed: epochSeed(genesisHash, epoch),
    params,
    committees: computeCommittees({ validators, shards, shardsPerValidator })
  }
}

/** C29 as long as validators reveal nothing: known far ahead, and nobody's to choose. */
export const epochSeed = (genesisHash: Uint8Array, epoch: number): Uint8Array =>
  sha256Of(DOMAINS.epochSeed, genesisHash, u64be(epoch))

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
