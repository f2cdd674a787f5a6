/** What an operator may do to a running node (RPC-18). */
import { messageOf } from '../net/context.ts'
import type { Libp2pNetwork } from '../net/network.ts'
import { accept } from '../primitives/result.ts'
import type { OperatorPort } from '../rpc/port.ts'
import { refused } from '../rpc/refusals.ts'

/** The part of the log whose level can be changed. */
export interface LeveledLog {
  level: string
}

export function createOperatorPort(c: {
  readonly network: Libp2pNetwork
  readonly log: LeveledLog
}): OperatorPort {
  const { network, log } = c
  return {
    ban(peer, reason, forMs) {
      network.ban(peer, reason, forMs)
      return network.standing(peer).ban ?? { peer, reason, untilMs: Date.now(), bans: 0 }
    },
    unban: (peer) => network.unban(peer),
    async connect(address) {
      try {
        await network.dial(address)
        return accept({ address })
      } catch (error) {
        return refused('PEER_UNREACHABLE', messageOf(error), { address })
      }
    },
    logLevel(level) {
      const was = log.level
      log.level = level
      return was
    }
  }
}
