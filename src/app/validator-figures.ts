/**
 * What the coordination chain knows of each validator, as metrics: once an epoch, after the freeze that counted its facts. There
 * are as many of each as validators are registered, at most `maxValidators`.
 */
import type { Reputation } from '../codec/cooperation.ts'
import { riskOf } from '../cooperation/collusion.ts'
import { PPM } from '../cooperation/fixed.ts'
import { dayCounts, readReputation } from '../cooperation/reputation.ts'
import { weightsOf } from '../cooperation/weights.ts'
import type { ChainMetrics } from '../metrics/chain.ts'
import { toHex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import { readRegistry } from '../sharding/snapshot.ts'
import type { StateView } from '../state/ports.ts'

type ValidatorGauges = Pick<ChainMetrics, 'validatorScore' | 'validatorAttendance'>

export class ValidatorFigures {
  readonly #gauges: ValidatorGauges
  #epoch = -1

  constructor(gauges: ValidatorGauges) {
    this.#gauges = gauges
  }

  /** A final block of the coordination chain, and the state after it. */
  finalBlock(
    { height, epoch }: { readonly height: number; readonly epoch: number },
    state: Pick<StateView, 'get'>
  ): void {
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    const { params, validators } = readRegistry(state)
    const at = { epoch, height, params }
    const keys = validators.map(({ key }) => key)
    const risk = (key: Uint8Array, known: Reputation): number => riskOf(state, key, at, known)
    const weights = weightsOf(state, COORD, keys, { ...at, riskOf: risk })
    const { validatorScore, validatorAttendance } = this.#gauges
    // Who has left is forgotten.
    validatorScore.reset()
    validatorAttendance.reset()
    for (const [index, key] of keys.entries()) {
      const label = { validator: toHex(key) }
      const { attended, missed } = dayCounts(readReputation(state, key))
      validatorScore.set(label, (weights[index]?.score.ppm ?? 0) / PPM)
      if (attended + missed > 0) validatorAttendance.set(label, attended / (attended + missed))
    }
  }
}
