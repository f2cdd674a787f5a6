/** A store that says so before each write: the place where a directed crash can strike. */
import type { KeyValueStore } from '../../store/ports.ts'

export const observedStore = (store: KeyValueStore, onEffect: (what: string) => void): KeyValueStore => ({
  get: (key) => store.get(key),
  getMany: async (keys) => store.getMany(keys),
  batch: async (writes, options) => {
    onEffect(options.sync ? 'write synced' : 'write')
    await store.batch(writes, options)
  },
  flush: async () => {
    onEffect('flush')
    await store.flush()
  },
  range: (range) => store.range(range),
  close: async () => store.close()
})
