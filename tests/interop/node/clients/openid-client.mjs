// SPDX-License-Identifier: Apache-2.0
// openid-client: a certified relying party. It finds everything by discovery and checks the issuer.
import { readFileSync } from "node:fs";
import * as client from "openid-client";
import { importPKCS8 } from "jose";
import { Agent, fetch } from "undici";

async function authentication(task) {
    switch (task.method) {
    case "client_secret_basic": return client.ClientSecretBasic(task.client_secret);
    case "client_secret_post": return client.ClientSecretPost(task.client_secret);
    case "private_key_jwt": {
        const key = await importPKCS8(readFileSync(task.key, "utf8"), task.alg);
        return client.PrivateKeyJwt(task.kid ? { key, kid: task.kid } : key, {
            [client.modifyAssertion]: (header, payload) => {
                for (const [name, value] of Object.entries(task.claims ?? {})) payload[name] = value ?? undefined;
            },
        });
    }
    case "assertion": return (as, c, body) => { // somebody else's token, as a workload has it
        body.set("client_id", c.client_id);
        body.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        body.set("client_assertion", task.assertion);
    };
    case "tls": return client.TlsClientAuth();
    default: throw new Error(`no method ${task.method}`);
    }
}

// The certificate is Node's business: openid-client asks for a fetch that has it.
function withCertificate(task) {
    const dispatcher = new Agent({ connect: { cert: readFileSync(task.cert), key: readFileSync(task.key), ca: readFileSync(task.ca) } });
    return (url, options) => fetch(url, { ...options, dispatcher });
}

async function configuration(task) {
    const options = { algorithm: task.discovery ?? "oauth2", execute: task.issuer.startsWith("http:") ? [client.allowInsecureRequests] : [] };
    if (task.cert) options[client.customFetch] = withCertificate(task);
    return client.discovery(new URL(task.issuer), task.client_id, { use_mtls_endpoint_aliases: true }, await authentication(task), options);
}

export default async function (task) {
    const config = await configuration(task);
    const does = {
        token: () => client.clientCredentialsGrant(config, task.parameters),
        introspect: () => client.tokenIntrospection(config, task.token),
        revoke: () => client.tokenRevocation(config, task.token),
        metadata: () => config.serverMetadata(),
    };
    return does[task.does]();
}

export async function refused(error) {
    const response = error.response ?? (error.cause instanceof Response ? error.cause : undefined);
    if (!response && !error.status) return undefined;
    const body = error.error ? error.cause : await response.json();
    return { status: error.status ?? response.status, ...body, challenge: response?.headers.get("www-authenticate") ?? null };
}
