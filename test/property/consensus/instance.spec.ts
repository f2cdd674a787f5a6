/** What holds for one instance whatever arrives, and whenever: its statements, its view, its certificates. */
import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import type { Block } from '../../../src/codec/block.ts'
import type { StatementKind } from '../../../src/codec/statement.ts'
import type { Effect, Input } from '../../../src/consensus/types.ts'
import { FINALISE, NOTARISE, NULLIFY, Stage, WALL_MS } from '../../support/consensus.ts'
import { fc } from '../../support/fast-check.ts'

const KINDS = [NOTARISE, NULLIFY, FINALISE] as const
const VIEWS = 6

const made = new Map<number, readonly Block[]>()

/** Two branches of linked blocks and their views: what votes can name. The same for all stages of one size. */
function blocksOf(stage: Stage): readonly Block[] {
  const known = made.get(stage.n)
  if (known !== undefined) return known
  const blocks: Block[] = []
  made.set(stage.n, blocks)
  for (let view = 1; view <= VIEWS; view++) {
    const [a, b] = [blocks.at(-2), blocks.at(-1)]
    blocks.push(stage.block(a === undefined ? { view } : { view, on: a }))
    blocks.push(
      stage.block(b === undefined ? { view, timeMs: WALL_MS } : { view, on: b, timeMs: WALL_MS + view })
    )
  }
  return blocks
}

interface Spoken {
  readonly signer: number
  readonly kind: StatementKind
  readonly view: number
  readonly place: number
}

const spoken = (n: number): fc.Arbitrary<Spoken> =>
  fc.record({
    signer: fc.nat(n - 1),
    kind: fc.constantFrom(...KINDS),
    view: fc.integer({ min: 1, max: VIEWS }),
    place: fc.nat(1)
  })

const hashOf = (blocks: readonly Block[], { kind, view, place }: Omit<Spoken, 'signer'>): Uint8Array =>
  kind === NULLIFY ? new Uint8Array(32) : blocks[2 * (view - 1) + place]!.hash

const votes = (stage: Stage, blocks: readonly Block[], list: readonly Spoken[]): Input[] =>
  list.map((one) => ({ type: 'vote', vote: stage.vote(one.signer, one.kind, one.view, hashOf(blocks, one)) }))

/** Honest members state one hash of a kind in a view; without that, order may decide which certificate is held. */
const unequivocal = (list: readonly Spoken[]): Spoken[] => {
  const seen = new Map<string, Spoken>()
  for (const one of list) {
    const key = `${one.signer}/${one.kind}/${one.view}`
    if (!seen.has(key)) seen.set(key, one)
  }
  return [...seen.values()]
}

describe('C5, C13: the order of votes does not matter', () => {
  for (const n of [1, 4, 7]) {
    it(`C5, C13: any order of the same votes gives a committee of ${n} the same certificates and view`, () => {
      const shuffled = fc
        .array(spoken(n), { minLength: n, maxLength: 60 })
        .map(unequivocal)
        .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))
      fc.assert(
        fc.property(shuffled, ([list, other]) => {
          const held = [list, other].map((order) => {
            const stage = new Stage({ n, self: null, judging: () => undefined })
            stage.feed(...votes(stage, blocksOf(stage), order))
            const certificates = [...stage.instance.views.values()]
              .flatMap((record) => [record.notarisation, record.nullification, record.finalisation])
              .filter((one) => one !== undefined)
              .map(({ kind, view, hash }) => `${kind} ${view} ${toHex(hash)}`)
            return [stage.view, certificates.sort()]
          })
          assert.deepEqual(held[0], held[1])
        }),
        { numRuns: 60 }
      )
    })
  }
})

type Event =
  | { readonly what: 'vote' | 'certificate'; readonly spoken: Spoken }
  | { readonly what: 'block' | 'built' | 'verdict'; readonly at: number; readonly valid: boolean }
  | { readonly what: 'tick'; readonly ms: number; readonly work: boolean }
  | { readonly what: 'signing'; readonly enabled: boolean }

const event = (n: number): fc.Arbitrary<Event> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant('vote' as const), spoken: spoken(n) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('certificate' as const), spoken: spoken(n) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        what: fc.constantFrom('block' as const, 'built' as const, 'verdict' as const),
        at: fc.nat(2 * VIEWS - 1),
        valid: fc.boolean()
      })
    },
    {
      weight: 3,
      arbitrary: fc.record({ what: fc.constant('tick' as const), ms: fc.nat(3_000), work: fc.boolean() })
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('signing' as const), enabled: fc.boolean() }) }
  )

