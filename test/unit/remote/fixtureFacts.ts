import { readFileSync } from "node:fs";
import { parseProbe } from "../../../src/remote/parse/probeOutput.ts";
import type { RemoteFacts } from "../../../src/remote/remoteFacts.ts";
import { splitParts } from "../../../src/remote/remoteScript.ts";

/** The facts of one system's recorded or transcribed output; the file's heading names the source. */
export function fixtureFacts(name: string): RemoteFacts {
  const text = readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), "utf8");
  return parseProbe(splitParts(text, "BOUNDARY"));
}
