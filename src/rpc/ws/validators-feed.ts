/**
 * Topic `validators`: everybody in the registry at first, then whose registration or sanction differs from what was told
 * before. What is kept is bounded by the registry: who has left is told once and forgotten.
 */
import type { ValidatorsEvent } from '../../client/validator-types.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { StandingInShort } from '../conduct-port.ts'
import { placeJson } from '../json.ts'
import { finalPlace } from '../methods/chain.ts'
import type { NodePort } from '../port.ts'
import type { Feed } from './feeds.ts'

type Entry = ValidatorsEvent['validators'][number]

interface Told {
  readonly key: Uint8Array
  readonly text: string
}

export class ValidatorsFeed implements Feed {
  readonly #port: NodePort
  #told = new Map<Hex, Told>()
  /** Coordination height as of which everything is told. */
  #height = -1

  constructor(port: NodePort) {
    this.#port = port
  }

  async take(): Promise<readonly ValidatorsEvent[]> {
    const place = finalPlace(this.#port, COORD)
    if (place.height === this.#height) return []
    const isFirst = this.#height < 0
    this.#height = place.height
    const changed = this.#differing()
    return changed.length === 0 && !isFirst ? [] : [{ validators: changed, asOf: placeJson(place) }]
  }

  #differing(): Entry[] {
    const told = new Map<Hex, Told>()
    const changed: Entry[] = []
    const { conduct } = this.#port
    for (const standing of conduct.electorate()) {
      const entry = entryOf(standing)
      const name = toHex(standing.key)
      const text = JSON.stringify(entry)
      told.set(name, { key: standing.key, text })
      if (this.#told.get(name)?.text !== text) changed.push(entry)
    }
    for (const [name, { key }] of this.#told) {
      const gone = told.has(name) ? undefined : conduct.standing(key)
      if (gone !== undefined) changed.push(entryOf(gone))
    }
    this.#told = told
    return changed
  }
}

const entryOf = ({ key, recoversAtEpoch, ...facts }: StandingInShort): Entry => ({
  validator: toHex(key),
  ...facts,
  ...(recoversAtEpoch === undefined ? {} : { recoversAtEpoch })
})
