/**
 * The bytes of a WebAssembly module that compresses four messages of SHA-256 at once, a lane of a vector each
 * (FIPS 180-4). One function, unrolled; the reasons are in sha256-many.ts.
 *
 *   hash(in, stride, blocks, out): padded messages at in, in + stride …, of so many blocks ≥ 1; four digests to `out`
 */

const LANES = [0, 1, 2, 3] as const
const WORDS = 16
const ROUNDS = 64
const BLOCK_BYTES = 64
/** One page of WebAssembly is 64 KiB. */
const MEMORY_PAGES = 1

/** Numbers of parameters and locals. */
const [STRIDE, BLOCKS, OUT] = [1, 2, 3]
/** Where each lane reads. The first is the parameter `in`. */
const AT = [0, 4, 5, 6] as const
const STATE = 7
const VARIABLES = 15
const SCHEDULE = 23
const T1 = 39
const VECTORS = 33

const I32 = 0x7f
const V128 = 0x7b
const LOOP = [0x03, 0x40]
const BR_IF_0 = [0x0d, 0]
const END = [0x0b]
const I32_ADD = [0x6a]
const I32_SUB = [0x6b]

/** Unsigned LEB128. */
function u(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  return [...bytes, rest]
}

/** Signed LEB128 of a number that is not negative. */
const s = (value: number): number[] => {
  const bytes = u(value)
  const last = bytes.at(-1) ?? 0
  return last < 64 ? bytes : [...bytes.slice(0, -1), last | 128, 0]
}

const join = (...parts: readonly number[][]): number[] => parts.flat()
const simd = (code: number): number[] => [0xfd, ...u(code)]
const get = (local: number): number[] => [0x20, ...u(local)]
const set = (local: number): number[] => [0x21, ...u(local)]
const tee = (local: number): number[] => [0x22, ...u(local)]
const number = (value: number): number[] => [0x41, ...s(value)]
const OR = simd(80)
const XOR = simd(81)
const SELECT = simd(82)
const SHL = simd(171)
const SHR = simd(173)
const ADD = simd(174)
const loadLane = (offset: number, lane: number): number[] => [...simd(86), 0, ...u(offset), lane]
const storeLane = (offset: number, lane: number): number[] => [...simd(90), 0, ...u(offset), lane]
/** All words of a vector between big-endian and little-endian. */
const SWAP = [...simd(13), ...LANES.flatMap((lane) => [3, 2, 1, 0].map((byte) => 4 * lane + byte))]
const splat = (word: number): number[] => [
  ...simd(12),
  ...LANES.flatMap(() => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24])
]
const shr = (local: number, by: number): number[] => [...get(local), ...number(by), ...SHR]
const rotr = (local: number, by: number): number[] => [
  ...shr(local, by),
  ...get(local),
  ...number(32 - by),
  ...SHL,
  ...OR
]
/** Σ of FIPS 180-4: three rotations. */
const sum = (local: number, [x, y, z]: readonly [number, number, number]): number[] => [
  ...rotr(local, x),
  ...rotr(local, y),
  ...XOR,
  ...rotr(local, z),
  ...XOR
]
/** σ: two rotations and a shift. */
const small = (local: number, [x, y, z]: readonly [number, number, number]): number[] => [
  ...rotr(local, x),
  ...rotr(local, y),
  ...XOR,
  ...shr(local, z),
  ...XOR
]

const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0)
)

/** The first 32 bits behind the point of the root of a number. */
function rootBits(value: number, degree: number): number {
  const target = BigInt(value) << BigInt(32 * degree)
  let root = 0n
  for (let bit = 1n << 37n; bit > 0n; bit >>= 1n) {
    if ((root | bit) ** BigInt(degree) <= target) root |= bit
  }
  return Number(root & 0xffffffffn)
}

const loadBlock = (): number[] =>
  Array.from({ length: WORDS }, (_, word) => [
    ...splat(0),
    ...set(SCHEDULE + word),
    ...LANES.flatMap((lane) => [
      ...get(AT[lane]),
      ...get(SCHEDULE + word),
      ...loadLane(4 * word, lane),
      ...set(SCHEDULE + word)
    ]),
    ...get(SCHEDULE + word),
    ...get(SCHEDULE + word),
    ...SWAP,
    ...set(SCHEDULE + word)
  ]).flat()

