import {
  compilerOnly,
  cost,
  inFile,
  type KeptSurvivor,
  sameResult,
  twoGuards,
  wording,
} from "./keptSurvivor.ts";

const engine = "test/engine/securityKeys.test.ts runs it with OpenSSH's programs";
const worker = "it runs in a thread of the built extension: test/engine/authKeyReader.test.ts";
const realAgent = "test/engine/agentKeys.test.ts compares it with the real ssh-agent";

export const authSurvivors: readonly KeptSurvivor[] = [
  ...inFile("src/auth/agent/addToAgent.ts", [
    "const encoded = setting === undefined || path === undefined ? undefined : key.forAgent?.();",
    twoGuards,
  ]),
  ...inFile(
    "src/auth/agent/agentClient.ts",
    [
      'if (!path.startsWith("\\\\\\\\") && Buffer.byteLength(path) > longestPath) {',
      "newer versions of Node refuse such a path, too",
    ],
    ["if (length === 0 || length > longestMessage) {", twoGuards],
  ),
  ...inFile("src/auth/agent/agentMessages.ts", [
    "if (publicKey === undefined || comment === undefined) {",
    sameResult,
  ]),
  ...inFile("src/auth/authErrors.ts", [
    "static is(error: unknown): error is AgentError {",
    "test/engine/authAgent.test.ts reaches it",
  ]),
  ...inFile(
    "src/auth/authenticator.ts",
    [
      "return this.#answeredAt !== undefined && this.#clock.monotonic() - this.#answeredAt > longWait;",
      "a boundary in milliseconds",
    ],
    ["if (change === undefined) {", compilerOnly],
    ["if (round > 1) {", "the password of the first round is asked for after it"],
  ),
  ...inFile(
    "src/auth/identities.ts",
    ["...named.map((key) => agentIdentity(request, key, `${fileOf(key)?.origin} (agent)`)),", compilerOnly],
    ['read.kind !== "public" &&', twoGuards],
  ),
  ...inFile(
    "src/auth/keyOffers.ts",
    ["securityKey: (file, publicKey) => (data, algorithm) =>", engine],
    ["...{ file, publicKey, agent, signal },", engine],
    ["pin: async (attempt) =>", engine],
    ["mayAsk && prompter.pin !== undefined", engine],
    [
      "return requestAlgorithm(type, this.#options.config.pubkeyAcceptedAlgorithms, [type]) === undefined &&",
      wording,
    ],
  ),
  ...inFile("src/auth/keyPlan.ts", [
    'throw new KeyFileError("unreadable", file, `${file} is not opened to be listed`);',
    "nothing calls it: keys are only listed there",
  ]),
  ...inFile("src/auth/keys/certificateFile.ts", [
    "if (!FileError.is(cause)) {",
    "only a defect raises another error",
  ]),
  ...inFile("src/auth/keys/decryptWorker.ts", ['case "pem":', worker]),
  ...inFile(
    "src/auth/keys/keyDecrypter.ts",
    ["signal?.throwIfAborted();", worker],
    ['worker.once("error", reject);', worker],
    [
      'worker.once("exit", (code) => reject(new Error(`The key worker ended early with exit code ${code}`)));',
      worker,
    ],
    ["worker.terminate().catch(() => {});", cost],
  ),
  ...inFile("src/auth/keys/keyRing.ts", ["this.#turns.delete(file);", cost]),
  ...inFile(
    "src/auth/keys/openSshPrivateKey.ts",
    ["cipher === undefined ||", compilerOnly],
    ["publicKey === undefined ||", compilerOnly],
    ["dp: number(d % (p - 1n)),", "OpenSSL computes without these numbers where they are wrong"],
    ["dq: number(d % (q - 1n)),", "OpenSSL computes without these numbers where they are wrong"],
    ["point?.length !== 1 + 2 * bytes ||", "Node refuses such a point, too"],
    ["point[0] !== 4 ||", "Node refuses such a point, too"],
  ),
  ...inFile("src/auth/keys/pemBlocks.ts", [
    "const label = at < 0 ? undefined : begin.exec(line.slice(at))?.[1];",
    sameResult,
  ]),
  ...inFile("src/auth/keys/pkcs8Work.ts", ["if (found === undefined || found.end > to) {", compilerOnly]),
  ...inFile(
    "src/auth/keys/privateKeySigner.ts",
    ["default:", sameResult],
    ['return Buffer.concat([wireString("ssh-rsa"), ...numbers]);', realAgent],
    ["forAgent: () =>", realAgent],
  ),
  ...inFile(
    "src/auth/loginAsker.ts",
    [
      "this.#passphrases.set(file, { value: stored, isStored: true, remember: false });",
      "it would store again what is stored",
    ],
    [
      "this.#passphrases.set(file, { ...answer, isStored: false });",
      "what is not stored is not deleted either",
    ],
  ),
  ...inFile("src/auth/loginMemory.ts", ["if (stored) {", sameResult]),
];
