/** The vectors of sharding: committees by seats, epoch seeds, and leaders of views. */
import { sha256 } from '../../src/crypto/hash.ts'
import { ZERO_HASH, toHex, utf8 } from '../../src/primitives/bytes.ts'
import { COORD, chainName, chainToJson, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { committeeOf, computeCommittees } from '../../src/sharding/committee.ts'
import { createSchedule } from '../../src/sharding/schedule.ts'
import { epochSeed } from '../../src/sharding/snapshot.ts'
import type { Member } from '../../src/sharding/types.ts'
import { toPlain } from './plain.ts'
import type { Plain } from './plain.ts'
import { reveals, successions } from './succession.ts'

/** One validator for each entry: the number of its cooperative; weights repeat 1, 2, 3 times a million. */
const validatorsOf = (cooperatives: readonly number[]): Member[] =>
  cooperatives.map((cooperative, index) => ({
    key: sha256(utf8(`validator ${index}`)),
    cooperative,
    weight: 1_000_000 * (1 + (index % 3))
  }))

function committeeCase(cooperatives: readonly number[], shards: number, shardsPerValidator: number): Plain {
  const validators = validatorsOf(cooperatives)
  const committees = computeCommittees({ validators, shards, shardsPerValidator })
  return {
    name: `cooperatives ${cooperatives.join(' ')}; ${shardsPerValidator} of ${shards} shards`,
    validators: toPlain(validators),
    shards,
    shardsPerValidator,
    committees: [...committees.values()].map(
      ({ chain, members, quorum, faults, cooperativesPerQuorum, diversity }) => ({
        chain: chainName(chain),
        members: members.map(({ key }) => toHex(key)),
        quorum,
        faults,
        cooperativesPerQuorum,
        diversity
      })
    )
  }
}

function leaderCase(
  name: string,
  weights: readonly number[],
  chain: ChainId,
  views: readonly number[],
  cooldowns: readonly number[] = weights.map(() => 3)
): Plain {
  const seed = sha256(utf8(name))
  const keys = weights.map((_, index) => Uint8Array.from({ length: 32 }, () => index))
  const members = weights.map((weight, index) => ({
    key: keys[index] ?? new Uint8Array(32),
    cooperative: index,
    weight,
    cooldown: cooldowns[index] ?? 3
  }))
  const committee = committeeOf(chain, members, false)
  const snapshot = {
    epoch: 0,
    seed,
    params: PRESETS.minimal.params,
    committees: new Map([[chain, committee]])
  }
  const schedule = createSchedule(snapshot, chain)
  const leaders = views.map((view) => schedule.leader(view))
  return { name, seed: toHex(seed), chain: chainToJson(chain), weights, cooldowns, views, leaders }
}

const range = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index)
const equalWeights = (count: number): number[] => range(0, count).map(() => 1_000_000)

export const leaders = (): Plain => ({
  rules: ['EPO-5', 'EPO-6', 'EPO-7', 'EPO-8', 'EPO-9', 'EPO-10', 'EPO-13', 'EPO-14', 'EPO-15', 'REG-14'],
  committees: [
    committeeCase([1], 1, 1),
    committeeCase([1, 2, 3, 4], 2, 2),
    committeeCase([1, 1, 2, 3], 2, 2),
    committeeCase([0, 0, 0, 0, 0], 1, 1),
    committeeCase([1, 1, 1, 2, 3, 4], 1, 1),
    committeeCase([1, 1, 2, 2, 3, 3, 4], 1, 1),
    committeeCase([1, 1, 1, 2, 2, 2, 3, 3, 3], 1, 1),
    committeeCase([1, 1, 1, 2, 3, 4], 2, 1),
    committeeCase([1, 2, 3, 4, 5, 6, 7, 8], 4, 3),
    committeeCase([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5], 4, 1)
  ],
  seeds: [0, 1, 4_294_967_296].map((epoch) => {
    const mix = epoch === 0 ? ZERO_HASH : sha256(utf8(`mix ${epoch}`))
    const genesisHash = sha256(utf8('genesis'))
    return {
      genesisHash: toHex(genesisHash),
      epoch,
      mix: toHex(mix),
      seed: toHex(epochSeed(genesisHash, epoch, mix))
    }
  }),
  successions: successions(),
  reveals: reveals(),
  leaders: [
    leaderCase('one member', [1], COORD, range(1, 8)),
    leaderCase('two members, one heavy, runs of three', [4_294_967_295, 1], COORD, range(1, 192)),
    leaderCase('three members, no cooldown', [3_000_000, 2_000_000, 1_000_000], shardId(0), range(1, 192)),
    leaderCase('four members, cooldown 1, across windows', equalWeights(4), shardId(0), range(1, 200)),
    leaderCase('four members, two of them heavy', [1_000_000, 2, 1_000_000, 1], shardId(0), range(60, 80)),
    leaderCase('seven members, cooldown 2', [1, 2, 3, 4, 5, 6, 7], shardId(1), range(25, 48)),
    leaderCase('ten members, cooldown 3', equalWeights(10), COORD, range(60, 72)),
    leaderCase(
      'sixteen members with cooldowns of their own',
      equalWeights(16),
      COORD,
      range(1, 128),
      range(0, 16).map((index) => index % 11)
    ),
    leaderCase('one heavy among thirteen', [4_294_967_295, ...equalWeights(12)], shardId(1023), range(1, 70)),
    leaderCase('a hundred members', equalWeights(100), shardId(3), range(1, 130)),
    leaderCase(
      'views far ahead',
      equalWeights(10),
      shardId(2),
      [4_294_967_295, 4_294_967_296, 4_294_967_297, 9_007_199_254_740_000]
    )
  ]
})
