/** What is held against a peer, and the operator's calls: those take the admin token (RPC-18). */
import type { BanJson } from '../../client/peer-types.ts'
import { LOG_LEVELS } from '../../client/peer-types.ts'
import type { Ban } from '../../net/peer-ledger.ts'
import { accept } from '../../primitives/result.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { choiceParam, integerParam, optional, peerParam, textParam } from '../params.ts'

/** Of a ban by hand, where nothing else is said. */
const BAN_MINUTES = 60
const BAN_MINUTES_MAX = 365 * 24 * 60
const REASON_CHARACTERS_MAX = 85
const ADDRESS_CHARACTERS_MAX = 256

export const banJson = ({ peer, untilMs, reason, bans }: Ban): BanJson => ({ peer, untilMs, reason, bans })

const peerGet = method('peer_get', {
  summary: 'Score of a peer, the facts that made it, and its ban',
  params: { peer: peerParam },
  call(port, { peer }) {
    const { score, ban, events } = port.standing(peer)
    const view = port.peers().find((each) => each.peer === peer)
    return accept({
      peer,
      connected: view !== undefined,
      address: view?.address ?? null,
      score: Math.round(score * 100) / 100,
      ban: ban === undefined ? null : banJson(ban),
      events: events.map(({ atMs, fact, why }) => ({ atMs, fact, why }))
    })
  }
})

const adminBan = method('admin_ban', {
  summary: 'Bans a peer by hand and ends its connection; takes the admin token',
  isAdmin: true,
  params: {
    peer: peerParam,
    minutes: optional(integerParam('how long', 1, BAN_MINUTES_MAX)),
    reason: optional(textParam('why', REASON_CHARACTERS_MAX))
  },
  call: (port, { peer, minutes = BAN_MINUTES, reason = 'by hand' }) =>
    accept(banJson(port.operator.ban(peer, reason, minutes * 60_000)))
})

const adminUnban = method('admin_unban', {
  summary: 'Ends a ban and forgets the score; takes the admin token',
  isAdmin: true,
  params: { peer: peerParam },
  call: (port, { peer }) => accept({ peer, wasBanned: port.operator.unban(peer) })
})

const adminBans = method('admin_bans', {
  summary: 'Bans in force, the longest first; takes the admin token',
  isAdmin: true,
  params: {},
  call: (port) => accept({ bans: port.bans().map(banJson) })
})

const adminConnect = method('admin_connect', {
  summary: 'Dials an address now; takes the admin token',
  isAdmin: true,
  params: { address: textParam('multiaddr', ADDRESS_CHARACTERS_MAX) },
  call: async (port, { address }) => port.operator.connect(address)
})

const adminLogLevel = method('admin_log_level', {
  summary: 'Changes what is logged until the next start; takes the admin token',
  isAdmin: true,
  params: { level: choiceParam('log level', LOG_LEVELS) },
  call: (port, { level }) => accept({ level, was: port.operator.logLevel(level) })
})

export const peerMethods: readonly Method[] = [
  peerGet,
  adminBan,
  adminUnban,
  adminBans,
  adminConnect,
  adminLogLevel
]
