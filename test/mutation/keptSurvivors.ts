/** A survivor that stays, and the reason. It applies to every mutant that begins on this line of this file. */
export interface KeptSurvivor {
  readonly file: string;
  /** The whole line, without its indentation. */
  readonly line: string;
  readonly reason: string;
}

const compilerOnly = "only the compiler needs it: the value is always there";
const twoGuards = "two checks guard this, and either is enough";
const missing = "a message that lacks this field lacks what is checked beside it, too";
const cost = "it costs time or memory, and changes no result";
const log = "a line of the log";
const sameResult = "both forms do the same";
const wording = "only the words of a message differ";
const engine = "test/engine/securityKeys.test.ts runs it with OpenSSH's programs";
const worker = "it runs in a thread of the built extension: test/engine/authKeyReader.test.ts";
const realAgent = "test/engine/agentKeys.test.ts compares it with the real ssh-agent";

/** `[line, reason]` for each. */
function inFile(file: string, ...kept: readonly (readonly [string, string])[]): readonly KeptSurvivor[] {
  return kept.map(([line, reason]) => ({ file, line, reason }));
}

export const keptSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/engine/channels/channel.ts",
    [
      "return this.#remoteId !== undefined && !this.#closeSent && !this.#closeReceived && !this.#lost;",
      "no caller has a channel before it is confirmed",
    ],
    [
      "...(this.#remoteId !== undefined && { remoteId: this.#remoteId }),",
      "no caller has a channel before it is confirmed",
    ],
    [
      "if (this.#remoteId !== undefined && !this.#closeSent && !this.#lost) {",
      "nothing is sent on a channel before it is confirmed",
    ],
    ["if (this.isOpen) {", twoGuards],
    ["if (!closedByUs) {", twoGuards],
    ["if (!this.#eofReceived) {", twoGuards],
    ["if (this.#ended) {", twoGuards],
    ["this.#ended = true;", twoGuards],
    [
      "for (const emitter of [this.#received, this.#gotEof, this.#closed, this.#drained]) {",
      "nothing is fired after the end",
    ],
    ["emitter.dispose();", "nothing is fired after the end"],
  ),
  ...inFile("src/engine/channels/channelOpening.ts", [
    'signal.addEventListener("abort", this.#onAbort, { once: true });',
    "a signal fires once",
  ]),
  ...inFile(
    "src/engine/channels/channelStream.ts",
    ["super({ highWaterMark: 64 * 1024 });", "the default of Node 22 is the same"],
    ["this.#closed = true;", twoGuards],
    ["if (!this.readableEnded) {", "a stream that has ended takes a second end"],
  ),
  ...inFile(
    "src/engine/channels/channelTable.ts",
    ["if (this.#ended) {", twoGuards],
    ["if (!this.#ended) {", twoGuards],
    [
      "const channels = [...this.#channels].filter(([id]) => !this.#openings.has(id));",
      "nobody listens to a channel that was not confirmed",
    ],
    ["this.#parked.clear();", cost],
    ["if (channel === undefined || opening === undefined) {", compilerOnly],
  ),
  ...inFile(
    "src/engine/channels/forgivenMessages.ts",
    ["const repeated = [...this.#counts].filter(([, count]) => count > 1);", log],
    ["if (repeated.length > 0) {", log],
  ),
  ...inFile(
    "src/engine/channels/globalRequests.ts",
    ['signal.addEventListener("abort", onAbort, { once: true });', "a signal fires once"],
    [
      "this.#waiting.splice(index, 1)[0]?.settle({ accepted: false, body: new WireReader(Buffer.alloc(0)) });",
      compilerOnly,
    ],
  ),
  ...inFile(
    "src/engine/channels/pieceQueue.ts",
    ["const room = kept === undefined ? 0 : kept.data.length - kept.used;", cost],
    ["if (this.#length === 0 && (data.length >= small || data.length > room)) {", cost],
    ["if (data.length >= small) {", cost],
    ["if (last === undefined || last.data.length - last.used < data.length) {", cost],
  ),
  ...inFile(
    "src/trust/certificate.ts",
    ["if (count === undefined || nonce === undefined) {", twoGuards],
    ["keyId === undefined ||", twoGuards],
  ),
  ...inFile("src/trust/hostKeyRecords.ts", ["if (text === undefined || name === undefined) {", compilerOnly]),
  ...inFile(
    "src/trust/hostKeyVerifier.ts",
    ["isBare = true;", twoGuards],
    [
      'return address !== undefined && (/^(?:::ffff:)?127\\.\\d+\\.\\d+\\.\\d+$/i.test(address) || address === "::1");',
      "addresses are as Node writes them",
    ],
  ),
  ...inFile(
    "src/trust/keyRevocationList.ts",
    [
      'throw new RevocationFileError(`its format version is ${version ?? "missing"}, not ${formatVersion}`);',
      wording,
    ],
    ["if (this.#pacer.isDue()) {", cost],
    ["if (bit < 0n || bit >= BigInt(bitmap.length) * 8n) {", sameResult],
    [
      'throw new RevocationFileError(`it needs the unknown extension ${name.toString("latin1").slice(0, 100)}`);',
      wording,
    ],
  ),
  ...inFile(
    "src/trust/knownHosts.ts",
    ["if (pacer.isDue(4 + ((end - start) >> 9))) {", cost],
    ["for (let number = 1; start < bytes.length; number++) {", sameResult],
    ["if (blank < 0) {", wording],
    [
      'const isFound = found !== undefined && "key" in found && found.marker === "none" && found.key.equals(key);',
      compilerOnly,
    ],
  ),
  ...inFile("src/trust/knownHostsCommand.ts", [
    "throw new KnownHostsCommandError(`KnownHostsCommand took longer than ${seconds} s`);",
    "the limit is 30 s of real time",
  ]),
  ...inFile(
    "src/trust/knownHostsUpdater.ts",
    ["(key) => formatKnownHost(name, claimedKeyType(key), key, config.hashKnownHosts) ?? [],", compilerOnly],
    ["for (const { type, key } of removed) {", log],
  ),
  ...inFile("src/trust/otherNames.ts", ["if (pacer.isDue(1)) {", cost]),
  ...inFile("src/trust/publicKeySignature.ts", [
    "if (r.length > curve.bytes || s.length > curve.bytes || point.length !== 1 + 2 * curve.bytes) {",
    "Node refuses such numbers and points, too",
  ]),
  ...inFile(
    "src/trust/randomart.ts",
    ["const visits = (column: number, row: number): number => field[row]?.[column] ?? 0;", compilerOnly],
    ["field[row]?.splice(column, 1, value);", compilerOnly],
    ["return whole.length > width ? `[${name}]` : whole;", "no type and size give a title of this length"],
    [
      "const [, isSk, curve] = /^(sk-)?ecdsa-sha2-nistp(\\d+)$/.exec(plain) ?? [];",
      "only later elements are read",
    ],
  ),
  ...inFile("src/trust/revokedKeys.ts", ["if (pacer.isDue()) {", cost]),
  ...inFile("src/master/channelOpener.ts", [
    'signal.addEventListener("abort", onAbort, { once: true });',
    "a signal fires once",
  ]),
  ...inFile("src/master/heartbeat.ts", [
    "this.#count = { unanswered: 0, lastProbe: now, excusedUntil: now, due: { wall: 0, monotonic: 0 } };",
    "it is set before it is read",
  ]),
  ...inFile(
    "src/master/master.ts",
    ["if (this.isEnded) {", twoGuards],
    ["this.#end(undefined);", "the destroyed connection reports its end, too"],
  ),
  ...inFile("src/master/masterHolders.ts", [
    "if (connection?.noteUse !== undefined && first !== undefined && said !== this.#said) {",
    compilerOnly,
  ]),
  ...inFile("src/master/masterRegistry.ts", [
    "this.#changed.dispose();",
    "a disposed master reports no change",
  ]),
  ...inFile("src/master/prober.ts", ["() => {", "it happens only at the end, after which nothing is judged"]),
  ...inFile("src/session/sessionManager.ts", [
    'signal?.addEventListener("abort", onAbort, { once: true });',
    "a signal fires once",
  ]),
  ...inFile("src/session/sessionOpener.ts", [
    "mayAsk = false;",
    "a login with prompts does not fail for lack of them",
  ]),
  ...inFile("src/session/run/execute.ts", [
    "...(options.purpose !== undefined && { purpose: options.purpose }),",
    compilerOnly,
  ]),
  ...inFile(
    "src/session/sshSession.ts",
    ["if (this.isEnded) {", twoGuards],
    ["this.#timers.clear();", cost],
    ['this.#state.kind === "ended" &&', "only the history asks, after the end"],
  ),
  ...inFile(
    "src/reconnect/reconnectGroup.ts",
    [
      "if (outage?.master === undefined || members.length === 0 || isConnected) {",
      "an outage ends with its last member",
    ],
    ["if (!CancelledError.is(error) && this.#outage !== undefined) {", compilerOnly],
    ["if (this.#attempt !== undefined) {", compilerOnly],
    ["} else if (this.#init.clock.monotonic() < this.#requestedUntil) {", "a boundary in milliseconds"],
    ["if (this.#outage !== undefined) {", compilerOnly],
    ["member.showWait(member.followsTimer ? this.#next?.until : undefined);", compilerOnly],
  ),
  ...inFile("src/reconnect/reconnectMember.ts", [
    'if (this.#shown === undefined || this.#shown === "others" || this.#shown.until !== until) {',
    "the time changes only with an attempt, after which it is shown in any case",
  ]),
  ...inFile(
    "src/reconnect/failureClass.ts",
    ['case "protocol":', "its cause is no error of this extension"],
    ['case "refused-before-version":', sameResult],
  ),
  ...inFile(
    "src/reconnect/connectionLink.ts",
    ["const isLost = master.endReason !== undefined && isLoss(master.endReason);", compilerOnly],
    [
      "if (this.#masterId !== undefined && (this.#ticket !== undefined || registry.get(this.#masterId))) {",
      "without an id nothing waits, and the registry finds nothing",
    ],
    ["this.#lease?.dispose();", compilerOnly],
  ),
  ...inFile("src/reconnect/reconnections.ts", ["this.#groups.clear();", cost]),
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
    "src/auth/authenticator.ts",
    [
      "return this.#answeredAt !== undefined && this.#clock.monotonic() - this.#answeredAt > longWait;",
      "a boundary in milliseconds",
    ],
    ["if (change === undefined) {", compilerOnly],
    ["if (round > 1) {", "the password of the first round is asked for after it"],
  ),
  ...inFile("src/auth/loginMemory.ts", ["if (stored) {", sameResult]),
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
  ...inFile(
    "src/engine/channels/channelTable.ts",
    ["if (sender === undefined || window === undefined || packet === undefined || body.left > 0) {", missing],
    [
      "if (code === undefined || description === undefined || language === undefined || body.left > 0) {",
      missing,
    ],
    ["if (type === undefined || data === undefined || body.left > 0) {", missing],
    ["if (id === undefined || head === undefined) {", missing],
  ),
  ...inFile("src/engine/channels/messages.ts", [
    "return type === undefined || sender === undefined || window === undefined || packet === undefined",
    missing,
  ]),
  ...inFile(
    "src/engine/channels/pieceQueue.ts",
    ["if (run !== undefined && run % 2 === mark) {", compilerOnly],
    ["if (block === undefined || run === undefined) {", compilerOnly],
    ["this.#forgetTaken();", cost],
    ["if (block.used < block.data.length) {", cost],
    ["#forgetTaken(): void {", cost],
    ["if (this.#block >= 64 && this.#block * 2 >= this.#blocks.length) {", cost],
  ),
  ...inFile("src/engine/channels/protocolError.ts", [
    "static is(error: unknown): error is ProtocolError {",
    "test/attack reaches it",
  ]),
  ...inFile(
    "src/engine/channels/receiveWindow.ts",
    ["if (beyond > 0) {", "no byte beyond the window counts as none"],
    [
      "if (this.#paused || this.#flowing || this.#queue.length > 0) {",
      "through the queue it arrives in the same order",
    ],
    ["this.#flow();", "the queue is only filled while nothing may flow"],
    ["this.#flowing = true;", "a channel's data has one listener, which gets the same order"],
    ["} else if (data.length > 0) {", "empty data adds nothing"],
  ),
  ...inFile(
    "src/engine/channels/remoteForwards.ts",
    ["if (bound !== undefined) {", compilerOnly],
    ["if (open === undefined || granted === undefined) {", missing],
    ["if (this.#refusals++ === 0) {", log],
    ['const text = bound.type === "tcp" ? `${bound.host}:${bound.port}` : bound.path;', log],
    ['...(bound.type === "tcp" && { port: bound.port }),', "a socket has no port"],
    ['if (at.type === "unix" || at.port !== 0) {', "a socket has no port"],
    [
      "return host === undefined || port === undefined || from === undefined || fromPort === undefined",
      missing,
    ],
    ["return path === undefined || reserved === undefined", missing],
  ),
  ...inFile(
    "src/engine/channels/relay/relay.ts",
    ["this.#listeners.clear();", "nothing is fired after the end"],
    ["this.#changed.dispose();", "nothing is fired after the end"],
    [
      "if (type < message.channelOpenConfirmation || bytes.length < 5) {",
      "a channel's number is 2^30 at least, so no other message seems to have one",
    ],
  ),
  ...inFile(
    "src/engine/channels/relay/relayClient.ts",
    [
      "if (serverId === undefined || window === undefined || packet === undefined || body.left > 0) {",
      missing,
    ],
    ["if (first === undefined || window === undefined || packet === undefined || body.left > 0) {", missing],
    ["if (serverId === undefined || offer === undefined) {", compilerOnly],
  ),
  ...inFile("src/engine/channels/sessionRequests.ts", [
    'request.type === "exec" ? request.command : request.type === "subsystem" ? request.name : undefined,',
    compilerOnly,
  ]),
];
