/** Answers to requests that carry nothing but their code (D12). */
import type { Response } from './types.ts'

export const LACKS: Response = { result: 'lacks', frames: [] }
export const INVALID: Response = { result: 'invalid', frames: [] }
