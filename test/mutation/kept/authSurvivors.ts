import { inFile, type KeptSurvivor, why } from "./keptSurvivor.ts";

const engine = "test/engine/securityKeys.test.ts runs it with OpenSSH's programs";
const worker = "it runs in a thread of the built extension: test/engine/authKeyReader.test.ts";
const realAgent = "test/engine/agentKeys.test.ts compares it with the real ssh-agent";

export const authSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/auth/agent/addToAgent.ts",
    [
      "if (encoded === undefined || path === undefined || setting === undefined || agent.add === undefined) {",
      why.twoGuards,
    ],
    ["...(setting.seconds !== undefined && { lifetime: setting.seconds }),", why.compilerOnly],
    [
      "const encoded = setting === undefined || path === undefined ? undefined : key.forAgent?.();",
      why.twoGuards,
    ],
  ),
  ...inFile(
    "src/auth/agent/agentClient.ts",
    [
      'throw new AgentError("unreachable", `The agent\'s path is longer than ${longestPath} bytes: ${path}`);',
      "newer versions of Node refuse such a path, too",
    ],
    [
      'new AgentError("timed-out", `The agent at ${path} did not answer within ${limit / 1000} s`);',
      why.wording,
    ],
    ['signal.addEventListener("abort", () => reject(signal.reason), { once: true });', why.once],
    [
      'if (!path.startsWith("\\\\\\\\") && Buffer.byteLength(path) > longestPath) {',
      "newer versions of Node refuse such a path, too",
    ],
    ["if (length === 0 || length > longestMessage) {", why.twoGuards],
  ),
  ...inFile("src/auth/agent/agentMessages.ts", [
    "if (publicKey === undefined || comment === undefined) {",
    why.sameResult,
  ]),
  ...inFile("src/auth/authErrors.ts", [
    "static is(error: unknown): error is AgentError {",
    "test/engine/authAgent.test.ts reaches it",
  ]),
  ...inFile(
    "src/auth/authenticator.ts",
    ["#wasAsked = false;", "it is set before it is read"],
    ["if (await can?.(this.#methodsLeft ?? [])) {", why.compilerOnly],
    ["default:", why.sameResult],
    ["methodsLeft: (this.#methodsLeft ?? []).map((name) => printable(name)),", why.compilerOnly],
    [
      "return this.#answeredAt !== undefined && this.#clock.monotonic() - this.#answeredAt > longWait;",
      "a boundary in milliseconds",
    ],
    ["if (change === undefined) {", why.compilerOnly],
    ["if (round > 1) {", "the password of the first round is asked for after it"],
  ),
  ...inFile(
    "src/auth/identities.ts",
    ["if (agentKeys.length < allAgentKeys.length) {", why.log],
    [
      "const others = config.identitiesOnly ? [] : agentKeys.filter((key) => fileOf(key) === undefined);",
      why.twoGuards,
    ],
    ["(publicKeyOf(read) === undefined && beside === certificate)),", why.twoGuards],
    ['case "public":', why.compilerOnly],
    [
      "...named.map((key) => agentIdentity(request, key, `${fileOf(key)?.origin} (agent)`)),",
      why.compilerOnly,
    ],
    ['read.kind !== "public" &&', why.twoGuards],
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
      why.wording,
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
    ["): KeyFileError => new KeyFileError(reason, file, `${file}: ${what}`, { cause });", why.log],
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
    ["} finally {", why.cost],
    ["clearTimeout(timer);", why.cost],
    ["signal?.throwIfAborted();", worker],
    ['worker.once("error", reject);', worker],
    [
      'worker.once("exit", (code) => reject(new Error(`The key worker ended early with exit code ${code}`)));',
      worker,
    ],
    ["worker.terminate().catch(() => {});", why.cost],
  ),
  ...inFile(
    "src/auth/keys/keyRing.ts",
    ["const done = Promise.allSettled([before, turn]).then(() => {", why.cost],
    ["if (this.#turns.get(file) === done) {", why.cost],
    ["this.#turns.delete(file);", why.cost],
  ),
  ...inFile(
    "src/auth/keys/openSshPrivateKey.ts",
    [
      "const padded = Buffer.concat([Buffer.alloc(bytes), secret]).subarray(-bytes);",
      "Node takes a number with any leading zeros",
    ],
    ["kdf === undefined ||", why.missing],
    ["kdfOptions === undefined ||", why.missing],
    ["tag === undefined ||", why.compilerOnly],
    [
      'return cipher === undefined || envelope.kdf !== "bcrypt" || salt === undefined || rounds === undefined',
      why.missing,
    ],
    ["} catch {", why.sameResult],
    ["jwk === undefined ||", why.twoGuards],
    ["padding?.every((byte, index) => byte === ((index + 1) & 0xff)) !== true", why.compilerOnly],
    ["cipher === undefined ||", why.compilerOnly],
    ["publicKey === undefined ||", why.compilerOnly],
    ["dp: number(d % (p - 1n)),", "OpenSSL computes without these numbers where they are wrong"],
    ["dq: number(d % (q - 1n)),", "OpenSSL computes without these numbers where they are wrong"],
    ["point?.length !== 1 + 2 * bytes ||", "Node refuses such a point, too"],
    ["point[0] !== 4 ||", "Node refuses such a point, too"],
  ),
  ...inFile("src/auth/keys/pemBlocks.ts", [
    "const label = at < 0 ? undefined : begin.exec(line.slice(at))?.[1];",
    why.sameResult,
  ]),
  ...inFile(
    "src/auth/keys/pkcs8Work.ts",
    ["for (let at = from; at < to; ) {", why.sameResult],
    ["const digits = first < 0 ? bytes.subarray(0, 0) : bytes.subarray(first);", why.sameResult],
    [
      "return digits.length > 4 || (digits.length > 0 && digits.readUIntBE(0, digits.length) > mostRounds);",
      "a number of four bytes is above the limit",
    ],
    ["if (tag === undefined || length === undefined) {", why.twoGuards],
    ["const bytes = length < 0x80 ? 0 : length & 0x7f;", why.sameResult],
    ["if (found === undefined || found.end > to) {", why.compilerOnly],
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
    ["default:", why.sameResult],
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
  ...inFile("src/auth/loginMemory.ts", ["if (stored) {", why.sameResult]),
  ...inFile("src/auth/agent/agentKeys.ts", [
    "for (const key of unique.filter(({ type }) => !usableTypes.test(type)).slice(0, mostLeftOutLogged)) {",
    why.log,
  ]),
  ...inFile("src/auth/keys/identityFiles.ts", [
    "if (config.identityFilesAreDefault && isMissing) {",
    why.log,
  ]),
  ...inFile(
    "src/auth/loginNeeds.ts",
    ["return !this.needsPerson(login) || this.#entries.get(keyOf(login))?.tried !== true;", why.compilerOnly],
    ["return passwordSecret({ ...login, hostName: login.hostName.toLowerCase() });", why.sameResult],
  ),
  ...inFile("src/auth/passwordQuestion.ts", ["first?.echo === false &&", why.compilerOnly]),
  ...inFile(
    "src/auth/passwordSource.ts",
    ["#isDoubtful = false;", "it is set before it is read"],
    ["this.#pending = { value, isStored: true, remember: false };", "what is stored is not stored again"],
    ["const wasStored = this.#pending?.isStored === true || this.#outdated;", why.compilerOnly],
    ["} else if (this.#outdated && this.#stored !== undefined) {", why.compilerOnly],
  ),
  ...inFile("src/auth/secrets.ts", [
    'return ` via ProxyCommand ${createHash("sha256").update(proxyCommand).digest("hex").slice(0, 12)}`;',
    "a longer hash names the password as well",
  ]),
  ...inFile("src/auth/signatureAlgorithms.ts", [
    'return algorithm.replace(/^rsa-sha2-(?:256|512)/, "ssh-rsa");',
    why.sameResult,
  ]),
];
