/**
 * A window that connects to many hosts at once, in a separate process: `node knownHostsWriter.ts FILE NUMBER ROUNDS`.
 * It starts when its standard input ends, and prints the hosts whose key it refused.
 */
import { once } from "node:events";
import { forgetHostKeys } from "../../src/trust/hostKeyRecords.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { createKnownHostsStorage } from "../../src/trust/knownHostsStorage.ts";
import { updateKnownHosts } from "../../src/trust/knownHostsUpdater.ts";
import { testHostConfig } from "./hostConfigs.ts";
import { ed25519Blob } from "./publicKeys.ts";
import { RecordingLogger } from "./recordingLogger.ts";

const [file = "", number = "", rounds = ""] = process.argv.slice(2);
const storage = createKnownHostsStorage("/nonexistent");
const logger = new RecordingLogger();
const signal = new AbortController().signal;
const prompter = { confirmUnknown: () => Promise.reject(new Error("nobody is asked")) };
const refused: string[] = [];

function configOf(hostName: string, hashKnownHosts: boolean) {
  return testHostConfig({
    ...{ hostName, hashKnownHosts, userKnownHostsFiles: [file], globalKnownHostsFiles: [] },
    ...{ strictHostKeyChecking: "accept-new", updateHostKeys: "yes" },
  });
}

async function connect(hostName: string, seed: number, hashed: boolean): Promise<void> {
  const config = configOf(hostName, hashed);
  const verifier = createHostKeyVerifier({ config, storage, logger, prompter });
  await verifier.verify(ed25519Blob(seed), "192.0.2.1", signal).catch(() => refused.push(hostName));
}

process.stdin.resume();
await once(process.stdin, "end");
for (let round = 0; round < Number(rounds); round++) {
  const hashed = round % 2 === 1;
  const updated = { name: `updated${round}`, config: configOf(`updated${round}`, hashed) };
  const announcement = { keys: [ed25519Blob(200 + round)], prove: async () => true };
  await Promise.all([
    connect(`own${number}-${round}`, 1, hashed),
    connect(`shared${round}`, 1, hashed),
    connect(`contested${round}`, 10 + Number(number), hashed),
    updateKnownHosts({ ...updated, storage, logger, prompter }, announcement, signal),
    forgetHostKeys(configOf(`forgotten${round}`, false), storage),
  ]);
}
process.stdout.write(JSON.stringify({ refused, complaints: logger.complaints }));
