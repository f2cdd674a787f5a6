import assert from 'node:assert/strict'
import { DevnetError } from '../../../src/devnet/errors.ts'
import { parsePerturbations, perturbationText } from '../../../src/devnet/perturb.ts'

describe('perturbations of a devnet', () => {
  it('D20: names action, node, second and length, in the order of time', () => {
    assert.deepEqual(parsePerturbations('cut:0@60+10,kill:2@20,start:2@40,pause:1@50+5', 4), [
      { kind: 'kill', node: 2, atS: 20 },
      { kind: 'start', node: 2, atS: 40 },
      { kind: 'pause', node: 1, atS: 50, forS: 5 },
      { kind: 'cut', node: 0, atS: 60, forS: 10 }
    ])
  })

  it('nothing is no perturbation', () => {
    assert.deepEqual(parsePerturbations('', 4), [])
  })

  it('seconds may have decimals', () => {
    assert.deepEqual(parsePerturbations('kill:0@0.5', 1), [{ kind: 'kill', node: 0, atS: 0.5 }])
  })

  it('the text of one is action, node and length', () => {
    assert.deepEqual(parsePerturbations('kill:2@20,cut:0@60+10', 4).map(perturbationText), [
      'kill:2',
      'cut:0+10'
    ])
  })

  for (const [text, reason] of [
    ['kill', /kill: expected/],
    ['kill:2', /kill:2: expected/],
    ['halt:2@20', /halt:2@20: expected/],
    ['kill:x@20', /expected/],
    ['kill:-1@20', /expected/],
    ['kill:4@20', /the nodes are 0 to 3/],
    ['pause:1@50', /how long\? pause:1@SECONDS|how long/],
    ['kill:1@50+5', /kill has no length/],
    ['start:1@50+5', /start has no length/],
    ['kill:1@20,cut:1@30', /cut:1@30/]
  ] as const) {
    it(`refuses ${text}, naming the part at fault`, () => {
      assert.throws(
        () => parsePerturbations(text, 4),
        (error) =>
          error instanceof DevnetError && reason.test(error.message) && error.code === 'DEVNET_OPTION'
      )
    })
  }

  it('the last node is still one', () => {
    assert.equal(parsePerturbations('kill:3@20', 4).length, 1)
  })
})
