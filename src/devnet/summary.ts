/** The figures of a run, and whether it kept what it promises (SYSTEM 6: the shape is stable). */
import type { ChainJson } from '../client/types.ts'
import type { Finding } from '../check/index.ts'
import type { Devnet } from './devnet.ts'
import type { DevnetNode } from './devnet-node.ts'
import { allFinals } from './finals.ts'
import type { Finals } from './finals.ts'
import { settleActions } from './actions.ts'
import type { ActionFacts } from './actions.ts'
import type { LoadReport, Sample } from './load/messages.ts'
import type { PerturbationReport } from './perturber.ts'
import { metricSum, parseMetrics } from './prometheus.ts'
import { compareNodes, countFinal, isExact, supplyOf } from './read-back.ts'
import type { ChainFacts, Supply } from './read-back.ts'

export interface NodeSummary {
  readonly name: string
  readonly role: string
  readonly pid: number | null
  readonly rpc: string
  readonly peers: number
  /** The highest seen. */
  readonly rssMiB: number
  readonly startedAtS: number | null
  readonly restarts: number
  readonly finals: Readonly<Record<string, number>>
}

export interface Summary {
  readonly ok: boolean
  /** Why not, one line each. */
  readonly failures: readonly string[]
  readonly network: string
  readonly preset: string
  readonly durationS: number
  readonly transfers: {
    readonly offered: number
    readonly submitted: number
    readonly final: number
    readonly refused: number
    readonly refusals: Readonly<Record<string, number>>
  }
  readonly finalityMs: { readonly p50: number | null; readonly p99: number | null; readonly samples: number }
  /** Transfers to another shard: from sending to being credited there. */
  readonly crossMs: { readonly p50: number | null; readonly p99: number | null; readonly samples: number }
  /** Actions over several shards, which are among the transfers too. */
  readonly actions: ActionFacts
  /** Final transfers a second, from the first sent to the last final. */
  readonly throughput: number
  /** User and system time of all validators, divided by validators and final transfers. */
  readonly cpuUsPerTransfer: number | null
  /** Processor time of one bare signature verification on this machine, taken just before the load. */
  readonly verifyUs: number | null
  readonly chains: readonly (ChainFacts & { readonly nullified: number })[]
  readonly agreement: boolean
  readonly supply: Supply
  readonly check: readonly Finding[]
  readonly perturbations: readonly PerturbationReport[]
  readonly nodes: readonly NodeSummary[]
}

/** Everything but what `icn check` says, which runs when the nodes have stopped. */
export interface RunFacts extends Omit<Summary, 'ok' | 'failures' | 'check'> {
  readonly failures: readonly string[]
}

export interface RunInput {
  readonly load: LoadReport | undefined
  /** CPU time of all validators while load was offered and settled. */
  readonly validatorsCpuUs: number
  readonly verifyUs: number | null
  readonly perturbations: readonly PerturbationReport[]
}

const NO_LOAD: LoadReport = {
  offered: 0,
  submitted: 0,
  refusals: {},
  offeredMs: 0,
  finalMs: 0,
  finalPerS: [],
  samples: [],
  ids: [],
  actions: []
}
/** Of the submitted transfers; what a node that is down took in arrives when it is back. */
const FINAL_SHARE = 0.99

export async function readRun(devnet: Devnet, input: RunInput): Promise<RunFacts> {
  const { load = NO_LOAD, perturbations } = input
  const up = devnet.up
  const [any] = up
  if (any === undefined) throw new RangeError('no node is left to ask')
  const actions = await settleActions(any.client, load.actions)
  const { final, lacking } = await countFinal(up, load.ids)
  const compared = await compareNodes(up)
  const supply = await supplyOf(any)
  const finals = await allFinals(up)
  const validators = devnet.nodes.filter(({ plan }) => plan.role === 'validator').length
  const failures = compared.disagreements.map((each) => `nodes disagree: ${each}`)
  if (actions.open > 0) failures.push(`${actions.open} of ${actions.submitted} actions have not ended`)
  if (!isExact(supply)) failures.push('supply differs from genesis')
  if (final < load.submitted * FINAL_SHARE) {
    failures.push(
      `${load.submitted - final} of ${load.submitted} submitted transfers are not final: ${lacking.join(', ')}`
    )
  }
  for (const { died, plan } of devnet.nodes)
    if (died) failures.push(`${plan.name} ended by itself: ${plan.log}`)
  return {
    failures,
    network: devnet.network,
    preset: devnet.genesis.preset,
    durationS: Math.round(load.offeredMs / 100) / 10,
    transfers: {
      offered: load.offered,
      submitted: load.submitted,
      final,
      refused: Object.values(load.refusals).reduce((sum, count) => sum + count, 0),
      refusals: load.refusals
    },
    finalityMs: latency(load.samples.filter(({ isCross }) => !isCross)),
    actions,
    crossMs: latency(load.samples.filter(({ isCross }) => isCross)),
    throughput: load.finalMs === 0 ? 0 : Math.round((final * 10_000) / load.finalMs) / 10,
    cpuUsPerTransfer: final === 0 ? null : Math.round(input.validatorsCpuUs / (validators * final)),
    verifyUs: input.verifyUs,
    chains: await withNullified(up, compared.chains),
    agreement: compared.agreement,
    supply,
    perturbations,
    nodes: await Promise.all(devnet.nodes.map((node) => summariseNode(node, finals.get(node))))
  }
}

function latency(samples: readonly Sample[]): Summary['finalityMs'] {
  const took = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99), samples: took.length }
}

/** Counters begin anew with a process: the node that ran longest counted most. */
async function withNullified(nodes: readonly DevnetNode[], chains: readonly ChainFacts[]) {
  const metrics = await Promise.all(nodes.map(metricsOf))
  return chains.map((facts) => {
    const chain = String(facts.chain)
    const counts = metrics.map((each) => metricSum(each, 'icn_views_nullified_total', { chain }))
    return { ...facts, nullified: Math.max(0, ...counts) }
  })
}

export function conclude({ failures, ...facts }: RunFacts, check: readonly Finding[]): Summary {
  const all = [...failures, ...(check.length === 0 ? [] : [`icn check has ${check.length} findings`])]
  return { ok: all.length === 0, failures: all, ...facts, check }
}

/** Nearest rank. @param sorted ascending */
export function percentile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null
}

async function metricsOf({ plan }: DevnetNode) {
  return parseMetrics(await (await fetch(`${plan.rpc}/metrics`)).text())
}

async function summariseNode(node: DevnetNode, finals: Finals | undefined): Promise<NodeSummary> {
  const { plan, pid, startedAtS, restarts, usage } = node
  const peers = node.isUp ? (await node.client.call('node_peers', {})).peers.length : 0
  const heights = [...(finals ?? new Map<ChainJson, number>())].map(
    ([chain, height]) => [String(chain), height] as const
  )
  return {
    name: plan.name,
    role: plan.role,
    pid: pid ?? null,
    rpc: plan.rpc,
    peers,
    rssMiB: usage.rssMaxMiB,
    startedAtS: startedAtS ?? null,
    restarts,
    finals: Object.fromEntries(heights)
  }
}