function inputOf(stage: Stage, blocks: readonly Block[], one: Event): Input {
  switch (one.what) {
    case 'vote':
      return votes(stage, blocks, [one.spoken])[0]!
    case 'certificate': {
      const { kind, view } = one.spoken
      const certificate = stage.certificate(kind, view, hashOf(blocks, one.spoken))
      return { type: 'certificate', certificate, byGossip: one.spoken.signer % 2 === 0 }
    }
    case 'block':
      return { type: 'block', block: blocks[one.at]! }
    case 'built':
      return { type: 'built', view: 1 + (one.at >> 1), block: one.valid ? blocks[one.at]! : undefined }
    case 'verdict':
      return { type: 'verdict', hash: toHex(blocks[one.at]!.hash), valid: one.valid, reason: '' }
    case 'signing':
      return { type: 'signing', enabled: one.enabled }
    case 'tick':
      return { type: 'tick' }
  }
}

/** C12: what no honest member states, checked over everything that one instance asked to be signed. */
function contradictions(effects: readonly Effect[]): string[] {
  const found: string[] = []
  const said = new Map<string, string>()
  for (const effect of effects) {
    if (effect.type !== 'sign') continue
    const { view, kind } = effect
    const hash = toHex(effect.hash)
    const key = `${kind}/${view}`
    const opposite = kind === NULLIFY ? `${FINALISE}/${view}` : `${NULLIFY}/${view}`
    if (said.has(key)) found.push(`kind ${kind} twice in view ${view}: ${said.get(key)} and ${hash}`)
    if (kind !== NOTARISE && said.has(opposite)) found.push(`nullify and finalise in view ${view}`)
    if (kind === NOTARISE && said.has(opposite)) found.push(`notarise after nullify in view ${view}`)
    said.set(key, hash)
  }
  return found
}

describe('C12, C13: whatever arrives', () => {
  for (const n of [1, 4, 7]) {
    it(`C12, C13, C17: a member of ${n} never contradicts itself, falls back or throws`, () => {
      fc.assert(
        fc.property(
          fc.array(event(n), { maxLength: 120 }),
          fc.nat(n - 1),
          fc.integer({ min: 1, max: VIEWS + 2 }),
          (events, self, epochLength) => {
            const stage = new Stage({ n, self, params: { epochLength }, judging: () => undefined })
            const blocks = blocksOf(stage)
            let { view } = stage
            let height = 0
            for (const one of events) {
              if (one.what === 'tick')
                stage.at(stage.env.monoMs + one.ms).env = { ...stage.env, work: one.work }
              stage.feed(inputOf(stage, blocks, one))
              assert.ok(stage.view >= view, 'C13: the view fell')
              assert.ok(stage.instance.final.height >= height, 'C18: finality fell')
              assert.ok(stage.instance.ended || stage.wakeMs() > stage.env.monoMs)
              view = stage.view
              height = stage.instance.final.height
            }
            assert.deepEqual(contradictions(stage.effects), [])
            const finals = stage.ofType('finalise').flatMap((effect) => effect.blocks)
            assert.deepEqual(
              finals.map((block) => block.header.height),
              finals.map((_, index) => index + 1)
            )
          }
        ),
        { numRuns: 150 }
      )
    })
  }

  it('C11, C22: a restart from what was durable never contradicts what was signed before it', () => {
    fc.assert(
      fc.property(
        fc.array(event(4), { maxLength: 60 }),
        fc.array(event(4), { maxLength: 60 }),
        fc.nat(3),
        (before, after, self) => {
          const first = new Stage({ self })
          const blocks = blocksOf(first)
          const run = (stage: Stage, events: readonly Event[]): void => {
            for (const one of events) {
              if (one.what === 'tick') stage.at(stage.env.monoMs + one.ms)
              stage.feed(inputOf(stage, blocks, one))
            }
          }
          run(first, before)
          // Finality would have moved the base and dropped the journal: another story.
          fc.pre(first.instance.final.height === 0 && first.instance.halted === undefined)
          const journal = first.effects.flatMap((effect) => {
            if (effect.type === 'journal') return effect.records
            if (effect.type !== 'sign') return []
            return [...effect.records, { type: 'vote' as const, vote: first.own(effect) }]
          })
          const second = new Stage({ self }, journal)
          run(second, after)
          assert.deepEqual(contradictions([...first.effects, ...second.effects]), [])
        }
      ),
      { numRuns: 150 }
    )
  })
})
