/**
 * Loaded with `--import` into validators of a test: their state transition credits one base unit too many. The product
 * has no such switch; what it would take is another program, and this is one.
 */
import { registerHooks } from 'node:module'

const CREDIT = 'receiver.consumer + consumer'

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith('/src/state/actions/transfer.js')) return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString()
    if (!source.includes(CREDIT)) throw new Error('the transfer no longer credits where the hook expects it')
    return { ...loaded, source: source.replace(CREDIT, `${CREDIT} + 1n`) }
  }
})
