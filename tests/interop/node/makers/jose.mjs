// SPDX-License-Identifier: Apache-2.0
// jose as an issuer: its set of keys, and a token with these claims.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { exportJWK, importPKCS8, SignJWT } from "jose";

export default async function (task) {
    const pem = readFileSync(task.key, "utf8");
    if (task.does === "keys") return { keys: [{ ...(await exportJWK(createPublicKey(pem))), kid: task.kid, alg: task.alg, use: "sig" }] };
    const header = { alg: task.alg, kid: task.kid, typ: "JWT" };
    return new SignJWT(task.claims).setProtectedHeader(header).sign(await importPKCS8(pem, task.alg));
}
