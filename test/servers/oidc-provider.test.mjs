// What the probe says of a server that others wrote: held where its options are
// sound, broken where they switch a defence off.
import assert from 'node:assert/strict';
import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';

const binary = process.env.SERVERS_BINARY;

// serve starts the server and gives its address.
async function serve(t, mode) {
  const child = spawn(process.execPath, ['oidc-provider.mjs', mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return line.replace('listening on ', '');
}

// probe attacks the server and gives the exit code, and what became of each scenario.
async function probe(issuer) {
  const args = ['probe', issuer, '-o', 'json', '--every', '0', '--user', 'anna', '--scope', 'openid offline_access',
    '--client-id', 'shop', '--redirect-uri', 'http://127.0.0.1/shop/callback',
    '--other-client-id', 'other', '--other-redirect-uri', 'http://127.0.0.1/other/callback'];
  const env = {
    ...process.env, PROBE_PASSWORD: 'correct horse battery staple',
    PROBE_CLIENT_SECRET: 'secret-of-shop-0123456789abcdef', PROBE_OTHER_CLIENT_SECRET: 'secret-of-other-0123456789abcdef',
  };
  return new Promise((resolve, reject) => {
    execFile(binary, args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      try {
        const proofs = Object.fromEntries(JSON.parse(stdout).proofs.map((p) => [p.probe, p]));
        resolve({ code: error?.code ?? 0, proofs });
      } catch (fault) {
        reject(new Error(`${fault}: ${stdout.slice(0, 300)}${stderr}`));
      }
    });
  });
}

const told = (proofs) => Object.values(proofs).map((p) => `${p.probe} ${p.result}: ${p.why ?? ''}`).join('\n');

test('sound options: nothing is broken', async (t) => {
  const { code, proofs } = await probe(await serve(t, 'sound'));
  assert.equal(code, 0, told(proofs));
  const stolen = proofs['probe.stolen-code'];
  assert.equal(stolen.result, 'held', told(proofs));
  assert.ok(stolen.inferred, 'the defence that answered is only inferred: this server names none');
  const held = stolen.cases.filter((c) => c.result === 'held').map((c) => c.case);
  assert.deepEqual(held, [0, 1, 2, 3, 4, 5, 6]);
});

test('its defences switched off: the right scenarios break', async (t) => {
  const { code, proofs } = await probe(await serve(t, 'careless'));
  const broken = Object.values(proofs).filter((p) => p.result === 'broken').map((p) => p.probe).sort();
  const want = ['probe.foreign-introspection', 'probe.refresh-reuse', 'probe.weak-flows'];
  assert.deepEqual(broken, want, told(proofs));
  assert.equal(code, 2);
  assert.equal(proofs['probe.stolen-code'].result, 'held', 'what is not switched off still holds');
});
