/** The operator's choices about peers: how many, whom to prefer, which services of the host are on. */
import { DISCOVERY_LIMITS } from '../net/discovery/limits.ts'
import { NET_LIMITS } from '../net/limits.ts'
import { boolean, row, text, wholeNumber } from './config-values.ts'
import { ConfigError } from './node-errors.ts'

export interface PeeringConfig {
  /** Below so many peers anybody is dialled. */
  readonly minPeers: number
  /** Never more than so many. */
  readonly maxPeers: number
  /** Peers of the own cooperative that are kept where they exist. */
  readonly cooperativePeers: number
  /** What being of the own cooperative adds to the score of a peer, in percent; 0 switches the preference off. */
  readonly cooperativeBonus: number
  /** File with a cooperative's word for this node. */
  readonly cooperativeVoucher: string | undefined
  /** Seconds between two full searches for peers. */
  readonly discoveryInterval: number
  readonly mdns: boolean
  readonly relay: boolean
  readonly autonat: boolean
  readonly upnp: boolean
}

const SECONDS_A_DAY = 86_400

const service = <K extends 'mdns' | 'relay' | 'autonat' | 'upnp'>(key: K, help: string) =>
  row({
    key,
    flag: key,
    env: `ICN_${key.toUpperCase()}`,
    kind: 'switch',
    argument: '',
    help,
    default: false,
    expected: 'true or false',
    parse: boolean
  })

const number = <
  K extends 'minPeers' | 'maxPeers' | 'cooperativePeers' | 'cooperativeBonus' | 'discoveryInterval'
>(
  key: K,
  [least, most]: readonly [number, number],
  fallback: number,
  help: string
) =>
  row({
    key,
    flag: key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    env: `ICN_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
    kind: 'text',
    argument: 'number',
    help,
    default: fallback,
    expected: `a number from ${least} to ${most}`,
    parse: wholeNumber(least, most)
  })

export const PEERING_KEYS = [
  number('minPeers', [1, 1_000], DISCOVERY_LIMITS.minPeers, 'dial anybody while there are fewer peers'),
  number('maxPeers', [1, 1_000], NET_LIMITS.maxPeers, 'never have more peers'),
  number(
    'cooperativePeers',
    [0, 1_000],
    DISCOVERY_LIMITS.cooperativePeers,
    'peers of the own cooperative to keep where they exist'
  ),
  number(
    'cooperativeBonus',
    [0, 100],
    20,
    'percent added to the score of peers of the own cooperative; 0: off'
  ),
  row({
    key: 'cooperativeVoucher',
    flag: 'cooperative-voucher',
    env: 'ICN_COOPERATIVE_VOUCHER',
    kind: 'text',
    argument: 'file',
    help: 'a cooperative’s word that this node is one of its own (icn keys vouch)',
    default: null,
    expected: 'the path of a voucher',
    parse: text
  }),
  number('discoveryInterval', [1, SECONDS_A_DAY], 300, 'seconds between two full searches for peers'),
  service('mdns', 'find peers on the local network (private ones with --allow-private)'),
  service('relay', 'be reached through other nodes, and let others be reached through this one'),
  service('autonat', 'ask peers whether this node can be reached, and answer them'),
  service('upnp', 'ask the router to let peers in')
] as const

/** @throws ConfigError CONFIG_RELATION for values that are right by themselves and wrong together. */
export function refusePeering({ minPeers, maxPeers, cooperativePeers }: PeeringConfig): void {
  if (minPeers > maxPeers)
    throw relation('minPeers', 'maxPeers', `--min-peers ${minPeers} is above --max-peers ${maxPeers}`)
  if (cooperativePeers > maxPeers)
    throw relation(
      'cooperativePeers',
      'maxPeers',
      `--cooperative-peers ${cooperativePeers} is above --max-peers ${maxPeers}`
    )
}

const relation = (key: string, other: string, message: string): ConfigError =>
  new ConfigError({ code: 'CONFIG_RELATION', key, other }, message)
