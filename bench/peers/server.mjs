// SPDX-License-Identifier: Apache-2.0
// oidc-provider with nothing but the client credentials grant, introspection and revocation, and all of its state in
// memory. Arguments: port, and for TLS the files of certificate and key. New keys at each start.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const [port, cert, key] = process.argv.slice(2);
const secret = process.env.BENCH_SECRET;
const KEPT = 200_000;

// A plain Map, oldest out first: the adapter that comes with the package holds 1,000 entries only.
const entries = new Map();
class Memory {
  constructor(model) { this.model = model; }

  async upsert(id, payload, ttl) {
    if (entries.size >= KEPT) entries.delete(entries.keys().next().value);
    entries.set(`${this.model}:${id}`, { payload, until: Date.now() + (ttl ?? 3600) * 1000 });
  }

  async find(id) {
    const entry = entries.get(`${this.model}:${id}`);
    return entry && entry.until > Date.now() ? entry.payload : undefined;
  }

  async destroy(id) { entries.delete(`${this.model}:${id}`); }

  async consume() {}

  async findByUid() {}

  async findByUserCode() {}

  async revokeByGrantId() {}
}

function signingKey(type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, kid: alg, use: 'sig' };
}

function resource(name) {
  const accessTokenTTL = 86400;
  return name === 'opaque'
    ? { scope: 'read', accessTokenTTL, accessTokenFormat: 'opaque' }
    : { scope: 'read', accessTokenTTL, accessTokenFormat: 'jwt', jwt: { sign: { alg: name } } };
}

const RESOURCES = new Map(['RS256', 'ES256', 'Ed25519', 'opaque'].map((n) => [`https://bench/${n}`, resource(n)]));
const client = (id) => ({
  client_id: id,
  client_secret: secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_basic',
});

const provider = new Provider(`${cert ? 'https' : 'http'}://127.0.0.1:${port}`, {
  adapter: Memory,
  clients: ['bench', 'asker'].map(client),
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'Ed25519'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://bench/RS256',
      getResourceServerInfo: (ctx, name) => RESOURCES.get(name),
    },
    revocation: { enabled: true },
  },
  jwks: {
    keys: [
      signingKey('rsa', { modulusLength: 2048 }, 'RS256'),
      signingKey('ec', { namedCurve: 'P-256' }, 'ES256'),
      signingKey('ed25519', {}, 'Ed25519'),
    ],
  },
  scopes: ['read'],
  ttl: { ClientCredentials: 86400 },
});
provider.on('server_error', (ctx, error) => console.error(error));

const server = cert
  ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.3' }, provider.callback())
  : http.createServer(provider.callback());
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1');
