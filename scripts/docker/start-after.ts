/**
 * Ends when every chain that a node follows is final at a height: `node start-after.js http://bootstrap:8088#30`.
 * The node of a late joiner begins after it. A node that does not answer yet is asked again.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import { RpcFailure } from '../../src/client/refusal.ts'

const AGAIN_MS = 1_000

const [url = '', height = ''] = (process.argv[2] ?? '').split('#')
const target = Number(height)
if (!URL.canParse(url) || !Number.isSafeInteger(target)) {
  process.stderr.write('start-after: expected URL#HEIGHT\n')
  process.exit(2)
}

/** @returns once it is so; throws when the connection ends before. */
async function reached(): Promise<void> {
  const subscription = await new Client({ url }).subscribe('sync', {})
  for await (const { chains } of subscription) {
    if (chains.length > 0 && chains.every(({ final }) => final >= target)) return
  }
}

for (let isReached = false; !isReached;) {
  try {
    await reached()
    isReached = true
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error
    await delay(AGAIN_MS)
  }
}
process.stdout.write(`${url} is final at ${target}: starting\n`)
