/** One-off measure of the state tree: N accounts in a map, 1,000 updates of them in one batch. `node … [N]` */
import { createHash } from 'node:crypto'
import { fromHex, toHex, u64be } from '../src/primitives/bytes.ts'
import type { Hex } from '../src/primitives/bytes.ts'
import { EMPTY_VIEW, commit } from '../src/state/commit.ts'
import { accountKey } from '../src/state/keys.ts'
import type { StateChanges, StateView } from '../src/state/ports.ts'

const accounts = Number(process.argv[2] ?? 100_000)
const UPDATES = 1_000
const ROUNDS = 20

const address = (i: number): Uint8Array => createHash('sha256').update(u64be(i)).digest().subarray(0, 21)
const value = (i: number, round: number): Uint8Array => {
  const bytes = new Uint8Array(40)
  bytes.set(u64be(i))
  bytes.set(u64be(round), 8)
  return bytes
}

class MapState implements StateView {
  root = EMPTY_VIEW.root
  reads = 0
  readonly #values = new Map<Hex, Uint8Array>()
  readonly #pages = new Map<Hex, Uint8Array>()

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(toHex(key))
  }

  page(path: Hex): Uint8Array | undefined {
    this.reads++
    return this.#pages.get(path)
  }

  apply(changes: StateChanges): void {
    for (const [key, bytes] of changes.values) if (bytes !== undefined) this.#values.set(key, bytes)
    for (const [id, bytes] of changes.pages) {
      if (bytes === undefined) this.#pages.delete(id)
      else this.#pages.set(id, bytes)
    }
    this.root = changes.root
    this.reads = 0
  }
}

const state = new MapState()
const keys = Array.from({ length: accounts }, (_, i) => toHex(accountKey(address(i))))
let started = performance.now()
state.apply(commit(state, new Map(keys.map((key, i) => [key, value(i, 0)]))))
process.stdout.write(`${accounts} accounts built in ${(performance.now() - started).toFixed(0)} ms\n`)
const times: number[] = []
let reads = 0
for (let round = 1; round <= ROUNDS; round++) {
  const changed = new Map<Hex, Uint8Array>()
  for (let i = 0; i < UPDATES; i++) {
    const at = Number(createHash('sha256').update(`${round} ${i}`).digest().readUInt32BE() % accounts)
    changed.set(keys[at] ?? toHex(fromHex('')), value(at, round))
  }
  started = performance.now()
  const changes = commit(state, changed)
  times.push(performance.now() - started)
  reads = state.reads
  state.apply(changes)
}
times.sort((a, b) => a - b)
const at = (share: number): string => (times[Math.floor(share * (ROUNDS - 1))] ?? 0).toFixed(1)
process.stdout.write(`${UPDATES} updates: best ${at(0)} ms, median ${at(0.5)} ms, ${reads} page reads\n`)
