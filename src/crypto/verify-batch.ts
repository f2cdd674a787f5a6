/**
 * A batch of signature jobs as one buffer that moves between threads without a copy:
 * per job key (32) ‖ signature (64) ‖ message length (u32, little-endian) ‖ message.
 */
import { assert } from '../primitives/errors.ts'
import type { SignatureJob } from './ports.ts'

const FIXED = 32 + 64 + 4

/** Whether a job can be written into a batch; one that cannot is a false signature. */
export const hasRightLengths = (job: SignatureJob): boolean =>
  job.publicKey.length === 32 && job.signature.length === 64

export const jobBytes = (job: SignatureJob): number => FIXED + job.message.length

export function encodeBatch(jobs: readonly SignatureJob[]): ArrayBuffer {
  const buffer = new ArrayBuffer(jobs.reduce((sum, job) => sum + jobBytes(job), 0))
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  let offset = 0
  for (const job of jobs) {
    assert(hasRightLengths(job), 'a batch takes keys of 32 and signatures of 64 bytes')
    bytes.set(job.publicKey, offset)
    bytes.set(job.signature, offset + 32)
    view.setUint32(offset + 96, job.message.length, true)
    bytes.set(job.message, offset + FIXED)
    offset += jobBytes(job)
  }
  return buffer
}

/** The jobs of a batch as views on its buffer. */
export function decodeBatch(buffer: ArrayBuffer): SignatureJob[] {
  const view = new DataView(buffer)
  const jobs: SignatureJob[] = []
  let offset = 0
  while (offset < buffer.byteLength) {
    const length = view.getUint32(offset + 96, true)
    jobs.push({
      publicKey: new Uint8Array(buffer, offset, 32),
      signature: new Uint8Array(buffer, offset + 32, 64),
      message: new Uint8Array(buffer, offset + FIXED, length)
    })
    offset += FIXED + length
  }
  return jobs
}
