import { inFile, type KeptSurvivor, why } from "./keptSurvivor.ts";

export const connectionSurvivors: readonly KeptSurvivor[] = [
  ...inFile("src/master/channelOpener.ts", [
    'signal.addEventListener("abort", onAbort, { once: true });',
    why.once,
  ]),
  ...inFile("src/master/heartbeat.ts", [
    "this.#count = { unanswered: 0, lastProbe: now, excusedUntil: now, due: { wall: 0, monotonic: 0 } };",
    "it is set before it is read",
  ]),
  ...inFile(
    "src/master/master.ts",
    ["if (this.isEnded) {", why.twoGuards],
    ["this.#end(undefined);", "the destroyed connection reports its end, too"],
  ),
  ...inFile("src/master/masterHolders.ts", [
    "if (connection?.noteUse !== undefined && first !== undefined && said !== this.#said) {",
    why.compilerOnly,
  ]),
  ...inFile("src/master/masterRegistry.ts", [
    "this.#changed.dispose();",
    "a disposed master reports no change",
  ]),
  ...inFile("src/master/prober.ts", ["() => {", "it happens only at the end, after which nothing is judged"]),
  ...inFile(
    "src/reconnect/connectionLink.ts",
    ["const isLost = master.endReason !== undefined && isLoss(master.endReason);", why.compilerOnly],
    [
      "if (this.#masterId !== undefined && (this.#ticket !== undefined || registry.get(this.#masterId))) {",
      "without an id nothing waits, and the registry finds nothing",
    ],
    ["this.#lease?.dispose();", why.compilerOnly],
  ),
  ...inFile(
    "src/reconnect/failureClass.ts",
    ['case "protocol":', "its cause is no error of this extension"],
    ['case "refused-before-version":', why.sameResult],
  ),
  ...inFile(
    "src/reconnect/reconnectGroup.ts",
    [
      "if (outage?.master === undefined || members.length === 0 || isConnected) {",
      "an outage ends with its last member",
    ],
    ["if (!CancelledError.is(error) && this.#outage !== undefined) {", why.compilerOnly],
    ["if (this.#attempt !== undefined) {", why.compilerOnly],
    ["} else if (this.#init.clock.monotonic() < this.#requestedUntil) {", "a boundary in milliseconds"],
    ["if (this.#outage !== undefined) {", why.compilerOnly],
    ["member.showWait(member.followsTimer ? this.#next?.until : undefined);", why.compilerOnly],
  ),
  ...inFile("src/reconnect/reconnectMember.ts", [
    'if (this.#shown === undefined || this.#shown === "others" || this.#shown.until !== until) {',
    "the time changes only with an attempt, after which it is shown in any case",
  ]),
  ...inFile("src/reconnect/reconnections.ts", ["this.#groups.clear();", why.cost]),
  ...inFile("src/session/run/execute.ts", [
    "...(options.purpose !== undefined && { purpose: options.purpose }),",
    why.compilerOnly,
  ]),
  ...inFile("src/session/sessionManager.ts", [
    'signal?.addEventListener("abort", onAbort, { once: true });',
    why.once,
  ]),
  ...inFile("src/session/sessionOpener.ts", [
    "mayAsk = false;",
    "a login with prompts does not fail for lack of them",
  ]),
  ...inFile(
    "src/session/sshSession.ts",
    ["if (this.isEnded) {", why.twoGuards],
    ["this.#timers.clear();", why.cost],
    ['this.#state.kind === "ended" &&', "only the history asks, after the end"],
  ),
];
