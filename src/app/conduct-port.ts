/** Validators, cooperatives and evidence out of the last final state of the coordination chain. */
import { compare, equal } from '../primitives/bytes.ts'
import type { Header } from '../codec/block.ts'
import { offenceId } from '../codec/evidence.ts'
import type { EvidenceKind } from '../codec/evidence.ts'
import { CATEGORIES } from '../codec/cooperation.ts'
import type { Category } from '../codec/cooperation.ts'
import { STATUS_LEAVING, STATUS_LEFT } from '../codec/registry-records.ts'
import type { ValidatorRecord } from '../codec/registry-records.ts'
import { StakeType } from '../codec/state-records.ts'
import { readElectorate, readValidator } from '../state/coord/validators.ts'
import { stakeKey } from '../state/keys.ts'
import { DisputesType } from '../codec/sanctions.ts'
import type { ProvenOffence } from '../codec/sanctions.ts'
import { riskOf } from '../cooperation/collusion.ts'
import { dayOf } from '../cooperation/days.ts'
import { dayCounts, outcomesOf, readReputation } from '../cooperation/reputation.ts'
import { socialReputation } from '../cooperation/social.ts'
import { weightsOf } from '../cooperation/weights.ts'
import type { Chains } from '../node/chains.ts'
import { must } from '../primitives/errors.ts'
import type {
  ConductPort,
  OffenceFacts,
  RegistrationFacts,
  StandingInShort,
  ValidatorFacts
} from '../rpc/conduct-port.ts'
import { describeDuties } from './duties-port.ts'
import { readRegistry } from '../sharding/snapshot.ts'
import { evidenceCount, provenOffences } from '../state/conduct/evidence.ts'
import { disputesKey } from '../state/conduct/keys.ts'
import { sanctionsOf } from '../state/conduct/sanctions.ts'
import type { StateView } from '../state/ports.ts'

export function createConductPort(chains: Chains): ConductPort {
  const now = () => {
    const { tree, driver } = chains.coord
    const { config } = driver.instance
    return {
      state: tree.final.state,
      height: tree.final.header.height,
      epoch: config.epoch,
      params: config.params
    }
  }
  let listed: { readonly header: Header; readonly standings: readonly StandingInShort[] } | undefined
  return {
    electorate() {
      const { header } = chains.coord.tree.final
      // Each subscription of each connection asks at each block.
      if (listed?.header !== header) listed = { header, standings: electorateOf(now()) }
      return listed.standings
    },
    standing: (key) => standingInShort(key, now()),
    duties: (key) => describeDuties(chains, key),
    validator: (key) => describeValidator(chains, key, now()),
    ranking(category, limit) {
      const { state, epoch, params } = now()
      const day = dayOf(epoch, params)
      return readRegistry(state)
        .validators.map((member) => {
          const social = socialReputation(readReputation(state, member.key), day)
          return { member, value: category === undefined ? social.total : social.categories[category] }
        })
        .sort((a, b) => b.value - a.value || compare(a.member.key, b.member.key))
        .slice(0, limit)
    },
    offences(limit) {
      const { state } = now()
      const found = provenOffences(state, limit)
      return {
        count: evidenceCount(state),
        waiting: chains.evidence.count,
        offences: found.map((offence) => describeOffence(state, offence))
      }
    },
    cooperatives() {
      const { cooperatives, validators } = readRegistry(now().state)
      return cooperatives.map((cooperative) => ({
        cooperative,
        validators: validators.filter((one) => one.cooperative === cooperative.id).map(({ key }) => key)
      }))
    }
  }
}

const electorateOf = (now: Now): StandingInShort[] =>
  readElectorate(now.state).flatMap(({ key }) => standingInShort(key, now) ?? [])

function standingInShort(key: Uint8Array, { state, epoch, params }: Now): StandingInShort | undefined {
  const record = readValidator(state, key)
  if (record === undefined) return undefined
  const { status, since, ready } = registrationOf(record)
  const { level, recoversAtEpoch } = sanctionsOf(state, key, { epoch, params })
  return { key, cooperative: record.cooperative, status, since, ready, level, recoversAtEpoch }
}

function describeOffence(state: Pick<StateView, 'get'>, offence: ProvenOffence): OffenceFacts {
  const id = offenceId({ ...offence, kind: offence.kind as EvidenceKind })
  const disputes = state.get(disputesKey(id))
  return {
    id,
    offence,
    disputes: disputes === undefined ? [] : DisputesType.deserialize(disputes).disputes
  }
}

type Now = { readonly state: StateView; readonly height: number; readonly epoch: number } & {
  readonly params: Parameters<typeof dayOf>[1]
}

function describeValidator(chains: Chains, key: Uint8Array, now: Now): ValidatorFacts | undefined {
  const { state, epoch, height, params } = now
  const member = readRegistry(state).validators.find((one) => equal(one.key, key))
  const record = readValidator(state, key)
  const stake = state.get(stakeKey(key))
  const standing = sanctionsOf(state, key, { epoch, params })
  const reputation = readReputation(state, key)
  if (record === undefined && standing.offences === 0 && reputation.validations === 0) return undefined
  const at = {
    epoch,
    height,
    params,
    riskOf: (one: Uint8Array) => riskOf(state, one, { epoch, height, params })
  }
  const social = socialReputation(reputation, dayOf(epoch, params))
  const points = Object.fromEntries(
    CATEGORIES.map((name, index) => [name, reputation.points[index] ?? 0])
  ) as Readonly<Record<Category, number>>
  return {
    cooperative: record?.cooperative ?? member?.cooperative ?? 0,
    registration: record && registrationOf(record),
    stake: stake === undefined ? NOTHING : StakeType.deserialize(stake),
    seats: seatsOf(chains, key),
    weights: chains.list.map(({ chain }) => {
      const [weight] = weightsOf(state, chain, [key], at)
      return { chain, weight: must(weight, 'a weight for each validator') }
    }),
    points,
    social: social.total,
    validations: reputation.validations,
    outcomes: outcomesOf(reputation),
    day: dayCounts(reputation),
    activeEpoch: reputation.activeEpoch,
    excludedFrom: reputation.excludedFrom === 0 ? undefined : reputation.excludedFrom - 1,
    suspicions: reputation.suspicions,
    standing
  }
}

const NOTHING = { consumer: 0n, industrial: 0n }

const registrationOf = ({ status, since, joined, ready, leases }: ValidatorRecord): RegistrationFacts => ({
  status: status === STATUS_LEFT ? 'left' : status === STATUS_LEAVING ? 'leaving' : 'registered',
  since,
  joined,
  ready,
  leases
})

function seatsOf(chains: Chains, key: Uint8Array): ValidatorFacts['seats'] {
  return chains.list.flatMap(({ chain, driver }) => {
    const { epoch, committee } = driver.instance.config
    const index = committee.members.findIndex((one) => equal(one.key, key))
    const member = committee.members[index]
    return member === undefined ? [] : [{ chain, epoch, index, weight: member.weight }]
  })
}
