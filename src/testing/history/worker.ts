/** One chain of a made history in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../../primitives/errors.ts'
import { makeChain } from './make-chain.ts'
import type { ChainOrder } from './make-chain.ts'

const port = must(parentPort ?? undefined, 'this file is the start of a thread')
const made = await makeChain(workerData as ChainOrder, (height) => port.postMessage({ height }))
port.postMessage({ made })
