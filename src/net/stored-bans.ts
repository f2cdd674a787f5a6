/**
 * Bans across restarts (D14). The ledger counts on the monotonic clock; rows on disk have the time of expiry on the wall
 * clock. A row that cannot be read is passed over: a ban is worth less than a start.
 */
import { base58 } from '@scure/base'
import { BAN_REASON_BYTES_MAX, StoredBanType } from '../codec/peer-ban.ts'
import { decode } from '../codec/ssz.ts'
import { utf8 } from '../primitives/bytes.ts'
import { messageOf, monotonicMs } from './context.ts'
import type { NetLog } from './context.ts'
import type { PeerLedger } from './peer-ledger.ts'
import type { Peer } from './types.ts'

/** Peer id in its binary form, and its ban. */
export type BanRow = readonly [id: Uint8Array, row: Uint8Array]

/** Where bans are kept. */
export interface BanRows {
  load(): Promise<readonly BanRow[]>
  save(rows: readonly BanRow[]): Promise<void>
}

const BANS_MAX = 255
/** A character takes three bytes at most, two of a pair four together. */
const REASON_CHARACTERS = Math.floor(BAN_REASON_BYTES_MAX / 3)

export class StoredBans {
  readonly #ledger: PeerLedger
  readonly #rows: BanRows | undefined
  readonly #log: NetLog
  #isDirty = false
  #saving: Promise<void> | undefined

  constructor(ledger: PeerLedger, rows: BanRows | undefined, log: NetLog) {
    this.#ledger = ledger
    this.#rows = rows
    this.#log = log
  }

  async load(): Promise<void> {
    for (const [id, row] of (await this.#rows?.load()) ?? []) this.#restore(id, row)
  }

  /** Writes what is in force, once more when it changes meanwhile; many changes at once are one write. */
  changed(): void {
    if (this.#rows === undefined) return
    this.#isDirty = true
    this.#saving ??= this.#save(this.#rows)
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    await this.#saving
  }

  async #save(rows: BanRows): Promise<void> {
    try {
      while (this.#isDirty) {
        this.#isDirty = false
        await rows.save(this.#all())
      }
    } catch (error) {
      this.#log('bans not saved', { reason: messageOf(error) })
    } finally {
      this.#saving = undefined
    }
  }

  #all(): BanRow[] {
    const now = monotonicMs()
    return this.#ledger.bans(now).map(({ peer, untilMs, reason, bans }) => [
      base58.decode(peer),
      StoredBanType.serialize({
        untilMs: Math.round(Date.now() + untilMs - now),
        bans: Math.min(BANS_MAX, bans),
        reason: utf8(reason.slice(0, REASON_CHARACTERS))
      })
    ])
  }

  #restore(id: Uint8Array, row: Uint8Array): void {
    const stored = decode(StoredBanType, row)
    if (!stored.ok) return
    const { untilMs, bans, reason } = stored.value
    const leftMs = untilMs - Date.now()
    if (leftMs <= 0) return
    const now = monotonicMs()
    const peer = base58.encode(id) as Peer
    this.#ledger.restore({ peer, untilMs: now + leftMs, reason: new TextDecoder().decode(reason), bans }, now)
  }
}
