/** A chain's database from its plan: here, or in a thread. */
import { Worker } from 'node:worker_threads'
import { parseGenesis } from '../../params/genesis-json.ts'
import { must } from '../../primitives/errors.ts'
import { openLevel } from '../../store/level.ts'
import { ChainMaker } from './chain-maker.ts'
import type { CoordinationFacts, MadeChain } from './chain-maker.ts'
import type { ChainPlan } from './plan.ts'

/** Everything that the maker of a chain needs; plain data. */
export interface ChainOrder {
  readonly plan: ChainPlan
  /** As JSON, in its canonical form. */
  readonly genesis: string
  readonly database: string
  readonly facts: CoordinationFacts | undefined
}

export async function makeChain(
  { plan, genesis, database, facts }: ChainOrder,
  onProgress: (height: number) => void
): Promise<MadeChain> {
  const parsed = parseGenesis(genesis)
  const value = must(parsed.ok ? parsed.value : undefined, 'the genesis was written here')
  const store = await openLevel(database, { isNew: true })
  try {
    const maker = await ChainMaker.create(plan, value, store, facts)
    return await maker.make(onProgress)
  } finally {
    await store.close()
  }
}

type Message = { readonly height: number } | { readonly made: MadeChain }

export async function makeChainInThread(
  order: ChainOrder,
  onProgress: (height: number) => void
): Promise<MadeChain> {
  const { promise, resolve, reject } = Promise.withResolvers<MadeChain>()
  const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [], workerData: order })
  worker.on('message', (message: Message) => {
    if ('made' in message) resolve(message.made)
    else onProgress(message.height)
  })
  worker.on('error', reject)
  worker.on('exit', (code) => reject(new RangeError(`history: the thread ended with ${code}`)))
  try {
    return await promise
  } finally {
    await worker.terminate()
  }
}
