/** The value of an account's key out of the pages of the tree: from the root page down to the leaf page on its path. */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { StateError } from './errors.ts'
import { pathOf } from './hashes.ts'
import { isLeafPage, valueIn } from './leaf-page.ts'
import { hasPageBelow, isInnerPage } from './page.ts'
import type { StateView } from './ports.ts'
import { childPage } from './tree.ts'

/** @param key of which the value stands in its page. @returns a view into the page. @throws StateError STATE_PAGE_MISSING, STATE_PAGE_CORRUPT */
export function accountValue(view: Pick<StateView, 'page'>, key: Uint8Array): Uint8Array | undefined {
  const nibbles = toHex(pathOf(key))
  let bytes = view.page('' as Hex)
  for (let depth = 0; bytes !== undefined; depth++) {
    const id = nibbles.slice(0, depth)
    if (isLeafPage(bytes)) return valueIn(bytes, key, id)
    if (!isInnerPage(bytes)) throw new StateError({ code: 'STATE_PAGE_CORRUPT', page: id, reason: 'no page' })
    const slot = Number.parseInt(nibbles[depth] ?? '', 16)
    bytes = hasPageBelow(bytes, slot) ? childPage(view, nibbles.slice(0, depth + 1)) : undefined
  }
  return undefined
}
