/** What `--retention` may be. */

/** Fewer would leave nothing for a peer that is a little behind. */
export const RETENTION_MIN = 16

export function retention(value: unknown): 'archive' | number | undefined {
  if (value === 'archive') return value
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= RETENTION_MIN
    ? number
    : undefined
}
