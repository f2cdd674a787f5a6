/** The vectors of gossip: messages of each topic with the rule of protocols/gossip.md that decides on them. */
import { GOSSIP_BYTES_MAX } from '../../src/net/limits.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { COORD_HEIGHT, CURSOR, announcements } from './gossip-announcements.ts'
import { blocks } from './gossip-blocks.ts'
import { bundles } from './gossip-bundles.ts'
import { CHAIN, EPOCH, KNOWN, OTHER, gossipSnapshot, leaderOf } from './gossip-case.ts'
import type { Case } from './gossip-case.ts'
import { certificates, votes } from './gossip-statements.ts'
import type { Plain } from './plain.ts'
import * as samples from './samples.ts'

/** Views whose leaders are written down. */
const VIEWS = 32

/** Long runs of zeros stand as their number. */
const plainBytes = (bytes: Uint8Array): Plain =>
  bytes.length > 4_096 && bytes.every((byte) => byte === 0) ? { zeros: bytes.length } : toHex(bytes)

function plainCase({ bytes, before = [], finalView, knownEpochs, facts, ...named }: Case): Plain {
  return {
    ...named,
    ...(finalView === undefined ? {} : { finalView }),
    ...(knownEpochs === undefined ? {} : { knownEpochs: [...knownEpochs] }),
    ...(facts === undefined ? {} : { facts }),
    ...(before.length === 0 ? {} : { before: before.map(toHex) }),
    bytes: plainBytes(bytes)
  }
}

export function gossip(): Plain {
  const leaders = KNOWN.map((epoch) => {
    const views = Array.from({ length: VIEWS }, (_, index) => leaderOf(index + 1, epoch))
    return { epoch, seed: toHex(gossipSnapshot(epoch).seed), views }
  })
  return {
    rules: ['GOS-2', 'GOS-4', 'GOS-7', 'GOS-8', 'GOS-9', 'GOS-10', 'GOS-14'],
    network: toHex(samples.NETWORK),
    chain: CHAIN,
    shards: samples.SHARDS,
    epoch: EPOCH,
    knownEpochs: KNOWN,
    coordHeight: COORD_HEIGHT,
    follows: OTHER,
    cursor: CURSOR,
    committee: samples.COMMITTEE.map(({ publicKey }) => toHex(publicKey)),
    leaders,
    sizes: GOSSIP_BYTES_MAX,
    cases: [...bundles(), ...votes(), ...certificates(), ...blocks(), ...announcements()].map(plainCase)
  }
}
