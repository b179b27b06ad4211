// SPDX-License-Identifier: Apache-2.0
// Does one task with one library: the task is JSON on stdin, {"library": "clients/curl", …}; what came of it is JSON on
// stdout. A module's default function returns what the library gave its caller, and its `refused` reads the library's error;
// an error that is no refusal is a failure of the test.
import { text } from "node:stream/consumers";

const task = JSON.parse(await text(process.stdin));
const library = await import(`./${task.library}.mjs`);
let said;
try {
    said = { ok: (await library.default(task)) ?? null };
} catch (error) {
    const refused = await library.refused?.(error);
    if (!refused) throw error;
    said = { refused };
}
console.log(JSON.stringify(said));
