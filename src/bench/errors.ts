/** Why a benchmark has no figures. */
import { NodeError } from '../primitives/errors.ts'

export class BenchError extends NodeError<{
  readonly code: 'BENCH_NETWORK_FAILED'
  readonly reason: string
}> {
  override readonly name = 'BenchError'
}
