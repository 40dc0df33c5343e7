// Calls functions of @huggingface/hub in turn: stdin holds [[name, parameters], ...] as JSON, stdout gets one outcome
// for each, {"value": ...} or {"error": {"status": ..., "message": ..., "data": ...}}. The argument is the folder the package is installed in.
import { createRequire } from "node:module";
import { join } from "node:path";
import { json } from "node:stream/consumers";

const hub = createRequire(join(process.argv[2], "package.json"))("@huggingface/hub");

/** Files travel as {"text": ...}; the client wants a Blob. */
const withBlobs = (name, value) => (typeof value?.text === "string" ? new Blob([value.text]) : value);

async function plain(value) {
  if (value instanceof Blob) return value.text();
  if (typeof value?.[Symbol.asyncIterator] !== "function") return value ?? null;
  const items = [];
  for await (const item of value) items.push(item);
  return items;
}

async function outcome([name, parameters]) {
  try {
    const made = JSON.parse(JSON.stringify(parameters), withBlobs);
    return { value: await plain(await hub[name](made)) };
  } catch (error) {
    return { error: { status: error.statusCode ?? null, message: String(error.message), data: error.data ?? null } };
  }
}

const outcomes = [];
for (const call of await json(process.stdin)) outcomes.push(await outcome(call));
process.stdout.write(JSON.stringify(outcomes));
