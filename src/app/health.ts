/**
 * /health (SYSTEM 6): healthy means that every followed chain is in sync and advancing, with the reasons when not.
 * An idle chain still makes a block each `idleIntervalMs`, so a chain that stands still for four of them, and for 8 s, is
 * not healthy.
 */
import { chainName, chainToJson } from '../primitives/chain-id.ts'
import type { HealthJson } from '../client/types.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'
import type { Chains } from '../node/chains.ts'
import type { Validator } from '../node/validator.ts'
import type { Progress } from './observer.ts'
import { syncMode } from './sync-mode.ts'

export interface HealthFacts {
  readonly chains: Chains
  readonly peers: number
  readonly validator: Validator | undefined
  readonly progress: Progress
  readonly startedAtMs: number
  readonly nowMs: number
}

const STILL_MS_MIN = 8_000

/** How long a chain may stand still: several blocks, or several backed-off view changes. */
function stillLimitMs(node: ChainNode): number {
  const { idleIntervalMs, minBlockIntervalMs } = node.driver.instance.config.params
  return Math.max(STILL_MS_MIN, 4 * Math.max(idleIntervalMs, minBlockIntervalMs))
}

export function describeHealth(facts: HealthFacts): HealthJson {
  const { chains, peers, validator, progress, startedAtMs, nowMs } = facts
  const reasons: string[] = []
  const alone = chains.coord.driver.instance.config.committee.members.length === 1 && validator !== undefined
  if (peers === 0 && !alone) reasons.push('no peers')
  if (validator?.state === 'refused') reasons.push(`not signing: ${validator.reason}`)
  const list = chains.list.map((node) => {
    const mode = syncMode(node)
    const stillMs = nowMs - (progress.finalAtMs.get(node.chain) ?? startedAtMs)
    const name = chainName(node.chain)
    const reason =
      node.halted !== undefined
        ? `chain ${name} halted: ${node.halted}`
        : mode !== 'live'
          ? `chain ${name} is behind: ${node.sync.facts.reason ?? mode}`
          : stillMs > stillLimitMs(node)
            ? `chain ${name} has no final block for ${Math.round(stillMs / 1_000)} s`
            : undefined
    if (reason !== undefined) reasons.push(reason)
    return { chain: chainToJson(node.chain), ok: reason === undefined, mode, final: node.store.final.height }
  })
  const parts = {
    network: peers > 0 || alone ? ('ok' as const) : ('failed' as const),
    consensus: list.every(({ ok }) => ok) ? ('ok' as const) : ('failed' as const),
    signing: validator?.state === 'refused' ? ('failed' as const) : ('ok' as const)
  }
  return { ok: reasons.length === 0, parts, chains: list, reasons }
}
