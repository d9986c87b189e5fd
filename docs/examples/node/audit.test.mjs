// node --test docs/examples/node
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'

const dasLocal = process.env.DAS_LOCAL ?? 'das-local'
let das, endpoint, dsn

before(async () => {
  das = spawn(dasLocal, ['up', '--listen', '127.0.0.1:0', '--aws-listen', '127.0.0.1:0', '--start-stream', 'sync'],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: das.stdout })) {
    const [name, value] = line.split(/\s+/)
    if (name === 'endpoint') endpoint = value
    if (name === 'events') break
  }
  const health = await (await fetch(`${endpoint}/_das/health`)).json()
  const [host, port] = health.postgres.split(':')
  dsn = `host=${host} port=${port} user=postgres dbname=postgres`
})

after(async () => {
  das.kill()
  await new Promise((ended) => das.once('exit', ended))
})

function events () {
  return execFileSync(dasLocal, ['tail', '--endpoint', endpoint, '--no-follow'], { encoding: 'utf8' })
    .split('\n').filter(Boolean).map((line) => JSON.parse(line))
}

test('a failed statement is audited with its SQLSTATE', () => {
  assert.throws(() => execFileSync('psql', [dsn, '-c', 'select * from nowhere'], { stdio: 'pipe' }))
  const failed = events().find((e) => e.commandText?.includes('nowhere'))
  assert.equal(failed.exitCode, '42P01')
  assert.match(failed.errorMessage, /does not exist/)
})
