// SPDX-License-Identifier: Apache-2.0
// jsonwebtoken, with the keys by jwks-rsa.
import { promisify } from "node:util";
import jwt from "jsonwebtoken";
import jwksRsa from "jwks-rsa";

export default async function (task) {
    const keys = jwksRsa({ jwksUri: task.jwks_uri, timeout: 10000 });
    const find = (header, done) => keys.getSigningKey(header.kid, (error, key) => done(error, key?.getPublicKey()));
    return promisify(jwt.verify)(task.token, find, { issuer: task.issuer, audience: task.audience, algorithms: task.algs });
}

export function refused(error) {
    return error instanceof jwt.JsonWebTokenError && { why: error.message };
}
