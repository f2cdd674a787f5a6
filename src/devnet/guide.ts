/** The commands with which a second terminal takes part: each line is complete and runs in the project's directory. */
import { join } from 'node:path'
import type { Devnet } from './devnet.ts'
import { shellLine } from './plan.ts'

/** Any free ports, on this machine alone. */
const STRANGER_OPTIONS = '--listen /ip4/127.0.0.1/tcp/0 --rpc 127.0.0.1:0 --allow-private'

export interface GuideCommands {
  readonly transfer: string
  /** Makes the stranger's directory, then runs its node. */
  readonly join: readonly [string, string]
  readonly look: string
}

/** `user0` … `user9` whose home is the same shard: the first such pair. @param homes their shards, in order */
export function firstPair(homes: readonly number[]): readonly [string, string] {
  for (const [from, home] of homes.entries()) {
    const to = homes.indexOf(home, from + 1)
    if (to > 0) return [`user${from}`, `user${to}`]
  }
  return ['user0', 'user0']
}

export function guideOf(devnet: Devnet, [from, to]: readonly [string, string]): GuideCommands {
  const { plan, bootstrap } = devnet
  const rpc = plan.nodes.at(-1)?.role === 'validator' ? plan.nodes.at(-1)?.rpc : plan.nodes[0]?.rpc
  const data = join(plan.data, 'stranger')
  return {
    transfer: shellLine([
      'tx',
      'transfer',
      '--devnet',
      from,
      '--to',
      to,
      '--consumer',
      '1.5',
      '--rpc',
      rpc ?? '',
      '--wait'
    ]),
    join: [
      shellLine(['init', '--genesis', plan.genesis, '--data', data]),
      `${shellLine(['start', '--data', data, '--bootstrap', bootstrap])} ${STRANGER_OPTIONS}`
    ],
    look: shellLine(['query', 'head', '0', '--rpc', rpc ?? ''])
  }
}

export const guideLines = ({ transfer, join: [init, start], look }: GuideCommands): string[] => [
  'In a second terminal, in this directory:',
  `  send a transfer    ${transfer}`,
  `  look at a chain    ${look}`,
  `  join with a node   ${init}`,
  `                     ${start}`
]
