/** So many at a time, the others in the order in which they came. */
export class Slots {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Those that hold a slot and those that wait for one. */
  get open(): number {
    return this.#taken + this.#waiting.length
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves when a slot is the caller's; it has to be given back. */
  async take(): Promise<void> {
    if (this.#taken < this.#limit) {
      this.#taken += 1
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    await promise
  }

  give(): void {
    const next = this.#waiting.shift()
    // The slot passes on without becoming free: nobody who comes now overtakes.
    if (next === undefined) this.#taken -= 1
    else next()
  }
}
