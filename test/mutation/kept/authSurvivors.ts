import {
  compilerOnly,
  cost,
  inFile,
  type KeptSurvivor,
  log,
  missing,
  once,
  sameResult,
  twoGuards,
  wording,
} from "./keptSurvivor.ts";

const engine = "test/engine/securityKeys.test.ts runs it with OpenSSH's programs";
const worker = "it runs in a thread of the built extension: test/engine/authKeyReader.test.ts";
const realAgent = "test/engine/agentKeys.test.ts compares it with the real ssh-agent";

export const authSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/auth/agent/addToAgent.ts",
    [
      "if (encoded === undefined || path === undefined || setting === undefined || agent.add === undefined) {",
      twoGuards,
    ],
    ["...(setting.seconds !== undefined && { lifetime: setting.seconds }),", compilerOnly],
    [
      "const encoded = setting === undefined || path === undefined ? undefined : key.forAgent?.();",
      twoGuards,
    ],
  ),
  ...inFile(
    "src/auth/agent/agentClient.ts",
    [
      'throw new AgentError("unreachable", `The agent\'s path is longer than ${longestPath} bytes: ${path}`);',
      "newer versions of Node refuse such a path, too",
    ],
    ['new AgentError("timed-out", `The agent at ${path} did not answer within ${limit / 1000} s`);', wording],
    ['signal.addEventListener("abort", () => reject(signal.reason), { once: true });', once],
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
    ["#wasAsked = false;", "it is set before it is read"],
    ["if (await can?.(this.#methodsLeft ?? [])) {", compilerOnly],
    ["default:", sameResult],
    ["methodsLeft: (this.#methodsLeft ?? []).map((name) => printable(name)),", compilerOnly],
    [
      "return this.#answeredAt !== undefined && this.#clock.monotonic() - this.#answeredAt > longWait;",
      "a boundary in milliseconds",
    ],
    ["if (change === undefined) {", compilerOnly],
    ["if (round > 1) {", "the password of the first round is asked for after it"],
  ),
  ...inFile(
    "src/auth/identities.ts",
    ["if (agentKeys.length < allAgentKeys.length) {", log],
    [
      "const others = config.identitiesOnly ? [] : agentKeys.filter((key) => fileOf(key) === undefined);",
      twoGuards,
    ],
    ["(publicKeyOf(read) === undefined && beside === certificate)),", twoGuards],
    ['case "public":', compilerOnly],
    ["...named.map((key) => agentIdentity(request, key, `${fileOf(key)?.origin} (agent)`)),", compilerOnly],
    ['read.kind !== "public" &&', twoGuards],
  ),
  ...inFile(
    "src/auth/keyOffers.ts",
    ["{", engine],
    ["passphrase: async (attempt) =>", engine],
    ["#securityKeyPrompts(file: string): SecurityKeyPrompts {", engine],
    ["const answered = <T>(answer: T | undefined): T => {", engine],
    ["if (answer === undefined) {", engine],
    ["return {", engine],
    ["securityKey: (file, publicKey) => (data, algorithm) =>", engine],
    ["...{ file, publicKey, agent, signal },", engine],
    ["pin: async (attempt) =>", engine],
    ["mayAsk && prompter.pin !== undefined", engine],
    [
      "return requestAlgorithm(type, this.#options.config.pubkeyAcceptedAlgorithms, [type]) === undefined &&",
      wording,
    ],
  ),
  ...inFile(
    "src/auth/keyPlan.ts",
    ["function notOpened(file: string): Promise<never> {", "nothing calls it: keys are only listed there"],
    ["securityKey: (file) => () => notOpened(file),", "nothing calls it: keys are only listed there"],
    [
      'throw new KeyFileError("unreadable", file, `${file} is not opened to be listed`);',
      "nothing calls it: keys are only listed there",
    ],
  ),
  ...inFile(
    "src/auth/keys/certificateFile.ts",
    ["): KeyFileError => new KeyFileError(reason, file, `${file}: ${what}`, { cause });", log],
    [
      'const [, type = "", base64 = ""] = /^[ \\t]*([^ \\t]+)[ \\t]+([A-Za-z0-9+/]+=*)(?=\\s|$)/.exec(line) ?? [];',
      "only later elements are read",
    ],
    ["if (!FileError.is(cause)) {", "only a defect raises another error"],
  ),
  ...inFile(
    "src/auth/keys/decryptWorker.ts",
    ["function reply(request: DecryptRequest): DecryptReply {", worker],
    ['case "bcrypt": {', worker],
    ["return status === 0 ? derived : undefined;", worker],
    ["try {", worker],
    ['return createPrivateKey({ key: request.pem, format: "pem", passphrase }).export({', worker],
    ["} catch {", worker],
    ["parentPort?.postMessage(reply(workerData as DecryptRequest));", worker],
    ['case "pem":', worker],
  ),
  ...inFile(
    "src/auth/keys/keyDecrypter.ts",
    [
      "export function decryptInWorker(request: DecryptRequest, signal?: AbortSignal): Promise<DecryptReply> {",
      worker,
    ],
    ['const worker = new Worker(workerFile, { workerData: request, name: "ssh-key" });', worker],
    ["onAbort = () => reject(signal?.reason);", worker],
    ['signal?.addEventListener("abort", onAbort, { once: true });', worker],
    ['worker.once("message", resolve);', worker],
    ['signal?.removeEventListener("abort", onAbort);', worker],
    ["} finally {", cost],
    ["clearTimeout(timer);", cost],
    ["signal?.throwIfAborted();", worker],
    ['worker.once("error", reject);', worker],
    [
      'worker.once("exit", (code) => reject(new Error(`The key worker ended early with exit code ${code}`)));',
      worker,
    ],
    ["worker.terminate().catch(() => {});", cost],
  ),
  ...inFile(
    "src/auth/keys/keyRing.ts",
    ["const done = Promise.allSettled([before, turn]).then(() => {", cost],
    ["if (this.#turns.get(file) === done) {", cost],
    ["this.#turns.delete(file);", cost],
  ),
  ...inFile(
    "src/auth/keys/openSshPrivateKey.ts",
    [
      "const padded = Buffer.concat([Buffer.alloc(bytes), secret]).subarray(-bytes);",
      "Node takes a number with any leading zeros",
    ],
    ["kdf === undefined ||", missing],
    ["kdfOptions === undefined ||", missing],
    ["tag === undefined ||", compilerOnly],
    [
      'return cipher === undefined || envelope.kdf !== "bcrypt" || salt === undefined || rounds === undefined',
      missing,
    ],
    ["} catch {", sameResult],
    ["jwk === undefined ||", twoGuards],
    ["padding?.every((byte, index) => byte === ((index + 1) & 0xff)) !== true", compilerOnly],
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
  ...inFile(
    "src/auth/keys/pkcs8Work.ts",
    ["for (let at = from; at < to; ) {", sameResult],
    ["const digits = first < 0 ? bytes.subarray(0, 0) : bytes.subarray(first);", sameResult],
    [
      "return digits.length > 4 || (digits.length > 0 && digits.readUIntBE(0, digits.length) > mostRounds);",
      "a number of four bytes is above the limit",
    ],
    ["if (tag === undefined || length === undefined) {", twoGuards],
    ["const bytes = length < 0x80 ? 0 : length & 0x7f;", sameResult],
    ["if (found === undefined || found.end > to) {", compilerOnly],
  ),
  ...inFile(
    "src/auth/keys/privateKeySigner.ts",
    ["function privateJwk(key: KeyObject): JsonWebKey {", realAgent],
    ['return key.export({ format: "jwk" });', realAgent],
    ["forAgent() {", realAgent],
    ["const numbers = [n, e, d, qi, p, q].map((number) => wireMpint(base64Url(number)));", realAgent],
    [
      "Buffer.concat([...[type, curve.name, point].map(wireString), wireMpint(base64Url(privateJwk(key).d))]),",
      realAgent,
    ],
    [
      "Buffer.concat([type, point, Buffer.concat([base64Url(privateJwk(key).d), point])].map(wireString)),",
      realAgent,
    ],
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
  ...inFile("src/auth/agent/agentKeys.ts", [
    "for (const key of unique.filter(({ type }) => !usableTypes.test(type)).slice(0, mostLeftOutLogged)) {",
    log,
  ]),
  ...inFile("src/auth/keys/identityFiles.ts", ["if (config.identityFilesAreDefault && isMissing) {", log]),
  ...inFile(
    "src/auth/loginNeeds.ts",
    ["return !this.needsPerson(login) || this.#entries.get(keyOf(login))?.tried !== true;", compilerOnly],
    ["return passwordSecret({ ...login, hostName: login.hostName.toLowerCase() });", sameResult],
  ),
  ...inFile("src/auth/passwordQuestion.ts", ["first?.echo === false &&", compilerOnly]),
  ...inFile(
    "src/auth/passwordSource.ts",
    ["#isDoubtful = false;", "it is set before it is read"],
    ["this.#pending = { value, isStored: true, remember: false };", "what is stored is not stored again"],
    ["const wasStored = this.#pending?.isStored === true || this.#outdated;", compilerOnly],
    ["} else if (this.#outdated && this.#stored !== undefined) {", compilerOnly],
  ),
  ...inFile("src/auth/secrets.ts", [
    'return ` via ProxyCommand ${createHash("sha256").update(proxyCommand).digest("hex").slice(0, 12)}`;',
    "a longer hash names the password as well",
  ]),
  ...inFile("src/auth/signatureAlgorithms.ts", [
    'return algorithm.replace(/^rsa-sha2-(?:256|512)/, "ssh-rsa");',
    sameResult,
  ]),
];
