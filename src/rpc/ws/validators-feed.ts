/**
 * Topic `validators`: everybody in the registry at first, then whose registration or sanction differs from what was told
 * before. What is kept is bounded by the registry: who has left is told once and forgotten.
 */
import type { ValidatorsEvent } from '../../client/validator-types.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ConductPort, StandingInShort } from '../conduct-port.ts'
import { placeJson } from '../json.ts'
import { finalPlace } from '../methods/chain.ts'
import type { NodePort } from '../port.ts'
import type { Feed } from './feeds.ts'

type Entry = ValidatorsEvent['validators'][number]

interface Told {
  readonly key: Uint8Array
  readonly entry: Entry
  readonly text: string
}

/** Everybody by name as of one block. */
type Registry = ReadonlyMap<Hex, Told>

/**
 * Thousands of subscriptions may ask at the same block: the registry is put into words once for all of them, and compared
 * once with each earlier one that some of them were told.
 */
const REGISTRIES = new WeakMap<readonly StandingInShort[], Registry>()
const CHANGES = new WeakMap<Registry, WeakMap<Registry, readonly Entry[]>>()

export class ValidatorsFeed implements Feed {
  readonly #port: NodePort
  #told: Registry = NOBODY
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
    const { conduct } = this.#port
    const now = registryOf(conduct.electorate())
    const changed = changesOf(this.#told, now, conduct)
    this.#told = now
    return changed.length === 0 && !isFirst ? [] : [{ validators: changed, asOf: placeJson(place) }]
  }
}

const NOBODY: Registry = new Map()

function registryOf(standings: readonly StandingInShort[]): Registry {
  const known = REGISTRIES.get(standings)
  if (known !== undefined) return known
  const registry = new Map<Hex, Told>()
  for (const standing of standings) {
    const entry = entryOf(standing)
    registry.set(toHex(standing.key), { key: standing.key, entry, text: JSON.stringify(entry) })
  }
  REGISTRIES.set(standings, registry)
  return registry
}

function changesOf(told: Registry, now: Registry, conduct: Pick<ConductPort, 'standing'>): readonly Entry[] {
  const byTold = CHANGES.get(now) ?? new WeakMap<Registry, readonly Entry[]>()
  CHANGES.set(now, byTold)
  const known = byTold.get(told)
  if (known !== undefined) return known
  const changed: Entry[] = []
  for (const [name, { entry, text }] of now) if (told.get(name)?.text !== text) changed.push(entry)
  for (const [name, { key }] of told) {
    const gone = now.has(name) ? undefined : conduct.standing(key)
    if (gone !== undefined) changed.push(entryOf(gone))
  }
  byTold.set(told, changed)
  return changed
}

const entryOf = ({ key, recoversAtEpoch, ...facts }: StandingInShort): Entry => ({
  validator: toHex(key),
  ...facts,
  ...(recoversAtEpoch === undefined ? {} : { recoversAtEpoch })
})
