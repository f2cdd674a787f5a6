/** `npm run docker:perturb -- kill|start|pause|resume|cut|heal SERVICE …` (docs/docker.md). */
import { DockerFailure, PERTURBATIONS } from './engine.ts'
import type { Perturbation } from './engine.ts'
import { SERVICE_NAMES } from './services.ts'

const [what = '', ...services] = process.argv.slice(2)
const known = Object.keys(PERTURBATIONS)
const stranger = services.find((name) => !SERVICE_NAMES.some((each) => each === name))
if (!known.includes(what) || services.length === 0 || stranger !== undefined) {
  const wrong = stranger === undefined ? '' : `no service ${stranger}; `
  process.stderr.write(`${wrong}expected ${known.join('|')} and services of ${SERVICE_NAMES.join(', ')}\n`)
  process.exit(2)
}
try {
  for (const service of services) {
    await PERTURBATIONS[what as Perturbation](service)
    process.stdout.write(`${what} ${service}\n`)
  }
} catch (error) {
  if (!(error instanceof DockerFailure)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
