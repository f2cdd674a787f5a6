/** Docker from outside, by its command line: what happens to a service of this directory's docker-compose.yml. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const run = promisify(execFile)

export class DockerFailure extends Error {}

/** @returns what the command printed. */
export async function docker(...args: readonly string[]): Promise<string> {
  return command('docker', args)
}

/** Compose v2 if the engine's command line has it, else the older program. */
export async function compose(...args: readonly string[]): Promise<string> {
  const [program, ...first] = await composeCommand()
  return command(program ?? 'docker-compose', [...first, ...args])
}

export async function composeVersion(): Promise<string> {
  return (await compose('version', '--short')).trim()
}

let found: readonly string[] | undefined
async function composeCommand(): Promise<readonly string[]> {
  if (found !== undefined) return found
  try {
    await run('docker', ['compose', 'version'])
    found = ['docker', 'compose']
  } catch {
    found = ['docker-compose']
  }
  return found
}

async function command(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args, { cwd: ROOT, maxBuffer: OUTPUT_BYTES_MAX })).stdout
  } catch (error) {
    const said = (['stdout', 'stderr'] as const)
      .flatMap((name) => (textOf(error, name) + '\n').split('\n').filter((line) => line !== ''))
      .slice(-LINES_SHOWN)
    const reason = said.length === 0 ? String(error) : said.join('; ')
    throw new DockerFailure(`${program} ${args.join(' ')}: ${reason}`, { cause: error })
  }
}

const LINES_SHOWN = 5
function textOf(error: unknown, name: 'stdout' | 'stderr'): string {
  return typeof error === 'object' && error !== null && name in error
    ? String((error as Readonly<Record<typeof name, unknown>>)[name])
    : ''
}

/** The container of a service, running or not. */
export async function containerOf(service: string): Promise<string> {
  const ids = (await compose('ps', '-q', service)).trim().split('\n')
  const listed = ids[0] ?? ''
  if (listed !== '') return listed
  // Compose v2 lists stopped ones only when asked to, and 1.29 does not know how to be asked.
  const label = (key: string, value: string): string[] => [
    '--filter',
    `label=com.docker.compose.${key}=${value}`
  ]
  const all = await docker(
    'ps',
    '-aq',
    ...label('service', service),
    ...label('project.working_dir', ROOT.replace(/\/$/, ''))
  )
  const stopped = all.trim().split('\n')[0] ?? ''
  if (stopped === '') throw new DockerFailure(`no container of ${service}: docker-compose up -d`)
  return stopped
}

export interface ContainerState {
  readonly status: string
  readonly exitCode: number
  readonly health: string
  readonly networks: readonly string[]
}

export async function stateOf(service: string): Promise<ContainerState> {
  const text = await docker('inspect', await containerOf(service))
  const [{ State, NetworkSettings, HostConfig }] = JSON.parse(text) as [
    {
      readonly State: { Status: string; ExitCode: number; Health?: { Status: string } }
      readonly NetworkSettings: { Networks: Readonly<Record<string, unknown>> }
      readonly HostConfig: { NetworkMode: string }
    }
  ]
  return {
    status: State.Status,
    exitCode: State.ExitCode,
    health: State.Health?.Status ?? 'none',
    networks: [...new Set([HostConfig.NetworkMode, ...Object.keys(NetworkSettings.Networks)])]
  }
}

/** What can be done to a service, each with what undoes it. */
export const PERTURBATIONS = {
  /** SIGKILL: the machine lost its power. Undone by `start`. */
  kill: async (service: string) => docker('kill', await containerOf(service)),
  start: async (service: string) => docker('start', await containerOf(service)),
  /** Frozen: it neither runs nor ends its connections. Undone by `resume`. */
  pause: async (service: string) => freeze(await containerOf(service)),
  resume: async (service: string) => docker('unpause', await containerOf(service)),
  /** Its cable is pulled; its RPC is out of reach as well. Undone by `heal`. */
  cut: async (service: string) => docker('network', 'disconnect', ...(await cableOf(service))),
  heal: async (service: string) =>
    docker('network', 'connect', '--alias', service, ...(await cableOf(service)))
} as const
export type Perturbation = keyof typeof PERTURBATIONS

/** On a busy machine the engine may be unable to stop every thread in its time, and says so. */
async function freeze(container: string, attempts = 5): Promise<string> {
  try {
    return await docker('pause', container)
  } catch (error) {
    if (attempts <= 1 || !(error instanceof DockerFailure && error.message.includes('freeze'))) throw error
    return freeze(container, attempts - 1)
  }
}

/** Network and container; the network is named by the container's own configuration, also while it is cut off. */
async function cableOf(service: string): Promise<[string, string]> {
  const { networks } = await stateOf(service)
  return [networks[0] ?? '', await containerOf(service)]
}
