// SPDX-License-Identifier: Apache-2.0
// jose, with the keys from the address that the metadata names.
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

export default async function (task) {
    const { payload } = await jwtVerify(task.token, createRemoteJWKSet(new URL(task.jwks_uri)), {
        issuer: task.issuer, audience: task.audience, algorithms: task.algs, typ: "at+jwt", requiredClaims: ["iss", "aud", "exp", "sub"],
    });
    return payload;
}

export function refused(error) {
    return error instanceof errors.JOSEError && { why: error.code };
}
