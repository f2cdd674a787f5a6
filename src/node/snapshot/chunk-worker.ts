/** A thread that verifies chunks: one comes in, its pages go out, or why it was refused; in the same order. */
import { parentPort } from 'node:worker_threads'
import { must } from '../../primitives/errors.ts'
import { verifyChunk } from '../../state/chunk.ts'
import type { ChunkAnswer, ChunkQuestion } from './chunk-threads.ts'

const port = must(parentPort, 'the chunk worker runs in a worker thread')

port.on('message', ({ bytes, bits, index, hash }: ChunkQuestion) => {
  const verdict = verifyChunk(bytes, { bits, index }, hash)
  if (!verdict.ok) {
    port.postMessage(verdict satisfies ChunkAnswer)
    return
  }
  const { pages, rows } = verdict.value
  port.postMessage(verdict satisfies ChunkAnswer, [pages.buffer as ArrayBuffer, rows.buffer as ArrayBuffer])
})
