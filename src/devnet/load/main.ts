/** The load generator's process: takes its order from the devnet, and ends with it. */
import { setTimeout as delay } from 'node:timers/promises'
import { LoadGenerator } from './generator.ts'
import type { FromLoad, ToLoad } from './messages.ts'

const PROGRESS_MS = 500
/** After the load, how long transfers may take to become final. */
const SETTLE_MS = 30_000

let generator: LoadGenerator | undefined
const go = Promise.withResolvers<undefined>()
const ordered = Promise.withResolvers<LoadGenerator>()

const tell = (message: FromLoad): void => {
  process.send?.(message)
}

process.on('message', (message: ToLoad) => {
  switch (message.type) {
    case 'order':
      generator = new LoadGenerator(message.order, message.targets)
      ordered.resolve(generator)
      return
    case 'targets':
      if (generator !== undefined) generator.targets = message.targets
      return
    case 'go':
      go.resolve(undefined)
      return
    case 'stop':
      generator?.stop()
  }
})
process.on('disconnect', () => process.exit(0))
// Ended by the devnet alone.
process.on('SIGINT', () => undefined)

const load = await ordered.promise
await load.prepare()
tell({ type: 'ready' })
await go.promise
let isOver = false
const watching = load.watch(() => isOver)
const reporting = setInterval(() => tell({ type: 'progress', progress: load.progress }), PROGRESS_MS)
await load.offer()
tell({ type: 'offered' })
const untilMs = performance.now() + SETTLE_MS
while (!load.isSettled && performance.now() < untilMs) await delay(50)
isOver = true
await watching
clearInterval(reporting)
tell({ type: 'progress', progress: load.progress })
tell({ type: 'report', report: load.report() })
