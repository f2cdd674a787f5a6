/** The thread of the verify pool: a batch comes in, one byte per job goes out (1 valid, 0 not), in the same order. */
import { parentPort } from 'node:worker_threads'
import { must } from '../primitives/errors.ts'
import { verify } from './ed25519-sodium.ts'
import { decodeBatch } from './verify-batch.ts'

const port = must(parentPort, 'the verify worker runs in a worker thread')

port.on('message', (batch: ArrayBuffer) => {
  const jobs = decodeBatch(batch)
  const answers = new Uint8Array(jobs.length)
  jobs.forEach((job, index) => {
    answers[index] = verify(job.signature, job.message, job.publicKey) ? 1 : 0
  })
  port.postMessage(answers, [answers.buffer])
})
// The binding is loaded: a missing one ended this thread before this line.
port.postMessage('ready')