/** The word of the schedule that a round uses, in the place of the one sixteen rounds before. */
function extend(round: number): number[] {
  if (round < WORDS) return []
  const word = (back: number): number => SCHEDULE + ((round - back) & 15)
  return [
    ...get(word(16)),
    ...small(word(15), [7, 18, 3]),
    ...ADD,
    ...get(word(7)),
    ...ADD,
    ...small(word(2), [17, 19, 10]),
    ...ADD,
    ...set(word(16))
  ]
}

/** The eight variables change names instead of places: what was `a` in one round is `b` in the next. */
function oneRound(round: number): number[] {
  const variable = (index: number): number => VARIABLES + ((index - round + ROUNDS) & 7)
  const [a, b, c, d] = [variable(0), variable(1), variable(2), variable(3)]
  const [e, f, g, h] = [variable(4), variable(5), variable(6), variable(7)]
  const choice = [...get(f), ...get(g), ...get(e), ...SELECT]
  // Where a and b differ c decides, where they do not they do.
  const majority = [...get(c), ...get(a), ...get(a), ...get(b), ...XOR, ...SELECT]
  const constant = splat(rootBits(PRIMES[round] ?? 0, 3))
  const word = get(SCHEDULE + (round & 15))
  return [
    ...extend(round),
    ...join(get(h), sum(e, [6, 11, 25]), ADD, choice, ADD, constant, ADD, word, ADD),
    ...set(T1),
    ...join(get(d), get(T1), ADD, set(d)),
    ...join(get(T1), sum(a, [2, 13, 22]), ADD, majority, ADD, set(h))
  ]
}

const each = (count: number, make: (index: number) => number[]): number[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat()

function body(): number[] {
  const locals = [...u(2), ...u(LANES.length - 1), I32, ...u(VECTORS), V128]
  return [
    ...locals,
    ...each(3, (lane) => [...get(AT[lane] ?? 0), ...get(STRIDE), ...I32_ADD, ...set(AT[lane + 1] ?? 0)]),
    ...each(8, (i) => [...splat(rootBits(PRIMES[i] ?? 0, 2)), ...set(STATE + i)]),
    ...LOOP,
    ...loadBlock(),
    ...each(8, (i) => [...get(STATE + i), ...set(VARIABLES + i)]),
    ...each(ROUNDS, oneRound),
    ...each(8, (i) => [...get(STATE + i), ...get(VARIABLES + i), ...ADD, ...set(STATE + i)]),
    ...AT.flatMap((at) => [...get(at), ...number(BLOCK_BYTES), ...I32_ADD, ...set(at)]),
    ...join(get(BLOCKS), number(1), I32_SUB, tee(BLOCKS), BR_IF_0),
    ...END,
    ...each(8, (i) => [
      ...join(get(STATE + i), get(STATE + i), SWAP, set(STATE + i)),
      ...LANES.flatMap((lane) => [...get(OUT), ...get(STATE + i), ...storeLane(32 * lane + 4 * i, lane)])
    ]),
    ...END
  ]
}

const list = (items: readonly number[][]): number[] => [...u(items.length), ...items.flat()]
const section = (id: number, bytes: readonly number[]): number[] => [id, ...u(bytes.length), ...bytes]
const name = (text: string): number[] => [text.length, ...Array.from(text, (sign) => sign.charCodeAt(0))]

/** `\0asm`, and version 1. */
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

/** Exports `memory` and `hash`. */
export function lanesModule(): Uint8Array<ArrayBuffer> {
  const code = body()
  const [FUNCTION, MEMORY] = [0, 2]
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, list([[0x60, ...list([[I32], [I32], [I32], [I32]]), 0]])),
    ...section(3, list([[0]])),
    ...section(5, list([[0, ...u(MEMORY_PAGES)]])),
    ...section(
      7,
      list([
        [...name('memory'), MEMORY, 0],
        [...name('hash'), FUNCTION, 0]
      ])
    ),
    ...section(10, list([[...u(code.length), ...code]]))
  ])
}
