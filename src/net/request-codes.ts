/** The first frame of every answer is one byte: its result (REQ-7). */
import type { ResultCode } from './types.ts'

export const RESULT_CODES = [
  'ok',
  'lacks',
  'limited',
  'invalid',
  'internal'
] as const satisfies readonly ResultCode[]

export const encodeResult = (result: ResultCode): Uint8Array => Uint8Array.of(RESULT_CODES.indexOf(result))

/** @returns undefined for anything that is no result frame. */
export const decodeResult = (frame: Uint8Array): ResultCode | undefined =>
  frame.length === 1 ? RESULT_CODES[frame[0] ?? -1] : undefined
