/** What `--retention` may be, and beside what. */
import { ConfigError } from './node-errors.ts'

/** Fewer would leave nothing for a peer that is a little behind. */
export const RETENTION_MIN = 16

export function retention(value: unknown): 'archive' | number | undefined {
  if (value === 'archive') return value
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= RETENTION_MIN
    ? number
    : undefined
}

/** Both at once would fetch for ever what is dropped for ever. @throws ConfigError CONFIG_RELATION */
export function refuseRetention({
  retention: kept,
  backfill
}: {
  readonly retention: 'archive' | number
  readonly backfill: boolean
}): void {
  if (kept === 'archive' || !backfill) return
  const message = `--backfill fetches the blocks that --retention ${kept} drops`
  throw new ConfigError({ code: 'CONFIG_RELATION', key: 'backfill', other: 'retention' }, message)
}
