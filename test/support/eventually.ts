/** Waiting in tests: for a condition, with an outer deadline that says what did not happen. */
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_EVERY_MS = 10

/** Resolves with the first truthy answer of `probe`; fails with `what` after `withinMs`. */
export async function eventually<T>(
  what: string | (() => string),
  probe: () => T | Promise<T>,
  withinMs = 8_000
): Promise<NonNullable<T>> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const answer = await probe()
    if (answer !== undefined && answer !== null && answer !== false) return answer
    if (performance.now() > untilMs) {
      throw new Error(`not within ${withinMs} ms: ${typeof what === 'string' ? what : what()}`)
    }
    await delay(LOOK_EVERY_MS)
  }
}

/** For what must not happen while something else does: `probe` stays falsy for `forMs`. */
export async function never(what: string, probe: () => boolean, forMs: number): Promise<void> {
  const untilMs = performance.now() + forMs
  while (performance.now() < untilMs) {
    if (probe()) throw new Error(`happened: ${what}`)
    await delay(LOOK_EVERY_MS)
  }
}
