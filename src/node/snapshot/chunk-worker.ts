/** A thread that verifies chunks: one comes in, its pages go out, or why it was refused; in the same order. */
import { parentPort } from 'node:worker_threads'
import { must } from '../../primitives/errors.ts'
import { verifyChunk } from '../../state/chunk.ts'
import type { ChunkAnswer, ChunkQuestion } from './chunk-threads.ts'

const port = must(parentPort, 'the chunk worker runs in a worker thread')

port.on('message', ({ bytes, bits, index, hash, room }: ChunkQuestion) => {
  const verdict = verifyChunk(bytes, { bits, index }, hash, room)
  if (!verdict.ok) {
    port.postMessage(verdict satisfies ChunkAnswer)
    return
  }
  const { pages, rows } = verdict.value
  const moved = [pages, rows].map(({ buffer }) => buffer as ArrayBuffer)
  port.postMessage(verdict satisfies ChunkAnswer, moved)
})
