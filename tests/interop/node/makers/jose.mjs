// SPDX-License-Identifier: Apache-2.0
// jose as an issuer: a token with these claims.
import { readFileSync } from "node:fs";
import { importPKCS8, SignJWT } from "jose";

export default async function (task) {
    const key = await importPKCS8(readFileSync(task.key, "utf8"), task.alg);
    return new SignJWT(task.claims).setProtectedHeader({ alg: task.alg, kid: task.kid, typ: "JWT" }).sign(key);
}
