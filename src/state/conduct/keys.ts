/** State keys of what coordination knows of offences (STA-1): evidence, sanctions, disputes. */
import { PREFIX_DISPUTE, PREFIX_EVIDENCE, PREFIX_SANCTION } from '../../codec/state-records.ts'
import { concat, u64be } from '../../primitives/bytes.ts'

export const EVIDENCE_COUNT_KEY: Uint8Array = Uint8Array.of(PREFIX_EVIDENCE)
/** The offence proven by the evidence of this number. */
export const provenKey = (number: number): Uint8Array => concat(Uint8Array.of(PREFIX_EVIDENCE), u64be(number))
/** The number under which an offence is recorded. `id`: 32 bytes. */
export const offenceKey = (id: Uint8Array): Uint8Array => concat(Uint8Array.of(PREFIX_EVIDENCE), id)
/** `validator`: 32-byte validator key. */
export const sanctionKey = (validator: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(PREFIX_SANCTION), validator)
export const disputesKey = (id: Uint8Array): Uint8Array => concat(Uint8Array.of(PREFIX_DISPUTE), id)
