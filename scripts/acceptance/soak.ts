/** What must not grow: a process through 2,000 peers that come and go, and nodes under five minutes of steady load. */
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { metricSum, parseMetrics } from '../../src/devnet/prometheus.ts'
import type { MetricSample } from '../../src/devnet/prometheus.ts'
import type { LeakReport } from '../../test/support/leak-cycles.ts'
import type { Bars } from './bars.ts'
import { median, ratio, say } from './bars.ts'

const CYCLES = 2_000
const LOOK_MS = 2_000

async function cycle(): Promise<LeakReport> {
  const script = fileURLToPath(new URL('../../test/support/leak-cycles.js', import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', script, String(CYCLES)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  await new Promise((resolve) => child.once('close', resolve))
  return JSON.parse(stdout) as LeakReport
}

export async function leaks(_data: string, bars: Bars): Promise<void> {
  const { before, after, tookMs, deaf } = await cycle()
  say(`  ${CYCLES} cycles in ${tookMs} ms; heap ${before.heapBytes} before, ${after.heapBytes} after`)
  bars.atMost('cycles without gossip', deaf, CYCLES / 100)
  bars.atMost('heap after of before', ratio(after.heapBytes, before.heapBytes), 1.05)
  bars.check('handles as before', after.handles === before.handles, `${before.handles} and ${after.handles}`)
  bars.atMost('connections left', after.connections, before.connections)
  bars.atMost('streams left', after.streams, before.streams)
  const grown = Object.entries(after.caches).filter(([cache, entries]) => entries !== before.caches[cache])
  bars.check('gauged caches as before', grown.length === 0, grown.map(([cache]) => cache).join(' ') || 'all')
}

interface Memory {
  readonly minute: number
  readonly rss: number
  /** What the collector left. */
  readonly heap: number
  /** Buffers outside of the heap that objects hold. */
  readonly external: number
}

function memoryOf(metrics: readonly MetricSample[]): Omit<Memory, 'minute'> {
  return {
    rss: metricSum(metrics, 'process_resident_memory_bytes'),
    heap: metricSum(metrics, 'nodejs_heap_size_used_bytes'),
    external: metricSum(metrics, 'nodejs_external_memory_bytes')
  }
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

/** Reads memory of the nodes while `run` lasts; nodes that do not answer yet are left out. */
export async function watchMemory<T>(urls: readonly string[], run: Promise<T>, bars: Bars): Promise<T> {
  // Minutes of load, not of making keys and starting nodes.
  let fromMs: number | undefined
  const samples = urls.map((): Memory[] => [])
  let isOver = false
  const watching = (async (): Promise<void> => {
    while (!isOver) {
      await delay(LOOK_MS)
      for (const [index, url] of urls.entries()) {
        const reply = await fetch(`${url}/metrics`).catch(() => undefined)
        if (reply?.ok !== true) continue
        const metrics = parseMetrics(await reply.text())
        if (metricSum(metrics, 'icn_transactions_final_total') > 0) fromMs ??= performance.now()
        if (fromMs === undefined) continue
        const minute = Math.floor((performance.now() - fromMs) / 60_000)
        samples[index]?.push({ minute, ...memoryOf(metrics) })
      }
    }
  })()
  try {
    return await run
  } finally {
    isOver = true
    await watching
    for (const [index, list] of samples.entries()) {
      const of = (kind: 'rss' | 'heap' | 'external', minute: number): number =>
        median(list.filter((each) => each.minute === minute).map((each) => each[kind]))
      const minutes = [1, 2, 3, 4]
      for (const kind of ['rss', 'heap', 'external'] as const)
        say(
          `  node ${index}: median ${kind} MiB ${minutes.map((minute) => mebibytes(of(kind, minute))).join(' ')}`
        )
      bars.atMost(`RSS of node ${index} in minute 5 of minute 2`, ratio(of('rss', 4), of('rss', 1)), 1.1)
    }
  }
}
