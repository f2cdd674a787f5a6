/** Methods about validators, cooperatives and what was proven against them. */
import { CATEGORIES } from '../../codec/cooperation.ts'
import { EVIDENCE_NAMES } from '../../codec/evidence.ts'
import type { EvidenceKind } from '../../codec/evidence.ts'
import type { ChainScoreJson, OffenceJson, StandingJson } from '../../client/validator-types.ts'
import { encodeAddress } from '../../crypto/address.ts'
import { toHex } from '../../primitives/bytes.ts'
import { COORD, chainToJson } from '../../primitives/chain-id.ts'
import { accept } from '../../primitives/result.ts'
import type { OffenceFacts, RegistrationFacts, StandingFacts, ValidatorFacts } from '../conduct-port.ts'
import { placeJson, tokensJson } from '../json.ts'
import { PROOF_WEIGHT, method } from '../method.ts'
import type { Method } from '../method.ts'
import { choiceParam, hexParam, integerParam, optional } from '../params.ts'
import { refused } from '../refusals.ts'
import { finalPlace } from './chain.ts'

/** Offences and ranks in one answer. */
const LIST_MAX = 200

const scoreJson = ({ chain, weight: own }: ValidatorFacts['weights'][number]): ChainScoreJson => ({
  chain: chainToJson(chain),
  ppm: own.score.ppm,
  factors: own.score.factors,
  weight: own.weight,
  cooldown: own.cooldown,
  ...(own.ineligible === undefined ? {} : { ineligible: own.ineligible })
})

const standingJson = (standing: StandingFacts): StandingJson => ({
  level: standing.level,
  excluded: standing.isExcluded,
  ...(standing.recoversAtEpoch === undefined ? {} : { recoversAtEpoch: standing.recoversAtEpoch }),
  offences: standing.offences,
  penalty: standing.penalty.toString(),
  bonus: standing.bonus.toString(),
  slashed: tokensJson(standing.slashed),
  steps: standing.steps
})

const registrationJson = ({ leases, ...facts }: RegistrationFacts) => ({
  ...facts,
  leases: leases.map(({ shard, until }) => ({ shard: chainToJson(shard), until }))
})

const validatorGet = method('validator_get', {
  summary: 'A validator: seats, score of each chain with its factors, points, history and sanctions',
  params: { validator: hexParam('validator key', { length: 32 }) },
  weight: 2,
  call(port, { validator }) {
    const facts = port.conduct.validator(validator)
    if (facts === undefined) return refused('VALIDATOR_UNKNOWN', 'no such key in the registry', {})
    const { day, outcomes, registration } = facts
    return accept({
      validator: toHex(validator),
      cooperative: facts.cooperative,
      ...(registration === undefined ? {} : { registration: registrationJson(registration) }),
      stake: tokensJson(facts.stake),
      seats: facts.seats.map((seat) => ({ ...seat, chain: chainToJson(seat.chain) })),
      scores: facts.weights.map(scoreJson),
      points: facts.points,
      social: facts.social,
      history: {
        validations: facts.validations,
        recent: { views: outcomes.length, successes: outcomes.filter(Boolean).length },
        day: { attended: day.attended, missed: day.missed, led: day.led, skipped: day.skipped },
        activeEpoch: facts.activeEpoch,
        ...(facts.excludedFrom === undefined ? {} : { excludedFrom: facts.excludedFrom }),
        suspicions: facts.suspicions
      },
      sanction: standingJson(facts.standing),
      asOf: placeJson(finalPlace(port, COORD))
    })
  }
})

const validatorDuties = method('validator_duties', {
  summary: 'What the registry holds of a validator: status, leases, seats, and whether it may stop serving',
  params: { validator: hexParam('validator key', { length: 32 }) },
  weight: 10,
  call(port, { validator }) {
    const facts = port.conduct.duties(validator)
    if (facts === undefined) return refused('VALIDATOR_UNKNOWN', 'no such key in the registry', {})
    const { status, since, joined, ready, cooperative, reveals, leases, unbondings, seats, serving } = facts
    const { node } = facts
    return accept({
      validator: toHex(validator),
      status,
      since,
      joined,
      ready,
      cooperative,
      reveals,
      ...(node === undefined ? {} : { node }),
      leases: leases.map(({ shard, until }) => ({ shard: chainToJson(shard), until })),
      unbondings: unbondings.map(({ epoch, to, ...amounts }) => ({
        epoch,
        to: encodeAddress(to),
        ...tokensJson(amounts)
      })),
      seats: seats.map(chainToJson),
      serving: serving.map(({ chain, isSafe, lastEpoch, reason }) => ({
        chain: chainToJson(chain),
        safe: isSafe,
        ...(lastEpoch === undefined ? {} : { lastEpoch }),
        reason
      })),
      safeToStop: serving.every(({ isSafe }) => isSafe),
      asOf: placeJson(finalPlace(port, COORD))
    })
  }
})

const validatorRank = method('validator_rank', {
  summary: 'Registered validators by social reputation, in one category or in all; the best first',
  params: {
    category: optional(choiceParam('category', CATEGORIES)),
    limit: integerParam('limit', 1, LIST_MAX)
  },
  weight: 10,
  call(port, { category, limit }) {
    const ranks = port.conduct.ranking(category, limit)
    return accept({
      category: category ?? 'all',
      validators: ranks.map(({ member, value }, index) => ({
        rank: index + 1,
        validator: toHex(member.key),
        cooperative: member.cooperative,
        value
      })),
      asOf: placeJson(finalPlace(port, COORD))
    })
  }
})

const offenceJson = ({ id, offence, disputes }: OffenceFacts): OffenceJson => ({
  id: toHex(id),
  validator: toHex(offence.publicKey),
  chain: chainToJson(offence.chain),
  epoch: offence.epoch,
  view: offence.view,
  kind: EVIDENCE_NAMES[offence.kind as EvidenceKind],
  height: offence.height,
  level: offence.level,
  disputes: disputes.map(({ sender, textHash, height }) => ({
    sender: encodeAddress(sender),
    textHash: toHex(textHash),
    height
  }))
})

const evidenceList = method('evidence_list', {
  summary: 'Offences that evidence has proven, the newest first, with what their validators say to them',
  params: { limit: integerParam('limit', 1, LIST_MAX) },
  weight: 10,
  call(port, { limit }) {
    const { count, waiting, offences } = port.conduct.offences(limit)
    const asOf = placeJson(finalPlace(port, COORD))
    return accept({ count, waiting, offences: offences.map(offenceJson), asOf })
  }
})

const cooperativeList = method('cooperative_list', {
  summary: 'Cooperatives of the network, with the keys of their validators',
  params: {},
  weight: 10,
  call(port) {
    return accept({
      cooperatives: port.conduct.cooperatives().map(({ cooperative, validators }) => ({
        number: cooperative.id,
        name: new TextDecoder().decode(cooperative.name),
        validators: validators.map(toHex)
      })),
      asOf: placeJson(finalPlace(port, COORD))
    })
  }
})

const committeeProof = method('committee_proof', {
  summary: 'Proof of the running committees for readers who hold the genesis and nothing else',
  params: { checkpoint: optional(integerParam('checkpoint', 1)) },
  weight: PROOF_WEIGHT,
  call(port, { checkpoint }) {
    const proof = port.committeeProof(checkpoint)
    return proof.ok ? accept({ proof: toHex(proof.value) }) : proof
  }
})

export const validatorMethods: readonly Method[] = [
  validatorDuties,
  committeeProof,
  validatorGet,
  validatorRank,
  evidenceList,
  cooperativeList
]
