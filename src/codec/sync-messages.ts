/** Messages of range sync (SYN-2, SYN-4): headers that prove themselves, and bodies by height. */
import { HeaderType, MAX_BODY_BYTES } from './block.ts'
import { CertificateType } from './statement.ts'
import { ByteListType, Chain, ContainerType, Count, ListCompositeType, U16 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Headers asked for at once. */
export const HEADERS_PER_REQUEST = 512
/** An answer goes past the limit to the next certified block, so far at most. */
export const HEADERS_PER_ANSWER = 2_048
/** 256 headers are 97 KiB: writes to a stream pay from 64 KiB on. */
export const HEADERS_PER_FRAME = 256
/** Epochs that one answer may touch. */
export const PARTS_PER_ANSWER = 128
/** Bodies of the headers of one answer: they are executed and written together. A first block may be larger. */
export const RUN_BODY_BYTES = 8 * 1024 * 1024

/** Request `headers`: final headers from `from` upwards. */
export const HeaderRangeType = new ContainerType(
  { chain: Chain, from: Count, limit: U16 },
  { typeName: 'HeaderRange' }
)
export type HeaderRange = ValueOf<typeof HeaderRangeType>
/** A frame of an answer. A header has a fixed width, so this is one after the other. */
export const HeaderListType = new ListCompositeType(HeaderType, HEADERS_PER_FRAME)
/** The last frame: the finality certificate of the last header of each epoch in the answer, in order. */
export const CertificateListType = new ListCompositeType(CertificateType, PARTS_PER_ANSWER)

/** Bodies asked for at once. */
export const BODIES_PER_REQUEST = 512
/** Bodies of one answer; at least one, however large. */
export const BODIES_ANSWER_BYTES = 512 * 1024
/** Bodies are gathered in one frame up to this. */
export const BODIES_FRAME_BYTES = 128 * 1024

/** Request `ranges`: bodies of final blocks from `from` upwards. */
export const BodyRangeType = new ContainerType(
  { chain: Chain, from: Count, limit: U16 },
  { typeName: 'BodyRange' }
)
export type BodyRange = ValueOf<typeof BodyRangeType>
/** A frame of an answer: the bytes of consecutive bodies. */
export const BodyListType = new ListCompositeType(new ByteListType(MAX_BODY_BYTES), BODIES_PER_REQUEST)
