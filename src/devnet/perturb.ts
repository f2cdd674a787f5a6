/**
 * What is done to the nodes of a devnet, and when: `kill:2@20,start:2@40,pause:1@50+5,cut:0@60+10` is action, node,
 * second of the run, and for `pause` and `cut` how many seconds it lasts. `kill` is SIGKILL; `cut` ends the node's
 * connections and admits none.
 */
import { DevnetError } from './errors.ts'

export type Perturbation =
  | { readonly kind: 'kill' | 'start'; readonly node: number; readonly atS: number }
  | { readonly kind: 'pause' | 'cut'; readonly node: number; readonly atS: number; readonly forS: number }

const FORM = /^(kill|start|pause|cut):(\d{1,3})@(\d{1,6}(?:\.\d{1,3})?)(?:\+(\d{1,6}(?:\.\d{1,3})?))?$/

/** @throws DevnetError naming the part at fault. @returns in the order of time. */
export function parsePerturbations(text: string, nodes: number): Perturbation[] {
  const parsed = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => parseOne(part.trim(), nodes))
  return parsed.sort((a, b) => a.atS - b.atS)
}

function parseOne(part: string, nodes: number): Perturbation {
  const [, kind, node, at, length] = FORM.exec(part) ?? []
  if (kind === undefined || node === undefined || at === undefined) {
    throw wrong(part, 'expected kill:N@S, start:N@S, pause:N@S+S or cut:N@S+S')
  }
  if (Number(node) >= nodes) throw wrong(part, `the nodes are 0 to ${nodes - 1}`)
  const common = { node: Number(node), atS: Number(at) }
  if (kind === 'pause' || kind === 'cut') {
    if (length === undefined) throw wrong(part, `how long? ${kind}:${node}@${at}+SECONDS`)
    return { kind, ...common, forS: Number(length) }
  }
  if (length !== undefined) throw wrong(part, `${kind} has no length`)
  return { kind: kind === 'kill' ? 'kill' : 'start', ...common }
}

export const perturbationText = (each: Perturbation): string =>
  `${each.kind}:${each.node}${'forS' in each ? `+${each.forS}` : ''}`

const wrong = (part: string, reason: string): DevnetError =>
  new DevnetError({ code: 'DEVNET_OPTION', option: 'perturb' }, `--perturb ${part}: ${reason}`)
